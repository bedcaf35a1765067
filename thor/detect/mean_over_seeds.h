// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/detect/detector.h"

namespace thor {

/// The mean of `seeds` runs of a stochastic detector with independent noise: maps, pseudo-healthy images and scores are
/// averaged. Chain 0 equals the detector alone, bit for bit. Chains are rows of the batch like images, at most
/// `Context::batch` at once; a trace receives these batches one after another, with the chains of an image in
/// neighbouring rows. The results depend neither on the batch nor on this order.
class MeanOverSeeds : public Detector {
 public:
  explicit MeanOverSeeds(std::unique_ptr<Detector> of) : of_(std::move(of)) {}
  /// Declares the keys of the detector and `seeds`.
  void describe(Fields& fields) override;
  std::optional<Process> undoes() const override { return of_->undoes(); }
  PerceptualKind perceptual() const override { return of_->perceptual(); }
  bool perceptual_scaled_twice() const override { return of_->perceptual_scaled_twice(); }
  int64_t network_calls(int64_t size) const override { return seeds_ * of_->network_calls(size); }
  void check(const Diffusion& diffusion) const override { of_->check(diffusion); }
  Detection detect(const Context& context, const Images& images) const override;

 private:
  std::unique_ptr<Detector> of_;
  int64_t seeds_ = 1;
};

}  // namespace thor
