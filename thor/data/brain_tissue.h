// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/tensor.h"
#include "thor/data/archive.h"

namespace thor {

/// The brain in a model's training slices, by height: where it lies and how bright it is. Scans are matched to it
/// before detection (METHODS 14), because brightness and contrast differ between scanners more than between people.
struct BrainTissue {
  Tensor z_mm;       ///< heights, float32 [L], ascending
  Tensor brain;      ///< uint8 [L,S,S], 0 or 1, on the network's grid
  Tensor quantiles;  ///< float32 [L,101] in [0,1], ascending: percentiles 0 to 100 of the brain without its rim
  Tensor spread;     ///< standard deviation of single slices' percentiles, float32 [L,101]
  Tensor median;     ///< of the slices at every pixel, the skull's too, uint8 [L,S,S], 255 = white
  Tensor deviation;  ///< standard deviation of the slices there, uint8 [L,S,S], 255 = white
  bool known() const { return z_mm.defined(); }
  /// Index of the nearest height.
  int64_t level_at(double z) const;
  /// A list of all its parts with their names, for files and comparisons.
  std::vector<std::pair<const char*, Tensor*>> parts();
};

/// Measures the brain in the slices of an archive: where its slices have masks (volumes) in these, else (pictures) in
/// the mask template of the preprocessing steps at the height of pictures. Throws Input where neither is known.
BrainTissue measure_tissue(const Archive& archive);

/// A brain mask without its rim of two pixels, which is skull in scans that are a little out of place. uint8 [S,S] ->
/// bool [S,S]
Tensor brain_core(const Tensor& brain);

/// Throws Input unless the tissue fits a network of size x size pixels.
void check_tissue(const BrainTissue& tissue, int64_t size);

/// A monotone change of intensities in [0,1] and its way back. The default changes nothing.
class ToneCurve {
 public:
  ToneCurve() = default;
  /// Linear between the knots from[i] -> to[i], both ascending and beginning with 0.
  ToneCurve(std::vector<float> from, std::vector<float> to);
  bool changes() const { return !from_.empty(); }
  /// float32 of any shape -> the same, clipped to [0,1]
  Tensor apply(const Tensor& unit) const;
  Tensor undo(const Tensor& unit) const;

 private:
  std::vector<float> from_, to_;
};

/// The curve that takes these quantiles (`landmarks`, shares in ascending order) of the brain in one scan towards those
/// of the training slices at the same heights, until they are one standard deviation of single slices away: a scan of
/// the training's kind stays as it is. `slices` are all slices of the scan as the network sees them, float32 [S,S]
/// in [0,1]; `z_mm` their heights. A scan with nearly nothing in the brain's place is not changed.
ToneCurve match_tissue(const BrainTissue& tissue, const std::vector<double>& landmarks,
                       const std::vector<Tensor>& slices, const std::vector<double>& z_mm);

}  // namespace thor
