// SPDX-License-Identifier: Apache-2.0
#include "thor/data/slice_orientation.h"

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/data/preprocess_step.h"

namespace thor {
namespace {

/// The plane of slices along an axis that grows towards a letter.
const char* plane_of(char letter) {
  switch (letter) {
    case 'R':
    case 'L':
      return "sagittal";
    case 'A':
    case 'P':
      return "coronal";
    default:
      return "axial";
  }
}

}  // namespace

std::string slice_orientation(const std::vector<YamlText>& steps) {
  std::string orientation = steps.empty() ? "RAS" : "";
  for (const auto& step : parse_steps(steps)) orientation = step->orientation(orientation);
  return orientation;
}

AxisOrder slice_order(const Image& slice, const std::vector<YamlText>& steps) {
  const std::string wanted = slice_orientation(steps);
  if (!slice.medical || wanted.empty()) return {};
  const Affine& affine = slice.geometry.ras_from_voxel;
  if (!is_placed(slice.geometry)) {
    if (wanted != "RAS")
      warn(
          "'{}' does not say how its slice lies in the patient; it is taken as stored, as if x grew towards {} and y "
          "towards {}: compare its overlay",
          slice.path, wanted[0], wanted[1]);
    return {};
  }
  const std::string now = orientation_of(affine), plane = plane_of(now[2]);
  if (plane == plane_of(wanted[2])) return order_to(affine, wanted);
  if (!steps.empty())
    fail_input("'{}' is a {} slice, the model knows {} ones; give such a slice, or the whole volume", slice.path, plane,
               plane_of(wanted[2]));
  warn("'{}' is a {} slice; it is taken as stored, as if the model had been trained on such slices", slice.path, plane);
  return {};
}

}  // namespace thor
