// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/base/utf8.h"
#include "thor/cli/command.h"
#include "thor/eval/diagnose.h"

namespace thor {
namespace {

struct DiagnoseOptions {
  std::string model, data, speed;
  DiagnoseRequest request;
  RunConfig run;
  bool json = false;
};

int run(DiagnoseOptions options) {
  add_speed(options.request.sets, options.speed);
  options.request.rows = read_split(options.data);
  const Diagnosis diagnosis = diagnose(load_model(options.model), options.request, options.run);
  if (options.json)
    fmt::print("{}\n", dump_json(parse(diagnosis.to_json()), 2));
  else
    fmt::print("{}", diagnosis.table());
  for (const CaseFailure& failure : diagnosis.failed) warn("{}", failure.message);
  return diagnosis.failed.empty() ? 0 : kExitSomeFailed;
}

}  // namespace

Command diagnose_command() {
  const auto o = std::make_shared<DiagnoseOptions>();
  return {
      "diagnose",
      CommandGroup::Study,
      "how much of a result is chance or choice",
      "Detects the images of a CSV with several seeds and with the start step 10 % lower and higher, and prints how\n"
      "much healthy tissue the chain changed (by more than 0.1; pixels of masks do not count), how alike the maps\n"
      "are, and how far the image scores of one image lie apart. A map that another seed does not confirm shows no\n"
      "anomaly.",
      {{"diagnose run/model.safetensors --data val.csv", "the recommended detector, 4 seeds"},
       {"diagnose run/model.safetensors --data val.csv --seeds 2 --detector ddpm --set detector.start_step=250 --json",
        "another one, for programs"}},
      {{"MODEL", "", "model.safetensors of a run, or an imported one", &o->model, true},
       {"--data", "CSV", "images to look at, best some twenty", &o->data, true},
       {"--seeds", "N", "runs with seed, seed + 1, ... (default: 4)", &o->request.seeds},
       detector_option(o->request.detector),
       set_option(o->request.sets, "detector.*"),
       speed_option(o->speed),
       seed_option(o->run.seed),
       batch_option(o->run.batch),
       device_option(o->run.device),
       precision_option(o->run.precision),
       lpips_option(o->run.lpips),
       json_option(o->json)},
      [o] { return run(*o); }};
}

}  // namespace thor
