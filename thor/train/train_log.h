// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace thor {

/// The metrics of a run: one JSON object a line in log.jsonl, and the same numbers as TensorBoard scalars.
/// One object serves one thread at a time.
class TrainLog {
 public:
  /// Opens `folder`; lines of steps after `last_step` (written before a kill, after the checkpoint) are dropped.
  TrainLog(const std::string& folder, int64_t last_step);
  /// `metrics` must hold "step"; its other numbers become scalars.
  void write(const nlohmann::json& metrics);

 private:
  std::ofstream lines_, events_;
};

/// Bytes of one TensorBoard record (TFRecord framing around an Event protobuf) for one scalar.
std::string scalar_event(double wall_time, int64_t step, const std::string& tag, float value);

}  // namespace thor
