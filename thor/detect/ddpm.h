// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/detect/detector.h"
#include "thor/diffusion/sampler.h"

namespace thor {

/// Knobs of `ddpm` and `anoddpm`.
struct DdpmConfig {
  int64_t start_step = 350;  ///< t0: how much noise the image gets
  double power = 1;          ///< of the residual; 2 = the squared error of the original AnoDDPM
  SamplerConfig sampler;
  void describe(Fields& fields);
};

/// Noise the image to t0, denoise it to 0, map = |x - xrec|^power (METHODS 8). AnoDDPM (Wyatt et al., CVPRW 2022) is
/// the same with a model of simplex noise and t0 = 250.
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
