// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace thor {

using Point3 = std::array<double, 3>;

/// An affine map of space: the upper three rows of a 4 x 4 matrix, row-major. The default is the identity.
struct Affine {
  std::array<double, 12> rows{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};

  double& at(int row, int column) { return rows[row * 4 + column]; }
  double at(int row, int column) const { return rows[row * 4 + column]; }
  Point3 operator()(const Point3& p) const;
};
/// Returns the composition that applies first b, then a.
Affine operator*(const Affine& a, const Affine& b);
inline bool operator==(const Affine& a, const Affine& b) { return a.rows == b.rows; }
inline bool operator!=(const Affine& a, const Affine& b) { return !(a == b); }
/// Returns the inverse. Throws Input if the matrix is singular (coplanar axes, a spacing of zero) or not finite.
Affine inverse(const Affine& affine);
Affine translation(const Point3& by);
Affine scaling(const Point3& by);

// Properties of an affine from voxel indices (x = column, y = row, z = slice) to RAS millimetres.
/// Returns the distances of neighbouring voxels along x, y, z.
Point3 spacing_mm(const Affine& ras_from_voxel);
/// Returns the nearest anatomical directions of x, y, z as in nibabel: "RAS", "LPI" and so on.
std::string orientation_of(const Affine& ras_from_voxel);
/// Returns the largest cosine between two axes; 0 for right angles.
double shear_of(const Affine& ras_from_voxel);

/// A grid of voxels in space.
struct Grid {
  std::array<int64_t, 3> size{1, 1, 1};  ///< along x, y, z
  Affine ras_from_voxel;                 ///< maps voxel centres; (0, 0, 0) is the centre of the first voxel
};

/// The geometry fields of a NIfTI header in its own convention (RAS, its own unit of length). They are kept unchanged
/// and written into results, because viewers differ in which of the two forms they use.
struct NiftiPlacement {
  int64_t qform_code = 0, sform_code = 0;
  std::array<double, 8> pixdim{};      ///< [0] = handedness, [1..3] = spacing
  std::array<double, 3> quaternion{};  ///< b, c, d
  std::array<double, 3> q_offset{};
  std::array<double, 12> s_rows{};  ///< 3 x 4, row-major
  double mm_per_unit = 1;
};

/// The position of voxels in the patient. A picture has the identity.
struct Geometry {
  Affine ras_from_voxel;
  std::optional<NiftiPlacement> nifti;  ///< if it was read from NIfTI
  bool guessed = false;                 ///< the file has no position in the patient, and the reader chose one
};
/// Returns false if the affine has no meaning: it was guessed, or it is the identity, as in pictures and in files of
/// programs without a geometry.
bool is_placed(const Geometry& geometry);

}  // namespace thor
