// SPDX-License-Identifier: Apache-2.0
#include "thor/data/brain_tissue.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support.h"
#include "tests/unit/data/steps_world.h"
#include "thor/base/error.h"

namespace thor {
namespace {

constexpr int64_t kSide = 32;
const std::vector<double> kLandmarks{0.02, 0.1, 0.25, 0.5, 0.75, 0.9};

Tensor square_brain() {
  Tensor brain = at::zeros({kSide, kSide}, at::kByte);
  brain.narrow(0, 6, 20).narrow(1, 6, 20).fill_(1);
  return brain;
}

/// A slice whose brain has gray values from `dark` to `bright`, in a skull of 0.95.
Tensor slice_from(double dark, double bright, uint64_t seed) {
  at::Generator generator = at::detail::createCPUGenerator(seed);
  const Tensor inside = dark + (bright - dark) * at::rand({kSide, kSide}, generator);
  return at::where(square_brain() > 0, inside, at::full({kSide, kSide}, 0.95)).to(at::kFloat);
}

/// Two heights, of which the higher one is darker.
Archive two_heights() {
  Archive archive;
  archive.preprocess.size = kSide;
  archive.volumes = 4;
  std::vector<Tensor> slices, brains;
  std::vector<float> z;
  for (uint64_t i = 0; i < 8; ++i) {
    const bool high = i % 2 == 1;
    slices.push_back(slice_from(0.2, high ? 0.6 : 0.8, i));
    brains.push_back(square_brain());
    z.push_back(high ? 40.0F : 10.0F);
  }
  archive.slices = at::stack(slices);
  archive.brain = at::stack(brains);
  archive.z_mm = at::tensor(z);
  return archive;
}

double median_of(const Tensor& slice) {
  return slice.narrow(0, 8, 16).narrow(1, 8, 16).flatten().median().item<double>();
}

TEST(BrainTissue, IsMeasuredAtEveryHeight) {
  const BrainTissue tissue = measure_tissue(two_heights());
  EXPECT_TRUE(tissue.z_mm.equal(at::tensor({10.0F, 40.0F})));
  EXPECT_TRUE(tissue.brain[0].equal(square_brain()));
  EXPECT_NEAR(tissue.quantiles[0][50].item<double>(), 0.5, 0.02);
  EXPECT_NEAR(tissue.quantiles[1][50].item<double>(), 0.4, 0.02);
  EXPECT_LT(tissue.quantiles.max().item<double>(), 0.81) << "the skull counted";
  EXPECT_EQ(tissue.level_at(-50), 0);
  EXPECT_EQ(tissue.level_at(26), 1);
  EXPECT_EQ(tissue.median[0][0][0].item<int>(), std::lround(0.95 * 255));
  EXPECT_EQ(tissue.deviation[0][0][0].item<int>(), 0);
  EXPECT_NEAR(tissue.deviation[0].narrow(0, 8, 16).narrow(1, 8, 16).to(at::kFloat).mean().item<double>() / 255, 0.16,
              0.04);
  EXPECT_NO_THROW(check_tissue(tissue, kSide));
}

TEST(BrainTissue, TakesASliceOfAnotherScannerToTheTrainingAndBack) {
  const BrainTissue tissue = measure_tissue(two_heights());
  const Tensor own = slice_from(0.2, 0.8, 99), foreign = own.pow(2) * 0.7;
  const ToneCurve curve = match_tissue(tissue, kLandmarks, {foreign}, {10});
  const Tensor matched = curve.apply(foreign);
  EXPECT_NEAR(median_of(matched), median_of(own), 0.04);  // linear between the landmarks
  EXPECT_LT((matched - own).abs().mean().item<double>(), 0.05);
  EXPECT_GT((foreign - own).abs().mean().item<double>(), 0.2);
  const Tensor back = curve.undo(matched);  // the skull is clipped at white and does not come back
  EXPECT_LT(test::max_abs_diff(back.narrow(0, 6, 20).narrow(1, 6, 20), foreign.narrow(0, 6, 20).narrow(1, 6, 20)),
            1e-4);
  EXPECT_TRUE(matched.ge(0).all().item<bool>() && matched.le(1).all().item<bool>());
}

TEST(BrainTissue, HardlyChangesASliceOfTheTrainingsKind) {
  const BrainTissue tissue = measure_tissue(two_heights());
  const Tensor own = slice_from(0.2, 0.6, 99);
  EXPECT_LT((match_tissue(tissue, kLandmarks, {own}, {40}).apply(own) - own).abs().mean().item<double>(), 0.02);
  Archive varied = two_heights();  // slices that differ as much as this one differs from their mean
  for (int64_t i = 0; i < 8; ++i) varied.slices[i] *= i < 4 ? 1.1 : 0.9;
  EXPECT_FALSE(match_tissue(measure_tissue(varied), kLandmarks, {own}, {40}).changes());
}

TEST(BrainTissue, MatchesAVolumeAsAWhole) {
  const BrainTissue tissue = measure_tissue(two_heights());
  const std::vector<Tensor> volume{slice_from(0.2, 0.8, 7) / 2, slice_from(0.2, 0.6, 8) / 2};
  const ToneCurve curve = match_tissue(tissue, kLandmarks, volume, {10, 40});
  EXPECT_NEAR(median_of(curve.apply(volume[0])), 0.5, 0.03);
  EXPECT_NEAR(median_of(curve.apply(volume[1])), 0.4, 0.03);
}

TEST(BrainTissue, ALesionMovesTheLandmarksOnlyALittle) {
  const BrainTissue tissue = measure_tissue(two_heights());
  Tensor sick = slice_from(0.2, 0.8, 99);
  sick.narrow(0, 8, 6).narrow(1, 8, 8).fill_(0.02);  // 12 % of the brain
  const Tensor matched = match_tissue(tissue, kLandmarks, {sick}, {10}).apply(sick);
  EXPECT_LT(matched.narrow(0, 9, 4).narrow(1, 9, 6).max().item<double>(), 0.25) << "the lesion is gone";
  EXPECT_NEAR(matched[20][20].item<double>(), sick[20][20].item<double>(), 0.1);
}

TEST(BrainTissue, AnEmptyScanAndOneWithoutContrastStayAsTheyAre) {
  const BrainTissue tissue = measure_tissue(two_heights());
  EXPECT_FALSE(match_tissue(tissue, kLandmarks, {at::zeros({kSide, kSide})}, {10}).changes());
  EXPECT_FALSE(match_tissue(tissue, kLandmarks, {at::full({kSide, kSide}, 0.4)}, {10}).changes());
  EXPECT_FALSE(match_tissue(tissue, {}, {slice_from(0.1, 0.3, 1)}, {10}).changes());
  EXPECT_FALSE(match_tissue({}, kLandmarks, {slice_from(0.1, 0.3, 1)}, {10}).changes());
}

TEST(BrainTissue, OfPicturesLiesWhereTheTemplateOfTheStepsHasIt) {
  Image mask = test::head();
  mask.voxels = mask.voxels.gt(20).to(at::kFloat) * 255;
  Archive archive;
  archive.preprocess.size = kSide;
  archive.preprocess.slices = {4, 4};
  archive.preprocess.steps =
      test::steps_of({"{step: register, template: head, mask: brain}",
                      "{step: resample, size: [64, 64, 32], corner: [-63, -63, -30], spacing: [2, 2, 2]}",
                      "{step: brain_mask, mask: brain, apply: false}", "{step: reorient, to: RPS}"});
  archive.templates["brain"] = {mask, grid_of(mask)};
  archive.slices = at::rand({6, kSide, kSide});
  archive.brain = at::zeros({6, kSide, kSide}, at::kByte);
  archive.z_mm = at::full({6}, NAN, at::kFloat);
  const BrainTissue tissue = measure_tissue(archive);
  EXPECT_TRUE(tissue.z_mm.equal(at::tensor({4.0F})));
  // The head's half axes are about 25 and 33 mm where it is brighter than 20; pixels are 4 mm wide.
  const double pixels = tissue.brain.sum().item<double>();
  EXPECT_NEAR(pixels, M_PI * 25 * 33 / 16, 35);
  EXPECT_EQ(tissue.brain[0][kSide / 2][kSide / 2].item<int>(), 1);
  archive.templates.clear();
  EXPECT_THROW(measure_tissue(archive), Error);
}

TEST(BrainTissue, ThatDoesNotFitIsRefused) {
  const BrainTissue good = measure_tissue(two_heights());
  EXPECT_THROW(check_tissue(good, kSide / 2), Error);
  const auto changed = [&](const char* part, const Tensor& to) {
    BrainTissue bad = good;
    for (const auto& [name, tensor] : bad.parts())
      if (std::string(name) == part) *tensor = to;
    return bad;
  };
  EXPECT_THROW(check_tissue(changed("z_mm", good.z_mm.flip({0})), kSide), Error);
  EXPECT_THROW(check_tissue(changed("brain", good.brain * 2), kSide), Error);
  EXPECT_THROW(check_tissue(changed("quantiles", good.quantiles.flip({1})), kSide), Error);
  EXPECT_THROW(check_tissue(changed("quantiles", good.quantiles + NAN), kSide), Error);
  EXPECT_THROW(check_tissue(changed("quantiles", good.quantiles.narrow(1, 0, 50)), kSide), Error);
  EXPECT_THROW(check_tissue(changed("spread", good.spread - 1), kSide), Error);
  EXPECT_THROW(check_tissue(changed("median", good.median.narrow(0, 0, 1)), kSide), Error);
  EXPECT_THROW(check_tissue(changed("deviation", good.deviation.to(at::kFloat)), kSide), Error);
}

}  // namespace
}  // namespace thor
