// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/detect/detector.h"
#include "thor/diffusion/sampler.h"

namespace thor {

/// Parameters of `ddpm` and `anoddpm`.
struct DdpmConfig {
  int64_t start_step = 350;  ///< t0, timestep to which the image is noised
  double power = 1;          ///< exponent of the residual; 2 = squared error, as in the original AnoDDPM
  SamplerConfig sampler;
  void describe(Fields& fields);
};

/// Partial diffusion (METHODS 8): the image is noised to t0 and denoised to 0, and the map is |x - xrec|^power. AnoDDPM
/// (Wyatt et al., CVPRW 2022) is the same with a model of simplex noise and t0 = 250.
class Ddpm : public Detector {
 public:
  explicit Ddpm(const DdpmConfig& config) : config_(config) {}
  void describe(Fields& fields) override { config_.describe(fields); }
  int64_t network_calls(int64_t size) const override;
  void check(const Diffusion& diffusion) const override;
  Detection detect(const Context& context, const Images& images) const override;

 private:
  DdpmConfig config_;
};

}  // namespace thor
