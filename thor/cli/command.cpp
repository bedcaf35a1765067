// SPDX-License-Identifier: Apache-2.0
#include "thor/cli/command.h"

#include <fmt/format.h>

#include <cctype>

#include "thor/base/error.h"
#include "thor/detect/detector.h"

namespace thor {

std::vector<Command> commands() {
  return {detect_command(),
          calibrate_command(),
          info_command(),
          doctor_command(),
          demo_command(),
          prepare_command(),
          train_command(),
          curves_command(),
          import_command(),
          pack_command(),
          combine_command(),
          evaluate_command(),
          evaluate_boxes_command(),
          evaluate_rates_command(),
          diagnose_command(),
          benchmark_command(),
          ablate_command(),
          synthesize_phantom_command(),
          synthesize_paint_command(),
          synthesize_simulate_command(),
          synthesize_sample_command()};
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
Option precision_option(Precision& precision) {
  return {"--precision", "P", "of the network", choice_of(&precision), false, names_of(precision)};
}
Option json_option(bool& json) { return {"--json", "", "results as JSON, for programs", &json}; }

Option speed_option(std::string& speed) {
  return {"--speed", "SPEED", "settings of the detector by name, full or fast (default: the model's)", &speed};
}
bool is_time(const std::string& speed) {
  return !speed.empty() && !std::isalpha(static_cast<unsigned char>(speed.front()));
}
void add_speed(std::vector<std::string>& sets, const std::string& speed) {
  if (is_time(speed))
    fail_usage("--speed is '{}', expected a name, full or fast: the settings of a time differ between machines", speed);
  if (!speed.empty()) sets.insert(sets.begin(), "detector.speed=" + speed);
}

}  // namespace thor
