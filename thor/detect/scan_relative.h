// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/detect/detector.h"

namespace thor {

/// Pixels that a map is about.
enum class MapRegion {
  All,
  Head,  ///< found in the image (head_mask.h)
  Brain  ///< where the training slices at its height have it (Context::usual)
};
Names names_of(MapRegion);

/// How an image score is computed from a map.
enum class ImageScore {
  Mean,  ///< mean over the region
  Top    ///< mean over the highest 1 % of the region
};
Names names_of(ImageScore);

/// A detector with maps that are relative to the scan itself (METHODS 13). A change of scanner, a bias field or a large
/// lesion multiplies the map of a whole scan by one unknown number; a quantile of the map over the head estimates it.
class ScanRelative : public Detector {
 public:
  explicit ScanRelative(std::unique_ptr<Detector> of) : of_(std::move(of)) {}
  /// Declares the keys of the detector, and `region`, `relative_to` and `score`. The defaults change
  /// nothing.
  void describe(Fields& fields) override;
  std::optional<Process> undoes() const override { return of_->undoes(); }
  PerceptualKind perceptual() const override { return of_->perceptual(); }
  bool perceptual_scaled_twice() const override { return of_->perceptual_scaled_twice(); }
  int64_t network_calls(int64_t size) const override { return of_->network_calls(size); }
  void check(const Diffusion& diffusion) const override { of_->check(diffusion); }
  /// Outside the region the map is 0. With `relative_to` = q > 0 it is divided by its own q-quantile over the region; a
  /// map with the quantile 0 stays as it is.
  Detection detect(const Context& context, const Images& images) const override;

 private:
  Tensor region_of(const Context& context, const Images& images) const;

  std::unique_ptr<Detector> of_;
  MapRegion region_ = MapRegion::All;
  double relative_to_ = 0;
  ImageScore score_ = ImageScore::Mean;
};

}  // namespace thor
