// SPDX-License-Identifier: Apache-2.0
// The table of lattice points that contribute to a position of 3D OpenSimplex noise.
#pragma once
#include <array>
#include <cstdint>

namespace thor {

// Input space is skewed so that the simplectic honeycomb becomes the integer grid (stretch) and back (squish).
constexpr double kStretch3 = -1.0 / 6, kSquish3 = 1.0 / 3;
constexpr double kNorm3 = 103;

/// Gradient n of 24: the long axis is n % 3; bits of n / 3 give the signs, set = positive for x, clear for y and z.
struct Gradients3 {
  double values[24][3];
  constexpr Gradients3() : values() {
    for (int n = 0; n < 24; ++n)
      for (int axis = 0; axis < 3; ++axis) {
        const bool bit = ((n / 3) >> axis) & 1;
        values[n][axis] = (axis == n % 3 ? 11 : 4) * (bit == (axis == 0) ? 1 : -1);
      }
  }
};
constexpr Gradients3 kGradients3;

/// A lattice point relative to the corner of its cell.
struct LatticePoint {
  int x, y, z;
};

/// The lattice points that contribute to a position: the corners of its simplex and two more. The selection is the
/// published one, which omits some contributions of about 1e-5; summing all points within the radius of the kernel
/// gives other numbers.
struct Neighbours {
  std::array<LatticePoint, 8> points{};
  int count = 0;
  constexpr void add(LatticePoint point) { points[static_cast<size_t>(count++)] = point; }
};

/// The part of the unit cell that contains a position, and the conditions that select the two further points. In a
/// tetrahedron a and b are the scores of two axes, at first x and y; in the octahedron they are two of its corner
/// pairs, at first x + y and x + z.
struct LatticeCase {
  static constexpr int kLower = 0, kUpper = 1 << 4, kOctahedron = 2 << 4, kCount = 3 << 4;
  static constexpr int kThirdForA = 1;     ///< the third axis or pair takes the place of a
  static constexpr int kThirdForB = 2;     ///< ... or of b
  static constexpr int kCornerCloser = 4;  ///< tetrahedron: than a or b
  static constexpr int kBCloser = 8;       ///< tetrahedron: than a
  static constexpr int kAUpper = 4;        ///< octahedron: a is on the side of (1,1,1)
  static constexpr int kBUpper = 8;
};

/// `inside` along the axes of the mask (1 = x, 2 = y, 4 = z), `outside` along the others.
constexpr LatticePoint on_axes(int mask, int inside, int outside = 0) {
  return {mask & 1 ? inside : outside, mask & 2 ? inside : outside, mask & 4 ? inside : outside};
}

/// (2,1,0) and (1,2,0) for the axes x and y; with `sign` -1 (1,-1,0) and (1,0,-1) for the axis x.
constexpr void add_pair(Neighbours& neighbours, int axes, int sign) {
  for (int axis = 1; axis <= 4; axis *= 2)
    if (((axes & axis) != 0) == (sign > 0)) {
      const LatticePoint p = on_axes(axes, 1), more = on_axes(axis, sign);
      neighbours.add({p.x + more.x, p.y + more.y, p.z + more.z});
    }
}

/// The tetrahedron at (0,0,0), x + y + z <= 1, or the one at (1,1,1), x + y + z >= 2.
constexpr Neighbours tetrahedron(int which) {
  const bool upper = which & LatticeCase::kUpper;
  Neighbours result;
  if (!upper) result.add({0, 0, 0});
  for (const int mask : {1, 2, 4}) result.add(on_axes(upper ? 7 - 4 / mask : mask, 1));
  if (upper) result.add({1, 1, 1});
  const int first = which & LatticeCase::kThirdForA ? 4 : 1, second = which & LatticeCase::kThirdForB ? 4 : 2;
  const int a = upper ? 7 - first : first, b = upper ? 7 - second : second;
  if (which & LatticeCase::kCornerCloser) {
    add_pair(result, which & LatticeCase::kBCloser ? b : a, upper ? 1 : -1);
  } else {
    const int both = upper ? a & b : a | b;
    result.add(on_axes(both, 1));
    result.add(upper ? on_axes(both, 2) : on_axes(both, 1, -1));
  }
  return result;
}

/// The octahedron between them.
constexpr Neighbours octahedron(int which) {
  Neighbours result;
  for (const int mask : {1, 2, 4, 3, 5, 6}) result.add(on_axes(mask, 1));
  const bool a_upper = which & LatticeCase::kAUpper, b_upper = which & LatticeCase::kBUpper;
  const int first = which & LatticeCase::kThirdForA ? 6 : 3, second = which & LatticeCase::kThirdForB ? 6 : 5;
  const int a = a_upper ? first : 7 - first, b = b_upper ? second : 7 - second;
  if (a_upper && b_upper) {
    result.add({1, 1, 1});
    result.add(on_axes(a & b, 2));
  } else if (!a_upper && !b_upper) {
    result.add({0, 0, 0});
    result.add(on_axes(a | b, 1, -1));
  } else {
    result.add(on_axes(a_upper ? a : b, 1, -1));
    result.add(on_axes(a_upper ? b : a, 2));
  }
  return result;
}

/// The neighbouring lattice points for every case.
struct NeighbourTable {
  std::array<Neighbours, LatticeCase::kCount> of{};
  constexpr NeighbourTable() {
    for (int which = 0; which < LatticeCase::kCount; ++which)
      of[static_cast<size_t>(which)] = which < LatticeCase::kOctahedron ? tetrahedron(which) : octahedron(which);
  }
};
inline constexpr NeighbourTable kNeighbours;

}  // namespace thor
