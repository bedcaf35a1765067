// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/restoration.h"

#include <cmath>
#include <cstdlib>

#include "tests/support.h"
#include "thor/base/random.h"

namespace thor {
namespace {

Tensor texture(uint64_t seed, int64_t side) {
  Random random({seed, 0, 0, Purpose::Sample, 0});
  Tensor pixels = at::empty({side, side});
  random.fill_normal(pixels.data_ptr<float>(), static_cast<size_t>(pixels.numel()));
  return (pixels * 0.1 + 0.5).clamp(0.1, 1);
}

Tensor square_at(int64_t corner, int64_t size, int64_t side) {
  Tensor mask = at::zeros({side, side});
  mask.narrow(0, corner, size).narrow(1, corner, size).fill_(1);
  return mask;
}

/// Without LPIPS weights, wherever this runs.
class Restoring : public testing::Test {
 protected:
  Restoring() { ::setenv("THOR_HOME", home_.path().c_str(), 1); }
  ~Restoring() override { ::unsetenv("THOR_HOME"); }
  test::TemporaryFolder home_;
};

TEST_F(Restoring, OnlyTissueOutsideTheLesionCounts) {
  const Tensor image = texture(1, 40), lesion = square_at(10, 8, 40);
  const Tensor healed = at::where(lesion.gt(0), at::zeros_like(image), image);
  const CaseRestoration result = RestorationMeter().measure(image, healed, lesion);
  EXPECT_EQ(result.mae, 0);
  EXPECT_NEAR(result.ssim, 1, 1e-6);
  EXPECT_EQ(result.changed_share, 0);
  EXPECT_LT(RestorationMeter().measure(image, healed, at::zeros_like(lesion)).ssim, 0.99);
}

TEST_F(Restoring, FalseRestorationIsTheShareOfTheHeadThatChangedVisibly) {
  const Tensor head = square_at(8, 16, 32), image = head * 0.5;
  Tensor restored = image.clone();
  restored.narrow(0, 8, 4).narrow(1, 8, 16).add_(0.2);    // a quarter of the head
  restored.narrow(0, 20, 4).narrow(1, 8, 16).add_(0.05);  // too little to show
  restored.narrow(0, 0, 4).add_(0.3);                     // background
  const CaseRestoration result = RestorationMeter().measure(image, restored, at::zeros({32, 32}));
  EXPECT_DOUBLE_EQ(result.changed_share, 0.25);
  EXPECT_NEAR(result.mae, (64 * 0.2 + 64 * 0.05 + 128 * 0.3) / 1024, 1e-6);
}

TEST(ChangedShare, CountsHealthyPixelsInsideTheDarkBorderOnly) {
  Tensor image = at::zeros({4, 4}), lesion = at::zeros({4, 4});
  image.narrow(0, 0, 2).fill_(0.5);  // 8 pixels of tissue ...
  lesion[0][0] = 1;                  // ... 7 of them healthy
  Tensor restored = image.clone();
  restored[0][0] = 0;     // the lesion: wanted
  restored[0][1] = 0.8;   // counts
  restored[0][2] = 0.55;  // too little
  restored[3][3] = 0.9;   // background
  EXPECT_NEAR(changed_share(image, restored, lesion), 1.0 / 7, 1e-12);
  EXPECT_TRUE(std::isnan(changed_share(image, restored, at::ones({4, 4}))));
}

TEST_F(Restoring, DarkVentriclesBelongToTheHeadAndTheDarkAroundItDoesNot) {
  Tensor image = square_at(8, 16, 32) * 0.5;
  image.narrow(0, 14, 4).narrow(1, 14, 4).fill_(0);
  EXPECT_TRUE(at::equal(inside_dark_border(image), square_at(8, 16, 32).gt(0)));
}

TEST_F(Restoring, WhatCannotBeMeasuredIsUndefinedAndNotZero) {
  const Tensor image = texture(1, 40);
  EXPECT_TRUE(std::isnan(RestorationMeter().measure(image, image, at::zeros({40, 40})).lpips_alex));
  EXPECT_TRUE(std::isnan(RestorationMeter().measure(image, image, at::ones({40, 40})).mae));
}

TEST_F(Restoring, ImportedLpipsWeightsAreUsedOutsideTheLesionOnly) {
  const std::string weights = test::shared_dir() + "/weights/lpips_alex_v0.1_f16.safetensors";
  if (!std::filesystem::exists(weights)) GTEST_SKIP() << "no LPIPS weights at " << weights;
  std::filesystem::copy_file(weights, home_ / "lpips-alex.safetensors");
  const Tensor image = texture(1, 64), restored = texture(2, 64);
  Tensor lesion = at::zeros({64, 64});
  lesion.narrow(0, 0, 32).fill_(1);
  const Tensor distance =
      load_lpips(weights).spatial(image.view({1, 1, 64, 64}), restored.view({1, 1, 64, 64}))[0][0].narrow(0, 32, 32);
  const double found = RestorationMeter().measure(image, restored, lesion).lpips_alex;
  EXPECT_GT(found, 0.01);
  EXPECT_NEAR(found, distance.mean().item<double>(), 1e-6);
}

}  // namespace
}  // namespace thor
