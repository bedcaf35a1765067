// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/random.h"
#include "thor/synth/smooth_noise.h"

namespace thor {

/// The tissue at one position of a synthetic head.
struct HeadSample {
  double intensity = 0;  ///< T1-like intensity, 0 = air, before bias field and noise
  double depth = 0;      ///< depth below the brain surface, in half sides of the picture; negative outside
  double ventricle = 0;  ///< distance to the ventricles, negative inside
};

/// One subject: an axial T1-weighted slice at the height of the lateral ventricles, as a function of position. It has
/// scalp, skull, CSF, folded cortex, white matter, ventricles and deep nuclei; sizes, pose and folds are random.
class HeadAnatomy {
 public:
  explicit HeadAnatomy(Random& random);
  /// Returns the tissue at x (to the right) and y (down), both in [-1,1] over the picture; edges are blurred over
  /// `pixel`.
  HeadSample at(double x, double y, double pixel) const;

 private:
  /// Returns the distance to the nearest surface of the cortex, including sulci and midline.
  double pial_distance(double x, double y, double depth) const;
  double ventricle_distance(double x, double y) const;
  /// Returns the fraction of deep gray matter at a position.
  double nuclei(double x, double y, double pixel) const;

  // The members are in the order in which they are drawn from the stream.
  double angle_, shift_x_, shift_y_, half_width_, half_height_;
  double scalp_, skull_, gap_, ventricle_size_, asymmetry_, sulcus_width_;
  double white_, gray_, csf_, fat_;
  SmoothNoise outline_, folds_, fine_folds_, warp_x_, warp_y_, texture_;
};

}  // namespace thor
