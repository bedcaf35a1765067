// SPDX-License-Identifier: Apache-2.0
#include "thor/image/resample.h"

#include <gmock/gmock.h>

#include "tests/unit/image/pictures.h"

namespace thor::test {
namespace {

/// Anisotropic, sheared, tilted.
const Affine kTilted{{0.8, -0.3, 0.2, -31.5, 0.4, 1.1, -0.5, 12.25, -0.1, 0.6, 2.9, 7}};
constexpr Interpolation kAll[] = {Interpolation::Nearest, Interpolation::Linear, Interpolation::Spline};

/// f at the voxel centres of a grid, f a function of RAS millimetres.
template <class F>
Tensor sampled(const Grid& grid, F f) {
  Tensor values = at::empty({grid.size[2], grid.size[1], grid.size[0]}, at::kFloat);
  auto at = values.accessor<float, 3>();
  for (int64_t z = 0; z < grid.size[2]; ++z)
    for (int64_t y = 0; y < grid.size[1]; ++y)
      for (int64_t x = 0; x < grid.size[0]; ++x)
        at[z][y][x] = static_cast<float>(
            f(grid.ras_from_voxel({static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)})));
  return values;
}

double plane(const Point3& p) { return 3 + 0.5 * p[0] - 0.25 * p[1] + 2 * p[2]; }
double wave(const Point3& p) { return 100 + 40 * std::sin(p[0] / 5) * std::cos(p[1] / 6) * std::sin(p[2] / 7 + 1); }

TEST(Resample, OntoItsOwnGridGivesTheSameBits) {
  const Tensor voxels = at::arange(7 * 6 * 5, at::kFloat).reshape({7, 6, 5}).sqrt();
  for (const Interpolation interpolation : kAll)
    EXPECT_TRUE(at::equal(resample(voxels, kTilted, {{5, 6, 7}, kTilted}, {{}, interpolation}), voxels));
}

TEST(Resample, OntoAShiftedGridMovesTheBitsAndFillsTheRest) {
  const Tensor voxels = at::arange(7 * 6 * 5, at::kFloat).reshape({7, 6, 5}).sqrt();
  for (const Interpolation interpolation : kAll) {
    const Grid shifted{{5, 6, 7}, kTilted * translation({2, -1, 3})};
    const Tensor moved = resample(voxels, kTilted, shifted, {{}, interpolation, -1});
    EXPECT_TRUE(
        at::equal(moved.slice(0, 0, 4).slice(1, 1).slice(2, 0, 3), voxels.slice(0, 3).slice(1, 0, 5).slice(2, 2)));
    EXPECT_TRUE((moved.slice(0, 4) == -1).all().item<bool>());
    EXPECT_TRUE((moved.select(1, 0) == -1).all().item<bool>());
  }
}

TEST(Resample, OfAPlaneIsExactOnAnyShearedGrid) {
  const Grid source{{30, 31, 12}, kTilted};
  const Tensor voxels = sampled(source, plane);
  const Grid target{{9, 8, 7},
                    kTilted * translation({8, 9, 3}) * Affine{{0.7, 0.1, 0.2, 0, 0, 0.9, 0.1, 0, 0.1, 0, 0.5, 0}}};
  EXPECT_LT(max_abs_diff(resample(voxels, kTilted, target), sampled(target, plane)), 1e-4);
}

TEST(Resample, TakesAPointThroughTheGivenMap) {
  const Grid source{{40, 40, 40}, Affine{}};
  const double c = std::cos(0.3), s = std::sin(0.3);
  const Affine turn{{c, -s, 0, 8, s, c, 0, 3, 0, 0, 1.1, 2}};
  const Grid target{{12, 12, 12}, translation({12, 12, 12})};
  const Tensor turned = resample(sampled(source, plane), source.ras_from_voxel, target, {turn});
  EXPECT_LT(max_abs_diff(turned, sampled(target, [&](const Point3& p) { return plane(turn(p)); })), 1e-4);
}

TEST(Resample, BySplineIsCloserToASmoothFunctionThanLinear) {
  const Grid source{{40, 40, 40}, Affine{}}, target{{25, 25, 25}, translation({7.3, 7.4, 7.6})};
  const Tensor voxels = sampled(source, wave), truth = sampled(target, wave);
  const double linear = max_abs_diff(resample(voxels, {}, target), truth);
  const double spline = max_abs_diff(resample(voxels, {}, target, {{}, Interpolation::Spline}), truth);
  EXPECT_LT(linear, 0.7);
  EXPECT_LT(spline, 0.005);
}

TEST(Resample, ThereAndBackOfASmoothVolumeKeepsIt) {
  const Grid native{{40, 36, 20}, kTilted};
  const Tensor voxels = sampled(native, wave);
  const Grid fine = with_spacing(native, {0.6, 0.6, 0.6});
  const Tensor there = resample(voxels, kTilted, fine, {{}, Interpolation::Spline});
  const Tensor back = resample(there, fine.ras_from_voxel, native, {{}, Interpolation::Spline});
  const auto inner = [](const Tensor& v) { return v.slice(0, 3, -3).slice(1, 3, -3).slice(2, 3, -3); };
  EXPECT_LT(max_abs_diff(inner(back), inner(voxels)), 0.2);
}

TEST(Resample, HoldsTheBordersValueForHalfAVoxelAndNoFurther) {
  const Tensor voxels = at::full({1, 1, 2}, 5, at::kFloat);
  const auto value_at = [&](double x, double z) {
    return resample(voxels, {}, {{1, 1, 1}, translation({x, 0, z})}, {{}, Interpolation::Linear, -1}).item<float>();
  };
  EXPECT_EQ(value_at(-0.5, 0), 5);
  EXPECT_EQ(value_at(1.5, 0.5), 5);
  EXPECT_EQ(value_at(-0.51, 0), -1);
  EXPECT_EQ(value_at(0, 0.51), -1);
}

TEST(Resample, OfLabelsByNearestMakesNoNewOnes) {
  const Tensor labels = at::randint(0, 4, {9, 10, 11}, at::kFloat);
  const Grid fine = with_spacing({{11, 10, 9}, kTilted}, {0.4, 0.4, 0.4});
  const Tensor seen = resample(labels, kTilted, fine, {{}, Interpolation::Nearest});
  EXPECT_TRUE(at::equal(seen, seen.round()));
  EXPECT_EQ(seen.max().item<float>(), 3);
}

TEST(Resample, RefusesAGridNoMemoryHolds) {
  EXPECT_THAT(story_of([] {
                resample(at::zeros({2, 2, 2}), {}, {{1 << 20, 1 << 20, 1 << 20}, {}});
              }),
              testing::HasSubstr("between 1 and"));
}

}  // namespace
}  // namespace thor::test
