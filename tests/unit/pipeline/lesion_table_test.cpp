// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/lesion_table.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "thor/pipeline/map_smoothing.h"
#include "thor/pipeline/mask_runs.h"

namespace thor {
namespace {

Tensor empty_mask(int64_t depth = 6, int64_t height = 7, int64_t width = 8) {
  return at::zeros({depth, height, width}, at::kByte);
}

/// How many components a flood fill over 26 neighbours finds, written plainly.
int64_t flooded(Tensor mask) {
  int64_t count = 0;
  std::vector<std::array<int64_t, 3>> open;
  auto voxels = mask.accessor<uint8_t, 3>();
  const auto visit = [&](int64_t z, int64_t y, int64_t x) {
    if (z < 0 || y < 0 || x < 0 || z >= mask.size(0) || y >= mask.size(1) || x >= mask.size(2) || !voxels[z][y][x])
      return;
    voxels[z][y][x] = 0;
    open.push_back({z, y, x});
  };
  for (int64_t i = 0; i < mask.numel(); ++i) {
    visit(i / mask.size(2) / mask.size(1), i / mask.size(2) % mask.size(1), i % mask.size(2));
    if (!open.empty()) ++count;
    while (!open.empty()) {
      const auto [z, y, x] = open.back();
      open.pop_back();
      for (int64_t n = 0; n < 27; ++n) visit(z + n / 9 - 1, y + n / 3 % 3 - 1, x + n % 3 - 1);
    }
  }
  return count;
}

TEST(MaskRuns, ConnectAsAFloodFillDoes) {
  for (const double share : {0.02, 0.05, 0.1, 0.2, 0.5}) {
    at::manual_seed(static_cast<uint64_t>(share * 1000));
    const Tensor mask = at::rand({9, 11, 13}).lt(share).to(at::kByte);
    std::vector<size_t> components;
    int64_t voxels = 0;
    for (const MaskRun& run : connected_runs(mask)) {
      components.push_back(run.component);
      voxels += run.end - run.begin;
    }
    std::sort(components.begin(), components.end());
    components.erase(std::unique(components.begin(), components.end()), components.end());
    EXPECT_EQ(static_cast<int64_t>(components.size()), flooded(mask.clone())) << share;
    EXPECT_EQ(voxels, mask.sum().item<int64_t>());
  }
}

TEST(LesionTable, GivesVolumeCentreExtentAndPeakInMillimetres) {
  Tensor mask = empty_mask(), map = at::zeros({6, 7, 8});
  mask[2][3].narrow(0, 4, 3).fill_(1);  // x 4 to 6
  map[2][3][5] = 0.7;
  LesionRules rules;
  rules.ras_from_voxel = translation({-10, 20, 30}) * scaling({-2, 1, 5});
  rules.template_from_native = translation({1, 2, 3});
  const auto lesions = find_lesions(mask, map, rules);
  ASSERT_EQ(lesions.size(), 1u);
  EXPECT_EQ(lesions[0].voxels, 3);
  EXPECT_NEAR(lesions[0].ml, 0.03, 1e-12);
  EXPECT_NEAR(lesions[0].peak, 0.7, 1e-6);
  EXPECT_EQ(lesions[0].centre_mm, (Point3{-20, 23, 40}));
  EXPECT_EQ(lesions[0].peak_mm, (Point3{-20, 23, 40}));
  EXPECT_EQ(*lesions[0].template_mm, (Point3{-19, 25, 43}));
  EXPECT_EQ(lesions[0].extent_mm, (Point3{6, 1, 5}));
}

TEST(LesionTable, BeginsWithTheHighestPeakThenTheLarger) {
  Tensor mask = empty_mask(), map = at::zeros({6, 7, 8});
  mask[0][0][0] = 1;
  mask[2][2].narrow(0, 0, 2).fill_(1);
  mask[5][6].narrow(0, 2, 4).fill_(1);
  map[0][0][0] = 1;
  map[2][2][0] = map[5][6][3] = 2;
  const auto lesions = find_lesions(mask, map, {});
  ASSERT_EQ(lesions.size(), 3u);
  EXPECT_EQ(lesions[0].voxels, 4);
  EXPECT_EQ(lesions[1].voxels, 2);
  EXPECT_EQ(lesions[2].voxels, 1);
}

TEST(LesionTable, ErasesWhatIsTooSmallAndNothingElse) {
  Tensor mask = empty_mask();
  mask[0][0][0] = 1;
  mask[3].narrow(0, 2, 2).narrow(1, 2, 2).fill_(1);
  LesionRules rules;
  rules.min_ml = 0.002;
  EXPECT_EQ(find_lesions(mask, at::ones({6, 7, 8}), rules).size(), 1u);
  EXPECT_EQ(mask[0][0][0].item<int>(), 0);
  EXPECT_EQ(mask.sum().item<int>(), 4);
}

TEST(MapSmoothing, KeepsTheSumAndHasTheAskedWidthInMillimetres) {
  Tensor map = at::zeros({41, 41, 41});
  map[20][20][20] = 1;
  smooth(map, {1, 2, 0.5}, 6);
  EXPECT_NEAR(map.sum().item<double>(), 1, 1e-4);
  const double peak = map[20][20][20].item<double>();
  EXPECT_NEAR(map[20][20][23].item<double>() / peak, 0.5, 1e-3);               // 3 mm along x
  EXPECT_NEAR(map[26][20][20].item<double>() / peak, 0.5, 1e-3);               // 3 mm along z
  EXPECT_NEAR(map[20][23][20].item<double>() / peak, std::pow(0.5, 4), 1e-3);  // 6 mm along y
}

TEST(MapSmoothing, LeavesAConstantMapAndAWidthOfZeroAlone) {
  Tensor map = at::full({5, 6, 7}, 0.3);
  smooth(map, {1, 1, 1}, 4);
  EXPECT_LT((map - 0.3).abs().max().item<double>(), 1e-6);
  Tensor noise = at::rand({5, 6, 7}), same = noise.clone();
  smooth(noise, {1, 1, 1}, 0);
  EXPECT_TRUE(at::equal(noise, same));
}

}  // namespace
}  // namespace thor
