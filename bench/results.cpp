// SPDX-License-Identifier: Apache-2.0
#include "bench/results.h"

#include <cmath>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/nn/weights/weights.h"

namespace thor::bench {
namespace {

double number(const nlohmann::json& object, const char* key) {
  return object.contains(key) && object.at(key).is_number() ? object.at(key).get<double>() : NAN;
}

}  // namespace

Results::Results(const std::string& path) {
  try {
    const auto file = nlohmann::json::parse(read_text_file(path, 16 << 20));
    environment_ = file.at("environment");
    program_ = file.at("program");
    for (const auto& one : file.at("cases"))
      (one.at("side") == "ours" ? ours_ : peer_)[one.at("name")] = {number(one, "seconds"), number(one, "operations"),
                                                                    number(one, "error")};
  } catch (const nlohmann::json::exception& error) {
    fail_input("'{}' is not what bench/run.py writes: {}", path, error.what());
  }
}

Timing Results::find(const std::map<std::string, Timing>& in, const std::string& name) {
  const auto found = in.find(name);
  return found == in.end() ? Timing{} : found->second;
}

double Results::peak(const std::string& begin, const std::string& precision) const {
  double best = NAN;
  for (const auto& [name, timing] : ours_)
    if (starts_with(name, begin) && name.substr(name.rfind('/') + 1) == precision)
      best = std::fmax(best, timing.operations / timing.seconds);
  return best;
}

double Results::program(const std::string& precision, const std::string& what) const {
  return program_.contains(precision) ? number(program_.at(precision), what.c_str()) : NAN;
}

}  // namespace thor::bench
