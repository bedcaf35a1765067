// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/detect/detector.h"

namespace thor {

/// Parameters of `normative`.
struct NormativeConfig {
  double sigma = 3;     ///< Gaussian blur of the map, pixels
  double floor = 0.05;  ///< added to the deviation, white = 1
  void describe(Fields& fields);
};

/// The baseline that knows where in the head it is, but has no network: the map is |x - median| / (deviation + floor)
/// with the median and the deviation of the training slices at every place, blurred (METHODS 14). The pseudo-healthy
/// image is the median. It needs `Context::usual`.
class Normative : public Detector {
 public:
  explicit Normative(const NormativeConfig& config) : config_(config) {}
  void describe(Fields& fields) override { config_.describe(fields); }
  int64_t network_calls(int64_t) const override { return 0; }
  std::optional<Process> undoes() const override { return std::nullopt; }
  void check(const Diffusion&) const override {}
  Detection detect(const Context& context, const Images& images) const override;

 private:
  NormativeConfig config_;
};

}  // namespace thor
