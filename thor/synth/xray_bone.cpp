// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/xray_bone.h"

#include <algorithm>

namespace thor {
namespace {

constexpr double kCortical = 4.2, kMarrow = 1.0;  // attenuation per unit of length

double squared(double v) { return v * v; }

/// How long the beam is inside a round body of the given half width, `depth` below its outline.
double chord(double depth, double half) {
  const double d = std::clamp(depth, 0.0, std::max(half, 0.0));
  return 2 * std::sqrt(d * (2 * half - d));
}

double shell_and_marrow(double depth, double half, double cortex, double marrow) {
  const double outer = chord(depth, half), inner = chord(depth - cortex, half - cortex);
  return kCortical * (outer - inner) + kMarrow * marrow * inner;
}

}  // namespace

double LongBone::attenuation(Point at, double trabeculae, const Fracture* broken) const {
  const Point axis = direction(), from_joint = at - joint;
  const double whole = length(far - joint);
  const double along = from_joint.x * axis.x + from_joint.y * axis.y;
  double across = axis.x * from_joint.y - axis.y * from_joint.x, density = 1;
  if (broken) {
    constexpr double kReach = 0.18;  // over which the shifted end comes back to its joint
    const double beyond = along - broken->place - broken->slope * across;
    if (beyond < 0) across -= broken->step * std::exp(beyond / kReach);
    density -= 0.85 * std::exp(-squared(beyond / broken->gap));
  }
  if (growth_plate > 0) density -= 0.5 * std::exp(-squared((along - growth_plate) / 0.013));

  const double at_joint = std::exp(-squared(along / (1.7 * joint_end)));
  const double at_far = std::exp(-squared((whole - along) / (1.7 * far_end)));
  const double half = shaft + (joint_end - shaft) * at_joint + (far_end - shaft) * at_far;
  // Ends are flat with round corners: they reach out by a part of the half width only.
  const double past = std::max({-along, along - whole, 0.0}) / 0.4;
  const double depth = half - std::cbrt(std::pow(std::abs(across), 3) + std::pow(past, 3));
  if (depth <= 0) return 0;
  const double ends = std::max(at_joint, at_far), wall = cortex * (1 - 0.55 * ends);
  return density * shell_and_marrow(depth, half, wall, 1 - 0.3 * ends + (0.06 + 0.08 * ends) * trabeculae);
}

double RoundBone::attenuation(Point at, double trabeculae) const {
  const double c = std::cos(angle), s = std::sin(angle);
  const Point d = at - centre;
  const double scaled = std::hypot((c * d.x + s * d.y) / half_x, (c * d.y - s * d.x) / half_y);
  const double half = std::min(half_x, half_y), depth = half * (1 - scaled);
  return depth <= 0 ? 0 : shell_and_marrow(depth, half, 0.01, 1.1 + 0.12 * trabeculae);
}

}  // namespace thor
