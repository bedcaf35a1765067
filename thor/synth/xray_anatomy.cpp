// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/xray_anatomy.h"

#include <algorithm>
#include <array>

#include "thor/synth/shading.h"

namespace thor {
namespace {

/// A number that differs a little from subject to subject.
double varied(Random& random, double value, double share = 0.06) { return value * (1 + share * random.uniform(-1, 1)); }

Point varied(Random& random, Point place) {
  constexpr double kSpread = 0.012;
  return {place.x + kSpread * random.uniform(-1, 1), place.y + kSpread * random.uniform(-1, 1)};
}

struct Finger {
  Point base, head;
  double shaft, base_end, head_end;
};
// Thumb first.
constexpr std::array<Finger, WristAnatomy::kMetacarpals> kFingers{{
    {{-0.29, -0.37}, {-0.45, -0.66}, 0.046, 0.070, 0.068},
    {{-0.14, -0.44}, {-0.20, -0.90}, 0.042, 0.072, 0.066},
    {{0.00, -0.46}, {0.01, -0.94}, 0.042, 0.068, 0.066},
    {{0.12, -0.44}, {0.19, -0.89}, 0.036, 0.058, 0.060},
    {{0.22, -0.41}, {0.35, -0.82}, 0.036, 0.058, 0.058},
}};

constexpr std::array<RoundBone, 8> kCarpals{{
    {{-0.14, -0.13}, 0.060, 0.095, 0.55},  // scaphoid
    {{0.02, -0.09}, 0.075, 0.060, 0.2},    // lunate
    {{0.16, -0.14}, 0.060, 0.080, -0.5},   // triquetrum
    {{0.19, -0.17}, 0.036, 0.042, 0.0},    // pisiform
    {{-0.24, -0.27}, 0.065, 0.058, 0.4},   // trapezium
    {{-0.12, -0.31}, 0.052, 0.050, 0.0},   // trapezoid
    {{0.01, -0.28}, 0.072, 0.115, 0.05},   // capitate
    {{0.14, -0.29}, 0.070, 0.095, -0.35},  // hamate
}};

std::vector<LongBone> draw_long_bones(Random& random, double age) {
  std::vector<LongBone> bones{{varied(random, {-0.09, 0.06}),
                               {varied(random, -0.16), 1.6},
                               varied(random, 0.078),
                               varied(random, 0.160),
                               0.1,
                               varied(random, 0.024),
                               age < 0.7 ? varied(random, 0.075) : 0},
                              {varied(random, {0.19, 0.09}),
                               {varied(random, 0.14), 1.6},
                               varied(random, 0.056),
                               varied(random, 0.088),
                               0.08,
                               varied(random, 0.020),
                               age < 0.7 ? varied(random, 0.060) : 0}};
  for (const Finger& finger : kFingers)
    bones.push_back({varied(random, finger.base), varied(random, finger.head), varied(random, finger.shaft),
                     varied(random, finger.base_end), varied(random, finger.head_end), varied(random, 0.015), 0});
  // Phalanges go on where metacarpals end, past the joint; mostly beyond the picture.
  for (size_t i = 0; i < kFingers.size(); ++i) {
    const LongBone metacarpal = bones[WristAnatomy::kFirstMetacarpal + i];
    const Point onward = metacarpal.direction();
    const Point base = metacarpal.far + (metacarpal.far_end + 0.035) * onward;
    bones.push_back({base, base + 0.4 * onward, 0.85 * metacarpal.shaft, 0.85 * metacarpal.far_end, 0.05, 0.013,
                     age < 0.7 ? 0.05 : 0});
  }
  return bones;
}

std::vector<RoundBone> draw_carpals(Random& random, double age) {
  std::vector<RoundBone> bones;
  for (const RoundBone& bone : kCarpals) {
    const double grown = mix(0.98, 1.18, age);  // children's are smaller, with wider gaps
    bones.push_back({varied(random, bone.centre), varied(random, grown * bone.half_x),
                     varied(random, grown * bone.half_y), bone.angle + random.uniform(-0.1, 0.1)});
  }
  return bones;
}

}  // namespace

WristAnatomy::WristAnatomy(Random& random)
    : angle_(random.uniform(-0.10, 0.10)),
      scale_(random.uniform(0.94, 1.06)),
      side_(random.uniform() < 0.5 ? -1 : 1),
      shift_{random.uniform(-0.04, 0.04), random.uniform(-0.05, 0.05)},
      girth_(random.uniform(0.9, 1.12)),
      thickness_(random.uniform(0.2, 0.28)),
      age_(random.uniform()),
      long_bones_(draw_long_bones(random, age_)),
      carpals_(draw_carpals(random, age_)),
      trabeculae_(random, 120),
      outline_(random, 7),
      muscles_(random, 9) {}

Point WristAnatomy::subject_place(Point picture) const {
  const double c = std::cos(angle_), s = std::sin(angle_);
  const Point d = (1 / scale_) * (picture - shift_);
  return {side_ * (c * d.x + s * d.y), c * d.y - s * d.x};
}

double WristAnatomy::soft_tissue(Point at) const {
  // Half widths of the forearm, the wrist, the palm; the thumb's side is wider.
  const double palm = cover(at.y + 0.28, 0.5), forearm = cover(0.45 - at.y, 0.9);
  const double half = girth_ * (0.30 + 0.12 * palm + 0.10 * forearm) + 0.015 * outline_(0.2, at.y);
  const double across = (at.x - 0.03 + 0.05 * palm) / half;
  const LongBone& thumb = long_bones_[kFirstMetacarpal];
  const Point onward = thumb.direction(), from_base = at - thumb.joint;
  const double along = std::max(0.0, from_base.x * onward.x + from_base.y * onward.y);
  const double beside = length(from_base - along * onward) / (0.15 * girth_);
  const double inside = std::max(1 - across * across, 1 - beside * beside);
  return inside <= 0 ? 0 : 2 * thickness_ * std::sqrt(inside) * (1 + 0.06 * muscles_(at.x, at.y / 2));
}

double WristAnatomy::attenuation(Point picture, const std::vector<BrokenBone>& broken) const {
  const Point at = subject_place(picture);
  const double trabeculae = trabeculae_(at.x, at.y);
  double sum = soft_tissue(at);
  for (size_t i = 0; i < long_bones_.size(); ++i) {
    const auto here = std::find_if(broken.begin(), broken.end(), [&](const BrokenBone& b) { return b.bone == i; });
    sum += long_bones_[i].attenuation(at, trabeculae, here == broken.end() ? nullptr : &here->fracture);
  }
  for (const RoundBone& bone : carpals_) sum += bone.attenuation(at, trabeculae);
  return sum;
}

}  // namespace thor
