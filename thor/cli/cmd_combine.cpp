// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "thor/base/error.h"
#include "thor/cli/command.h"
#include "thor/eval/calibrate.h"
#include "thor/eval/combine.h"
#include "thor/pipeline/model_parts.h"

namespace thor {
namespace {

struct CombineOptions {
  std::vector<std::string> models, sets;
  std::string data, output;
  Precision store = Precision::Bf16;
  RunConfig run;
};

/// "NAME=MODEL", or "MODEL", which is called after its file.
NamedModel named_model(const std::string& text, Precision store) {
  const auto equals = text.find('=');
  const std::string path = equals == std::string::npos ? text : text.substr(equals + 1);
  const std::string name =
      equals == std::string::npos ? std::filesystem::path(path).stem().string() : text.substr(0, equals);
  Model model = load_model(path);
  // Weights as they are stored, so that the healthy reference belongs to the file.
  for (auto& [key, tensor] : stored_weights(model.weights(), store)) model.weights()[key] = tensor.to(at::kFloat);
  return {name, std::move(model)};
}

int run(const CombineOptions& options) {
  ReferenceConfig reference;
  Fields fields;
  fields.group("reference", reference);
  for (const auto& set : options.sets) fields.assign(set);
  std::vector<NamedModel> models;
  for (const auto& text : options.models) models.push_back(named_model(text, options.store));
  const Model ensemble = combine(std::move(models), read_healthy(options.data), reference, options.run);
  save_model(options.output, ensemble, options.store);
  fmt::print("{}\n", options.output);
  return 0;
}

}  // namespace

Command combine_command() {
  const auto o = std::make_shared<CombineOptions>();
  return {
      "combine",
      CommandGroup::Build,
      "several models as one: their maps become evidence against healthy scans",
      "Every model detects, with the detector it recommends, in healthy scans that it has not seen. How rare a value\n"
      "is there says what it means, so that maps of different methods can be added up. The result is one model file,\n"
      "used like any other; calibrate it afterwards.",
      {{"combine thor=run/model.safetensors patches=run2/model.safetensors --data healthy.csv -o both.safetensors",
        "two networks, two methods, one model"},
       {"combine a.safetensors b.safetensors --data healthy.csv -o ab.safetensors --set reference.blur=2",
        "called after their files; a sharper picture of what is usual where"}},
      {{"MODEL", "", "model file, or NAME=MODEL", &o->models, true},
       {"--data", "CSV", "healthy scans that no model was trained on", &o->data, true},
       {"-o,--out", "OUT", "model file to write", &o->output, true},
       {"--store",
        "PRECISION",
        "of the weights in the file (default: bf16)",
        choice_of(&o->store),
        false,
        {"bf16", "fp32"}},
       set_option(o->sets, "reference.*"),
       seed_option(o->run.seed),
       batch_option(o->run.batch),
       device_option(o->run.device),
       precision_option(o->run.precision),
       lpips_option(o->run.lpips)},
      [o] { return run(*o); }};
}

}  // namespace thor
