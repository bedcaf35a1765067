// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/detect/detector.h"
#include "thor/diffusion/sampler.h"

namespace thor {

/// Knobs of `autoddpm`.
struct AutoDdpmConfig {
  int64_t start_step = 200;          ///< t0 of the first reconstruction
  int64_t resample_step = 50;        ///< t from which the masked part is drawn anew
  int64_t resample_every = 1;        ///< from one of these timesteps to the next
  int64_t resample_repeats = 5;      ///< times every one of them is walked
  double threshold = 0.13;           ///< of the suspicion: what is above it is masked
  int64_t dilation = 3;              ///< of the mask, pixels
  double percentile = 95;            ///< of an image's residual: what counts as 1
  std::string perceptual = "lpips";  ///< lpips | ssim | unet | none
  double sigma = 2;                  ///< blur of the perceptual distance, pixels
  SamplerConfig sampler;             ///< of the first reconstruction
  void describe(Fields& fields);
};

/// Mask, stitch, re-sample (Bercea et al., 2023, arXiv 2305.19643; METHODS 8): a first reconstruction says what is
/// suspicious, only that is drawn anew, and a reverse chain heals the seam to the image around it.
class AutoDdpm : public Detector {
 public:
  explicit AutoDdpm(const AutoDdpmConfig& config) : config_(config) {}
  void describe(Fields& fields) override { config_.describe(fields); }
  std::string perceptual() const override { return config_.perceptual; }
  /// The first chain, and resample_repeats calls at each timestep of the re-sampling.
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
