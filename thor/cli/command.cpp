// SPDX-License-Identifier: Apache-2.0
#include "thor/cli/command.h"

namespace thor {

std::vector<Command> commands() {
  return {phantom_command(),  prepare_command(), train_command(), detect_command(), evaluate_command(),
          localize_command(), import_command(),  info_command(),  doctor_command(), demo_command()};
}

Option set_option(std::vector<std::string>& sets, const std::string& keys) {
  return {"--set", "KEY=VALUE", "one parameter, again for each: " + keys, &sets};
}
Option seed_option(uint64_t& seed) {
  return {"--seed", "N", "names the random numbers; same seed, same result", &seed};
}
Option device_option(std::string& device) {
  return {"--device", "DEVICE", "auto, cpu or cuda:N (default: auto)", &device};
}
Option json_option(bool& json) { return {"--json", "", "results as JSON, for programs", &json}; }

}  // namespace thor
