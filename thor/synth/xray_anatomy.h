// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/random.h"
#include "thor/synth/smooth_noise.h"
#include "thor/synth/xray_bone.h"

namespace thor {

/// A fracture, and the index of the broken bone.
struct BrokenBone {
  size_t bone = 0;
  Fracture fracture;
};

/// One subject: a wrist seen from the back of the hand, as a function of position. The forearm is below, the hand
/// above: radius, ulna, eight carpal bones, metacarpals and the ends of the phalanges in soft tissue. Sizes, pose, side
/// and age (growth plates) are random.
class WristAnatomy {
 public:
  explicit WristAnatomy(Random& random);

  /// Returns the attenuation of the beam, 0 in air, with the fractures `broken`. `picture` is a position in the
  /// radiograph.
  double attenuation(Point picture, const std::vector<BrokenBone>& broken) const;
  /// Transforms a position of the picture to the frame of the subject, in which bones are defined.
  Point subject_place(Point picture) const;

  static constexpr size_t kRadius = 0, kUlna = 1, kFirstMetacarpal = 2, kMetacarpals = 5;
  const std::vector<LongBone>& long_bones() const { return long_bones_; }

 private:
  double soft_tissue(Point at) const;

  // The members are in the order in which they are drawn from the stream.
  double angle_, scale_, side_;
  Point shift_;
  double girth_, thickness_, age_;
  std::vector<LongBone> long_bones_;
  std::vector<RoundBone> carpals_;
  SmoothNoise trabeculae_, outline_, muscles_;
};

}  // namespace thor
