// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/detect/detector.h"

namespace thor {

/// A detector that draws noise, run through every image `seeds` times with noise of its own each time: the means of the
/// maps, of the pseudo-healthy images and of the scores. Chain 0 is the detector alone, bit for bit. Chains are rows of
/// the batch like images are, at most `Context::batch` at once; a trace sees the rows of one such batch after another,
/// an image's chains side by side. Results depend on neither.
class MeanOverSeeds : public Detector {
 public:
  explicit MeanOverSeeds(std::unique_ptr<Detector> of) : of_(std::move(of)) {}
  /// The detector's own keys, and `seeds`.
  void describe(Fields& fields) override;
  std::string undoes() const override { return of_->undoes(); }
  std::string perceptual() const override { return of_->perceptual(); }
  bool perceptual_scaled_twice() const override { return of_->perceptual_scaled_twice(); }
  int64_t network_calls(int64_t size) const override { return seeds_ * of_->network_calls(size); }
  void check(const Diffusion& diffusion) const override { of_->check(diffusion); }
  Detection detect(const Context& context, const Images& images) const override;

 private:
  std::unique_ptr<Detector> of_;
  int64_t seeds_ = 1;
};

}  // namespace thor
