// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cmath>

#include "tests/support.h"
#include "thor/eval/evaluation.h"
#include "thor/eval/map_set.h"
#include "thor/image/image.h"

namespace thor {
namespace {

using testing::HasSubstr;

/// Images of 64 x 64 pixels with a mask on disk, and a set of maps on a grid of 32.
class EvaluatingASet : public testing::Test {
 protected:
  static Tensor square(int64_t side, int64_t grid) {
    Tensor mask = at::zeros({grid, grid});
    mask.narrow(0, 4, side).narrow(1, 8, side).fill_(1);
    return mask;
  }
  void add_row(const std::string& name, const Tensor& mask) {
    write_png(folder_ / (name + ".png"), at::rand({64, 64}), 8);
    write_png(folder_ / (name + "_mask.png"), mask, 8);
    rows_.push_back({folder_ / (name + ".png"), folder_ / (name + "_mask.png"), "", name, 0});
  }
  void add_map(const std::string& name, const Tensor& map, double score) {
    set_.names.push_back(name);
    set_.scores.push_back(score);
    maps_.push_back(map);
  }
  Evaluation evaluate_now() {
    set_.maps = at::stack(maps_);
    set_.network_calls = calls_;
    set_.images = at::full_like(set_.maps, 0.5);
    set_.pseudo_healthy = at::full_like(set_.maps, 0.25);
    return evaluate_set(set_, rows_, {}, {{"half", 0.5}});
  }

  test::TemporaryFolder folder_;
  MapSet set_;
  std::vector<SplitRow> rows_;
  std::vector<Tensor> maps_;
  int64_t calls_ = 1;
};

TEST_F(EvaluatingASet, MapsMeetTheirMasksByNameOnTheNetworksGrid) {
  add_row("b", at::zeros({64, 64}));
  add_row("a", at::upsample_nearest2d(square(5, 32).view({1, 1, 32, 32}), {64, 64})[0][0]);
  add_map("a", square(5, 32) * 0.75, 0.9);
  add_map("b", at::zeros({32, 32}), 0.1);
  const Evaluation result = evaluate_now();
  const GroupScores& all = result.groups.back();
  EXPECT_EQ(all.cases, 2);
  EXPECT_EQ(all.thresholds[1].pooled_dice.mean, 1);
  EXPECT_EQ(result.cases[1].name, "a");
  EXPECT_EQ(result.cases[1].lesion_pixels, 400);
  EXPECT_EQ(result.cases[1].group, "medium");
  EXPECT_EQ(result.image_auroc, 1);
  EXPECT_DOUBLE_EQ(result.restoration.mae.mean, 0.25);
  EXPECT_TRUE(result.left_out.empty());
  calls_ = 0;  // no network, nothing restored
  EXPECT_TRUE(std::isnan(evaluate_now().restoration.mae.mean));
}

TEST_F(EvaluatingASet, ASliceThatWasTurnedForTheNetworkMeetsItsMaskTurnedAlike) {
  const Tensor seen = at::upsample_nearest2d(square(5, 32).view({1, 1, 32, 32}), {64, 64})[0][0];
  Geometry upside_down;  // y grows towards the front: the first row is the back of the head
  upside_down.ras_from_voxel = translation({-32, -30, 23});
  write_nifti(folder_ / "a.nii.gz", at::rand({64, 64}), upside_down);
  write_nifti(folder_ / "a_mask.nii.gz", seen.flip(0), upside_down);
  rows_.push_back({folder_ / "a.nii.gz", folder_ / "a_mask.nii.gz", "", "a", 0});
  add_map("a", square(5, 32) * 0.75, 0.9);
  set_.about = JsonText(R"({"steps":["{step: reorient, to: RPS}"]})");
  EXPECT_EQ(evaluate_now().groups.back().thresholds[1].pooled_dice.mean, 1);
  set_.about = JsonText(R"({"steps":["{step: reorient, to: RAS}"]})");
  EXPECT_LT(evaluate_now().groups.back().thresholds[1].pooled_dice.mean, 0.5);
}

TEST_F(EvaluatingASet, FailuresMissingMapsAndStrangersAreNamed) {
  for (const char* name : {"good", "failed", "missing"}) add_row(name, square(20, 64));
  add_row("torn", square(10, 50));
  add_map("good", square(5, 32), 1);
  add_map("torn", square(5, 32), 1);
  add_map("stranger", square(5, 32), 1);
  set_.failed.push_back({folder_ / "failed.png", "the network's result is not finite"});
  const Evaluation result = evaluate_now();
  ASSERT_EQ(result.left_out.size(), 4u);
  EXPECT_EQ(result.left_out[0].reason, "the network's result is not finite");
  EXPECT_THAT(result.left_out[1].reason, HasSubstr("no map"));
  EXPECT_THAT(result.left_out[2].reason, HasSubstr("[50, 50]"));
  EXPECT_EQ(result.left_out[3].name, "stranger");
}

}  // namespace
}  // namespace thor
