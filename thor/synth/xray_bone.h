// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>

namespace thor {

/// A place in a radiograph: x to the right, y down, from -1 to 1 over its height.
struct Point {
  double x = 0, y = 0;
};
inline Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
inline Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
inline Point operator*(double f, Point p) { return {f * p.x, f * p.y}; }
inline double length(Point p) { return std::hypot(p.x, p.y); }

/// A break across a long bone, as an X-ray shows it: a dark, slanting line and a step in the outline.
struct Fracture {
  double place = 0;  ///< along the axis, from the joint
  double slope = 0;  ///< of the line against the bone's cross-section
  double step = 0;   ///< by which the end at the joint is shifted
  double gap = 0;    ///< half width of the line
};

/// A tube of cortical bone around marrow that widens towards its ends.
struct LongBone {
  Point joint, far;                  ///< ends of the axis
  double shaft, joint_end, far_end;  ///< half widths
  double cortex;                     ///< thickness of the wall
  double growth_plate = 0;           ///< distance of the dark line from the joint, 0 = closed

  Point direction() const { return (1 / length(far - joint)) * (far - joint); }
  /// What the beam loses in the bone; `trabeculae` about -1..1 varies its marrow.
  double attenuation(Point at, double trabeculae, const Fracture* broken) const;
};

/// A turned ellipse of marrow in a thin shell, as carpal bones are.
struct RoundBone {
  Point centre;
  double half_x, half_y, angle;

  double attenuation(Point at, double trabeculae) const;
};

}  // namespace thor
