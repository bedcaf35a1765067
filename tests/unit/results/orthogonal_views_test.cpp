// SPDX-License-Identifier: Apache-2.0
#include "thor/results/orthogonal_views.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/results/volume_world.h"

namespace thor {
namespace {

using test::head_affine;
using test::head_stored_as;
using test::kLesionVoxel;

std::vector<OrthogonalView> views_of(const Image& scan) {
  return orthogonal_views({scan.voxels, scan.voxels, scan.voxels, scan.geometry.ras_from_voxel},
                          head_affine()(kLesionVoxel));
}

TEST(OrthogonalViews, ShowTheRightSideOnTheLeftAndTheHeadUp) {
  const auto views = views_of(head_stored_as("PIR"));
  ASSERT_EQ(views.size(), 3u);
  const auto sides = [](const OrthogonalView& v) { return std::string{v.left, v.right, v.top, v.bottom}; };
  EXPECT_EQ(views[0].name + sides(views[0]), "axialRLAP");
  EXPECT_EQ(views[1].name + sides(views[1]), "coronalRLSI");
  EXPECT_EQ(views[2].name + sides(views[2]), "sagittalAPSI");
  // The lesion is in the patient's right front, in the upper half.
  for (const OrthogonalView& view : views) {
    EXPECT_LT(view.cross_x, static_cast<double>(view.gray.size(1)) / 2) << view.name;
    EXPECT_LT(view.cross_y, static_cast<double>(view.gray.size(0)) / 2) << view.name;
  }
}

TEST(OrthogonalViews, CrossAtTheBrightestPixel) {
  for (const char* orientation : {"RAS", "LPI", "SAR"})
    for (const OrthogonalView& view : views_of(head_stored_as(orientation))) {
      const auto x = static_cast<int64_t>(std::lround(view.cross_x)),
                 y = static_cast<int64_t>(std::lround(view.cross_y));
      EXPECT_GT(view.map[y][x].item<float>(), 950) << view.name << orientation;
    }
}

TEST(OrthogonalViews, LookTheSameHoweverTheVoxelsAreStored) {
  const auto first = views_of(head_stored_as("RAS")), second = views_of(head_stored_as("IPL"));
  for (size_t i = 0; i < 3; ++i) EXPECT_LT(test::max_abs_diff(first[i].map, second[i].map), 0.1) << first[i].name;
}

TEST(OrthogonalViews, HaveOneScaleInMillimetres) {
  const auto views = views_of(test::head());
  const double across = static_cast<double>(views[0].gray.size(1)), up = static_cast<double>(views[1].gray.size(0));
  EXPECT_NEAR(across / up, 36.0 / 48.0, 0.01);
  EXPECT_EQ(views[1].gray.size(0), kLongestViewSide);
}

TEST(OrthogonalViews, TheMontageHasThemBesideEachOtherWithMarks) {
  const auto views = views_of(test::head());
  const Tensor picture = montage(views, 1000);
  EXPECT_EQ(picture.size(1), kLongestViewSide);
  EXPECT_EQ(picture.size(2), views[0].gray.size(1) + views[1].gray.size(1) + views[2].gray.size(1));
  EXPECT_EQ(picture.max().item<float>(), 1);
}

}  // namespace
}  // namespace thor
