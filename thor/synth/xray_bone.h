// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>

namespace thor {

/// A position in a radiograph: x to the right, y down, from -1 to 1 over its height.
struct Point {
  double x = 0, y = 0;
};
inline Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
inline Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
inline Point operator*(double f, Point p) { return {f * p.x, f * p.y}; }
inline double length(Point p) { return std::hypot(p.x, p.y); }

/// A fracture across a long bone in a radiograph: a dark oblique line and a step in the outline.
struct Fracture {
  double place = 0;  ///< position along the axis, from the joint
  double slope = 0;  ///< slope of the line relative to the cross-section
  double step = 0;   ///< shift of the end at the joint
  double gap = 0;    ///< half width of the line
};

/// A long bone: a tube of cortical bone around marrow that widens towards its ends.
struct LongBone {
  Point joint, far;                  ///< ends of the axis
  double shaft, joint_end, far_end;  ///< half widths
  double cortex;                     ///< thickness of the wall
  double growth_plate = 0;           ///< distance of the dark line from the joint, 0 = closed

  Point direction() const { return (1 / length(far - joint)) * (far - joint); }
  /// Returns the attenuation of the bone; `trabeculae`, about -1..1, modulates its marrow.
  double attenuation(Point at, double trabeculae, const Fracture* broken) const;
};

/// A carpal bone: a rotated ellipse of marrow in a thin shell.
struct RoundBone {
  Point centre;
  double half_x, half_y, angle;

  double attenuation(Point at, double trabeculae) const;
};

}  // namespace thor
