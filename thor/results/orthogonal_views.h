// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/tensor.h"
#include "thor/image/image.h"

namespace thor {

/// A plane through a volume as a radiologist looks at it: the patient's right is on the left of axial and coronal
/// planes, the forehead on the left of sagittal ones, forehead or crown up. Along the axes of the body, however the
/// voxels lie; one scale in mm for all planes.
struct OrthogonalView {
  std::string name;                                       ///< axial | coronal | sagittal
  char left = ' ', right = ' ', top = ' ', bottom = ' ';  ///< which side of the patient is there: R L A P S I
  Tensor gray;                      ///< the scan, [h,w] in [0,1]: the 1st to the 99.8th percentile of all planes
  Tensor healthy;                   ///< the pseudo-healthy volume in the same grays
  Tensor map;                       ///< the map's own values, [h,w]
  double cross_x = 0, cross_y = 0;  ///< where the point lies, pixels; the first one's centre is 0
  double height_mm = 0;             ///< of the plane along its normal: RAS z, y or x of the point
};

/// Pixels of the volume's longest extent in any view.
inline constexpr int64_t kLongestViewSide = 320;

/// Volumes [D,H,W] on one grid.
struct ViewedVolumes {
  Tensor scan, healthy, map;
  Affine ras_from_voxel;
};
/// The planes through a point, RAS mm.
std::vector<OrthogonalView> orthogonal_views(const ViewedVolumes& volumes, const Point3& point_mm);

/// The map in colour over the scan, the value `full` opaque: [3,h,w].
Tensor coloured(const OrthogonalView& view, double full);
/// The views beside each other, coloured, with crosshairs and the letters of the sides: [3,H,W].
Tensor montage(const std::vector<OrthogonalView>& views, double full);

}  // namespace thor
