// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/detect/detector.h"

namespace thor {

/// Parameters of `restorer`.
struct RestorerConfig {
  int64_t passes = 1;                                ///< number of successive restorations
  bool mirror = false;                               ///< average with the restoration of the mirrored image
  PerceptualKind perceptual = PerceptualKind::None;  ///< weight of the residual
  double sigma = 2;                                  ///< Gaussian blur of the perceptual distance, pixels
  int64_t median = 5;                                ///< side of the median filter of the map, pixels, odd; 1 = off
  void describe(Fields& fields);
};

/// Restores the image in one call of a network that was trained to undo synthetic corruption of healthy images
/// (Kascenas et al., MIDL 2022; DISYRE, Naval Marimont et al., ISBI 2024, arXiv 2311.15453). The map is median(|x -
/// xrec| s) with the blurred perceptual distance s, or s = 1. It uses no random numbers.
class Restorer : public Detector {
 public:
  explicit Restorer(const RestorerConfig& config) : config_(config) {}
  void describe(Fields& fields) override { config_.describe(fields); }
  PerceptualKind perceptual() const override { return config_.perceptual; }
  std::optional<Process> undoes() const override { return Process::Corruption; }
  int64_t network_calls(int64_t size) const override;
  void check(const Diffusion& diffusion) const override;
  Detection detect(const Context& context, const Images& images) const override;

 private:
  Tensor restore(const Context& context, const Images& images, const Tensor& x) const;

  RestorerConfig config_;
};

}  // namespace thor
