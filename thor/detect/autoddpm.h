// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/detect/detector.h"
#include "thor/diffusion/sampler.h"

namespace thor {

/// Parameters of `autoddpm`.
struct AutoDdpmConfig {
  int64_t start_step = 200;      ///< t0 of the first reconstruction
  int64_t resample_step = 50;    ///< t at which re-sampling of the masked part begins
  int64_t resample_every = 1;    ///< distance of the timesteps of re-sampling
  int64_t resample_repeats = 5;  ///< repetitions at each of them
  double threshold = 0.13;       ///< suspicion above which a pixel is masked
  int64_t dilation = 3;          ///< dilation of the mask, pixels
  double percentile = 95;        ///< percentile of the residual of an image that is scaled to 1
  PerceptualKind perceptual = PerceptualKind::Lpips;
  double sigma = 2;       ///< Gaussian blur of the perceptual distance, pixels
  SamplerConfig sampler;  ///< sampler of the first reconstruction
  void describe(Fields& fields);
};

/// Mask, stitch, re-sample (Bercea et al., 2023, arXiv 2305.19643; METHODS 8). A first reconstruction yields a mask of
/// suspicious pixels, only these are sampled anew, and a reverse chain harmonizes them with the surrounding image.
class AutoDdpm : public Detector {
 public:
  explicit AutoDdpm(const AutoDdpmConfig& config) : config_(config) {}
  void describe(Fields& fields) override { config_.describe(fields); }
  PerceptualKind perceptual() const override { return config_.perceptual; }
  /// Counts the calls of the first chain, and resample_repeats calls at each timestep of re-sampling.
  int64_t network_calls(int64_t size) const override;
  void check(const Diffusion& diffusion) const override;
  Detection detect(const Context& context, const Images& images) const override;

 private:
  std::vector<int64_t> resample_grid() const;
  Tensor suspicion(const Context& context, const Tensor& pixels, const Tensor& xrec) const;
  Tensor stitch(const Context& context, const Images& images, const Tensor& xrec, const Tensor& masked) const;

  AutoDdpmConfig config_;
};

}  // namespace thor
