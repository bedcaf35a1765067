// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/detect/detector.h"

namespace thor {

/// Parameters of `pddpm`.
struct PddpmConfig {
  int64_t patch = 48;       ///< side of a patch, pixels
  int64_t test_step = 499;  ///< t to which a patch is noised
  int64_t median = 5;       ///< side of the median filter of the map, pixels, odd; 1 = off
  void describe(Fields& fields);
};

/// Patched diffusion (Behrendt et al., MIDL 2023, arXiv 2303.03758; METHODS 8). Every patch is noised alone and
/// estimated in one step, while the rest of the slice stays clean and provides anatomical context. It requires a model
/// that was trained with `train.patch`.
class Pddpm : public Detector {
 public:
  explicit Pddpm(const PddpmConfig& config) : config_(config) {}
  void describe(Fields& fields) override { config_.describe(fields); }
  int64_t network_calls(int64_t size) const override;
  void check(const Diffusion& diffusion) const override;
  Detection detect(const Context& context, const Images& images) const override;

 private:
  PddpmConfig config_;
};

}  // namespace thor
