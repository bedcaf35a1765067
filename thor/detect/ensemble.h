// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/detect/detector.h"

namespace thor {

struct EnsembleConfig {
  double smooth = 0.7;  ///< Gaussian blur of the sum, pixels
  void describe(Fields& fields);
};

/// An ensemble of detectors, each with its own network. The map is the sum of their evidence against healthy scans
/// (Fisher 1925, combination of independent tests); the pseudo-healthy image is that of the first member.
class Ensemble : public Detector {
 public:
  explicit Ensemble(const EnsembleConfig& config) : config_(config) {}
  void describe(Fields& fields) override { config_.describe(fields); }
  std::optional<Process> undoes() const override { return std::nullopt; }
  /// Counts the calls of the ensemble itself, without those of its members.
  int64_t network_calls(int64_t) const override { return 0; }
  void check(const Diffusion&) const override {}
  Detection detect(const Context& context, const Images& images) const override;

 private:
  EnsembleConfig config_;
};

/// Constructs an ensemble with its default settings.
std::unique_ptr<Detector> make_ensemble();

}  // namespace thor
