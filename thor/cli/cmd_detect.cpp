// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/cli/command.h"
#include "thor/pipeline/detect_files.h"
#include "thor/pipeline/detector_choice.h"

namespace thor {
namespace {

struct DetectCommandOptions {
  std::string model, detector;
  DetectOptions detect;
  RunConfig run;
  std::vector<std::string> sets;
  bool json = false;
};

void print_results(const FolderResult& result, bool json) {
  if (!json) {
    for (const auto& c : result.done)
      fmt::print("{}\t{:.6g}{}\n", c.map_path, c.score, c.p_value ? fmt::format("\tp={:.3g}", *c.p_value) : "");
    return;
  }
  nlohmann::json out{{"cases", nlohmann::json::array()}, {"failed", nlohmann::json::array()}};
  for (const auto& c : result.done) {
    out["cases"].push_back({{"input", c.input}, {"name", c.name}, {"map", c.map_path}, {"score", c.score}});
    if (c.p_value) out["cases"].back()["p_value"] = *c.p_value;
  }
  for (const auto& f : result.failed) out["failed"].push_back({{"input", f.input}, {"error", f.message}});
  fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

int run(DetectCommandOptions options) {
  Model model = load_model(options.model);
  DetectorChoice choice = choose_detector(model, options.detector, options.sets);
  options.detect.detector_name = choice.name;
  options.detect.detector_config = choice.config;
  const Pipeline pipeline(std::move(model), std::move(choice.detector), options.run);
  const FolderResult result = detect_files(pipeline, options.detect, options.run);
  print_results(result, options.json);
  for (const auto& failure : result.failed) warn("{}", failure.message);
  if (result.failed.empty()) return 0;
  if (result.done.empty() && !interrupted())
    fail_input("none of the {} inputs could be used, see above", result.failed.size());
  warn("{} of {} inputs failed, see above", result.failed.size(), result.failed.size() + result.done.size());
  return kExitSomeFailed;
}

}  // namespace

Command detect_command() {
  const auto o = std::make_shared<DetectCommandOptions>();
  return {
      "detect",
      "anomaly maps of images, with a trained model",
      "For every INPUT (image, folder of images, or CSV list) writes into OUT, on the image's own grid: the anomaly\n"
      "map (float NIfTI for NIfTI, else 16-bit PNG), the pseudo-healthy image, an overlay, and a JSON file with\n"
      "score, settings and versions. A bad image does not stop the others: it is listed, and the exit code is 3.\n"
      "The detector is the one the model recommends unless --detector names another. Prints map and score. Where\n"
      "`thor calibrate` has calibrated the model for this detector and setting, also a mask and a p-value.",
      {{"detect run/model.safetensors scans -o maps", "a folder"},
       {"detect run/model.safetensors a.png b.nii.gz -o maps --detector ddpm --seed 3 --json",
        "two files with plain DDPM"},
       {"detect run/model.safetensors test.csv -o maps --set detector.start_step=250 --set detector.perceptual=ssim",
        "other parameters"}},
      {{"MODEL", "", "model.safetensors of a run, or an imported one", &o->model, true},
       {"INPUT", "", "images, folders or a CSV", &o->detect.inputs, true},
       {"-o,--out", "OUT", "folder to write to", &o->detect.output, true},
       detector_option(o->detector),
       set_option(o->sets, "detector.*"),
       {"--fpr", "RATE", "share of healthy pixels that the mask may mark (default: 0.05)", &o->detect.fpr},
       seed_option(o->run.seed),
       batch_option(o->run.batch),
       device_option(o->run.device),
       precision_option(o->run.precision),
       lpips_option(o->run.lpips),
       json_option(o->json)},
      [o] { return run(*o); }};
}

}  // namespace thor
