// SPDX-License-Identifier: Apache-2.0
#include "thor/cli/command.h"

#include <fmt/format.h>

#include "thor/detect/detector.h"

namespace thor {

std::vector<Command> commands() {
  return {phantom_command(),   prepare_command(),   train_command(),    curves_command(),   pack_command(),
          combine_command(),   calibrate_command(), detect_command(),   evaluate_command(), localize_command(),
          benchmark_command(), ablate_command(),    diagnose_command(), sample_command(),   paint_command(),
          simulate_command(),  import_command(),    info_command(),     doctor_command(),   demo_command()};
}

Option set_option(std::vector<std::string>& sets, const std::string& keys) {
  return {"--set", "KEY=VALUE", "one parameter, again for each: " + keys, &sets};
}
Option detector_option(std::string& name) {
  std::vector<std::string> names;
  for (const auto& row : detectors()) names.push_back(row.name);
  return {"--detector", "NAME", "which method (default: the one the model recommends)", &name, false, names};
}
Option member_option(std::string& name) {
  return {"--member", "NAME", "of an ensemble only this network, with its own detector", &name};
}
Option seed_option(uint64_t& seed) {
  return {"--seed", "N", "names the random numbers; same seed, same result", &seed};
}
Option device_option(std::string& device) {
  return {"--device", "DEVICE", "auto, cpu or cuda:N (default: auto)", &device};
}
Option lpips_option(std::string& file) {
  return {"--lpips", "FILE", "LPIPS weights (default: those imported into THOR_HOME)", &file};
}
Option batch_option(int64_t& images) {
  return {"--batch", "N", "images at once; changes speed and memory, not results (default: 8)", &images};
}
Option precision_option(std::string& precision) {
  return {"--precision", "P", "of the network", &precision, false, {"fp32", "bf16"}};
}
Option json_option(bool& json) { return {"--json", "", "results as JSON, for programs", &json}; }

void SpeedOptions::add_to(std::vector<std::string>& sets) const {
  if (seeds != 0) sets.insert(sets.begin(), fmt::format("detector.seeds={}", seeds));
  if (fast) sets.insert(sets.begin(), "detector.speed=fast");
}
Option fast_option(SpeedOptions& speed) {
  return {"--fast", "", "a tenth of the network calls: --set detector.speed=fast", &speed.fast};
}
Option seeds_option(SpeedOptions& speed) {
  return {"--seeds", "N", "mean over so many independent chains: --set detector.seeds=N", &speed.seeds};
}

}  // namespace thor
