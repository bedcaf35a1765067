// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace thor {

using Point3 = std::array<double, 3>;

/// An affine map of space: the upper three rows of a 4 x 4 matrix, row-major. Default: the identity.
struct Affine {
  std::array<double, 12> rows{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};

  double& at(int row, int column) { return rows[row * 4 + column]; }
  double at(int row, int column) const { return rows[row * 4 + column]; }
  Point3 operator()(const Point3& p) const;
};
/// First b, then a.
Affine operator*(const Affine& a, const Affine& b);
inline bool operator==(const Affine& a, const Affine& b) { return a.rows == b.rows; }
inline bool operator!=(const Affine& a, const Affine& b) { return !(a == b); }
/// Throws Input where there is none: two axes in one plane, a spacing of zero, a number that is none.
Affine inverse(const Affine& affine);
Affine translation(const Point3& by);
Affine scaling(const Point3& by);

// What an affine from voxel indices (x = column, y = row, z = slice) to RAS millimetres says about a scan.
/// Distances of neighbouring voxels along x, y, z.
Point3 spacing_mm(const Affine& ras_from_voxel);
/// The direction in which x, y, z grow, to the nearest axis of the body: "RAS", "LPI" and so on, as nibabel names it.
std::string orientation_of(const Affine& ras_from_voxel);
/// The largest cosine between two of its axes: 0 for right angles.
double shear_of(const Affine& ras_from_voxel);

/// Voxels in space.
struct Grid {
  std::array<int64_t, 3> size{1, 1, 1};  ///< along x, y, z
  Affine ras_from_voxel;                 ///< voxel (0, 0, 0) is a centre
};

/// How a NIfTI header places its voxels, in its own convention: RAS, its own unit of length. Kept as it was read, so
/// that results can say the same: viewers do not agree on which of the two forms counts.
struct NiftiPlacement {
  int64_t qform_code = 0, sform_code = 0;
  std::array<double, 8> pixdim{};      ///< [0] = handedness, [1..3] = spacing
  std::array<double, 3> quaternion{};  ///< b, c, d
  std::array<double, 3> q_offset{};
  std::array<double, 12> s_rows{};  ///< 3 x 4, row-major
  double mm_per_unit = 1;
};

/// Where voxels lie in the patient. A picture has the identity.
struct Geometry {
  Affine ras_from_voxel;
  std::optional<NiftiPlacement> nifti;  ///< where it was read from NIfTI
  bool guessed = false;  ///< the file does not say how its voxels lie in the patient, so the reader chose
};
/// False where the affine means nothing: it was guessed, or it is the identity, which a picture has and which programs
/// write that know of no place.
bool is_placed(const Geometry& geometry);

}  // namespace thor
