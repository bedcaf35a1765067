// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/detect/detector.h"

namespace thor {

/// Knobs of `restorer`.
struct RestorerConfig {
  int64_t passes = 1;               ///< how often the restored image is restored again
  bool mirror = false;              ///< average with the restoration of the mirrored image
  std::string perceptual = "none";  ///< lpips | ssim | unet | none: weighs the residual
  double sigma = 2;                 ///< blur of the perceptual distance, pixels
  int64_t median = 5;               ///< side of the median filter of the map, pixels, odd; 1 = off
  void describe(Fields& fields);
};

/// Restores the image in one call of a network that was trained to undo synthetic corruption of healthy images
/// (Kascenas et al., MIDL 2022; DISYRE, Naval Marimont et al., ISBI 2024, arXiv 2311.15453): map = median(|x - xrec|
/// s), s the blurred perceptual distance or 1. Nothing is drawn: the result does not depend on the seed.
class Restorer : public Detector {
 public:
  explicit Restorer(const RestorerConfig& config) : config_(config) {}
  void describe(Fields& fields) override { config_.describe(fields); }
  std::string perceptual() const override { return config_.perceptual; }
  std::string undoes() const override { return "corruption"; }
  int64_t network_calls(int64_t size) const override;
  void check(const Diffusion& diffusion) const override;
  Detection detect(const Context& context, const Images& images) const override;

 private:
  Tensor restore(const Context& context, const Tensor& x) const;

  RestorerConfig config_;
};

}  // namespace thor
