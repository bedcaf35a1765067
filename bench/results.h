// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace thor::bench {

/// What one side took for one case.
struct Timing {
  double seconds = NAN, operations = NAN, error = NAN;
};

/// What run.py measured.
class Results {
 public:
  /// Reads bench.json. Throws Input where it is not one.
  explicit Results(const std::string& path);
  /// NaN everywhere where the case was not timed.
  Timing ours(const std::string& name) const { return find(ours_, name); }
  Timing peer(const std::string& name) const { return find(peer_, name); }
  const std::map<std::string, Timing>& all_of_ours() const { return ours_; }
  const std::map<std::string, Timing>& all_of_the_peer() const { return peer_; }
  /// Operations a second of the fastest of our cases whose names begin and end so; NaN where there is none.
  double peak(const std::string& begin, const std::string& precision) const;
  const nlohmann::json& environment() const { return environment_; }
  /// Of `thor detect` with fp32 or bf16: "memory" in bytes, "first_bar", "first_call" in seconds; NaN if absent.
  double program(const std::string& precision, const std::string& what) const;

 private:
  static Timing find(const std::map<std::string, Timing>& in, const std::string& name);
  std::map<std::string, Timing> ours_, peer_;
  nlohmann::json environment_, program_;
};

}  // namespace thor::bench
