// SPDX-License-Identifier: Apache-2.0
#include "thor/image/format/length_unit.h"

#include <algorithm>

#include "thor/base/log.h"
#include "thor/image/format/text_header.h"

namespace thor {
namespace {

constexpr double kSmallestScanMm = 1, kLargestScanMm = 10'000;

struct LengthUnit {
  const char* names;  ///< each between bars
  double mm;
};
constexpr LengthUnit kLengthUnits[] = {
    {"|mm|millimeter|millimeters|millimetre|millimetres|", 1},
    {"|um|\xc2\xb5m|\xce\xbcm|micron|microns|micrometer|micrometers|micrometre|micrometres|", 1e-3},
    {"|nm|nanometer|nanometers|nanometre|nanometres|", 1e-6},
    {"|cm|centimeter|centimeters|centimetre|centimetres|", 10},
    {"|m|meter|meters|metre|metres|", 1000},
    {"|in|inch|inches|", 25.4},
};

/// Millimetres along x, y, z, from the first voxel's edge to the last one's.
Point3 sides_mm(const Affine& affine, const std::array<int64_t, 3>& size) {
  Point3 sides = spacing_mm(affine);
  for (int axis = 0; axis < 3; ++axis) sides[axis] *= static_cast<double>(size[axis]);
  return sides;
}

bool is_possible(const Point3& sides) {
  const double longest = *std::max_element(sides.begin(), sides.end());
  return longest >= kSmallestScanMm && longest <= kLargestScanMm;
}

}  // namespace

double mm_of_unit(const std::string& name) {
  for (const LengthUnit& unit : kLengthUnits)
    if (std::string(unit.names).find("|" + lower_case(name) + "|") != std::string::npos) return unit.mm;
  return 0;
}

Affine in_unit(const Affine& affine, double mm_per_unit) {
  Affine scaled = affine;
  for (double& entry : scaled.rows) entry = entry * mm_per_unit + 0.0;  // no negative zeros
  return scaled;
}

double obeyed_unit(double mm_per_unit, const Affine& in_units, const std::array<int64_t, 3>& size) {
  if (mm_per_unit == 1) return 1;
  const Point3 said = sides_mm(in_unit(in_units, mm_per_unit), size), plain = sides_mm(in_units, size);
  if (!is_possible(said) && is_possible(plain)) {
    warn(
        "its header measures in units of {:g} mm, which would make the scan {:.3g} x {:.3g} x {:.3g} mm; it is read in "
        "millimetres, as ITK does; correct the unit in the header",
        mm_per_unit, said[0], said[1], said[2]);
    return 1;
  }
  warn(
      "its header measures in units of {:g} mm and is read so; programs that ignore the unit take them for millimetres",
      mm_per_unit);
  return mm_per_unit;
}

void warn_of_impossible_size(const Affine& affine, const std::array<int64_t, 3>& size, double mm_per_unit) {
  const Point3 sides = sides_mm(affine, size);
  if (mm_per_unit == 1 || is_possible(sides)) return;
  warn(
      "its header measures in units of {:g} mm, so that the scan is {:.3g} x {:.3g} x {:.3g} mm large; if that is not "
      "so, correct the unit in the header (xyzt_units)",
      mm_per_unit, sides[0], sides[1], sides[2]);
}

}  // namespace thor
