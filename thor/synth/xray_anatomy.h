// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/random.h"
#include "thor/synth/smooth_noise.h"
#include "thor/synth/xray_bone.h"

namespace thor {

/// A fracture and the long bone it is in.
struct BrokenBone {
  size_t bone = 0;
  Fracture fracture;
};

/// One subject: a wrist seen from the back of the hand, as a function of the place. Forearm below, hand above: radius,
/// ulna, eight carpal bones, metacarpals and the ends of the phalanges in soft tissue. Sizes, pose, side and age
/// (growth plates) are drawn.
class WristAnatomy {
 public:
  explicit WristAnatomy(Random& random);

  /// What the beam loses, 0 in air; `broken` bones are drawn so. `picture` is a place in the radiograph.
  double attenuation(Point picture, const std::vector<BrokenBone>& broken) const;
  /// A place of the picture in the subject's own frame, in which bones are given.
  Point subject_place(Point picture) const;

  static constexpr size_t kRadius = 0, kUlna = 1, kFirstMetacarpal = 2, kMetacarpals = 5;
  const std::vector<LongBone>& long_bones() const { return long_bones_; }

 private:
  double soft_tissue(Point at) const;

  // In the order in which they are drawn from the stream.
  double angle_, scale_, side_;
  Point shift_;
  double girth_, thickness_, age_;
  std::vector<LongBone> long_bones_;
  std::vector<RoundBone> carpals_;
  SmoothNoise trabeculae_, outline_, muscles_;
};

}  // namespace thor
