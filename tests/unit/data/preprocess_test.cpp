// SPDX-License-Identifier: Apache-2.0
#include "thor/data/preprocess.h"

#include <gmock/gmock.h>

#include "tests/support.h"
#include "thor/base/error.h"

namespace thor::test {
namespace {

Image image_of(const at::Tensor& slice, double full_scale) {
  Image image;
  image.voxels = slice.to(at::kFloat).unsqueeze(0);  // [1,H,W]
  image.full_scale = full_scale;
  image.path = "a.png";
  return image;
}

/// 0, 1, 2, ... over [height,width].
at::Tensor ramp(int64_t height, int64_t width) {
  return at::arange(height * width, at::kFloat).reshape({height, width});
}

PreprocessConfig config_of(int64_t size, Intensity intensity) {
  PreprocessConfig config;
  config.size = size;
  config.intensity = intensity;
  return config;
}

std::string story_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// A Gaussian blob at (y, x).
at::Tensor blob(int64_t height, int64_t width, double y, double x) {
  const at::Tensor rows = (at::arange(height, at::kFloat) - y).square().unsqueeze(1);
  const at::Tensor columns = (at::arange(width, at::kFloat) - x).square().unsqueeze(0);
  return at::exp(-(rows + columns) / 50);
}

double centre(const at::Tensor& picture, int64_t axis) {
  const at::Tensor profile = picture.sum(1 - axis);
  return ((profile * at::arange(profile.numel(), at::kFloat)).sum() / profile.sum()).item<double>();
}

TEST(Preprocess, DividesByTheWhiteOfTheFormat) {
  at::Tensor slice = at::zeros({16, 16});
  slice[3][4] = 51;
  const PreparedSlice prepared = preprocess(config_of(16, Intensity::FullRange), image_of(slice, 255));
  EXPECT_FLOAT_EQ(prepared.unit[3][4].item<float>(), 0.2f);
  EXPECT_EQ(prepared.white, 255);
}

TEST(Preprocess, KeepsUnitValuesOfAFormatWithoutWhite) {
  const at::Tensor slice = ramp(16, 16) / 255;
  EXPECT_LT(max_abs_diff(preprocess(config_of(16, Intensity::FullRange), image_of(slice, 0)).unit, slice), 1e-6);
}

TEST(Preprocess, DoesNotGuessTheWhiteOfAFormatWithoutOne) {
  EXPECT_THAT(story_of([] { preprocess(config_of(16, Intensity::FullRange), image_of(ramp(16, 16), 0)); }),
              testing::AllOf(testing::HasSubstr("0 to 255"), testing::HasSubstr("percentile")));
}

TEST(Preprocess, ASliceOfAScanIsToldToComeWithItsSeries) {
  Image slice = image_of(ramp(16, 16), 0);
  slice.medical = true;
  EXPECT_THAT(story_of([&] { preprocess(config_of(16, Intensity::FullRange), slice); }),
              testing::AllOf(testing::HasSubstr("single slice"), testing::HasSubstr("the folder with its series"),
                             testing::Not(testing::HasSubstr("percentile"))));
}

TEST(Preprocess, MakesTheChosenPercentileWhite) {
  PreprocessConfig config = config_of(10, Intensity::Percentile);
  config.percentile = 50;  // of 0..99: 49.5
  const PreparedSlice prepared = preprocess(config, image_of(ramp(10, 10), 65535));
  EXPECT_NEAR(prepared.unit[2][5].item<float>(), 25 / 49.5, 1e-6);
  EXPECT_EQ(prepared.unit[9][9].item<float>(), 1);
  EXPECT_DOUBLE_EQ(prepared.white, 49.5);
}

TEST(Preprocess, PercentileIsTheWristRecipeOfThePaper) {
  // 16 bit / 65536, above 1 the minimum, divided by the 98th percentile, clipped at 1.
  const at::Tensor slice = ramp(10, 10) * 400;
  const at::Tensor scaled = slice / 65536;
  const double p98 = scaled.flatten().quantile(0.98).item<double>();
  const at::Tensor recipe = (at::where(scaled.gt(1), scaled.min(), scaled) / p98).clamp_max(1);
  EXPECT_LT(max_abs_diff(preprocess(config_of(10, Intensity::Percentile), image_of(slice, 65535)).unit, recipe), 1e-6);
}

TEST(Preprocess, TakesTheMinimumForBlackWhereItIsNegative) {
  PreprocessConfig config = config_of(10, Intensity::Percentile);
  config.percentile = 100;
  const PreparedSlice prepared = preprocess(config, image_of(ramp(10, 10) - 40, 0));
  EXPECT_EQ(prepared.unit[0][0].item<float>(), 0);
  EXPECT_NEAR(prepared.unit[4][0].item<float>(), 40 / 99.0, 1e-6);
  EXPECT_EQ(prepared.black, -40);
  EXPECT_EQ(prepared.white, 59);
}

TEST(Preprocess, PadsWithTheMinimum) {
  const PreparedSlice prepared = preprocess(config_of(16, Intensity::FullRange), image_of(ramp(16, 8) + 51, 255));
  EXPECT_EQ(prepared.height, 16);
  EXPECT_EQ(prepared.width, 8);
  EXPECT_FLOAT_EQ(prepared.unit[7][0].item<float>(), 0.2f);
  EXPECT_FLOAT_EQ(prepared.unit[7][15].item<float>(), 0.2f);
}

TEST(Preprocess, RefusesAConstantImage) {
  EXPECT_THAT(story_of([] {
                preprocess(config_of(16, Intensity::FullRange), image_of(at::full({16, 16}, 7), 255));
              }),
              testing::HasSubstr("7 everywhere"));
}

TEST(Preprocess, RefusesAnImageTooSmallToSeeAnything) {
  EXPECT_THAT(story_of([] { preprocess(config_of(16, Intensity::FullRange), image_of(ramp(7, 20), 255)); }),
              testing::HasSubstr("20 x 7 pixels"));
}

TEST(Preprocess, RefusesANearlyEmptyImageWhosePercentileIsBlack) {
  at::Tensor slice = at::zeros({20, 20});
  slice[1][1] = 9;
  EXPECT_THAT(story_of([&] { preprocess(config_of(16, Intensity::Percentile), image_of(slice, 0)); }),
              testing::HasSubstr("nearly empty"));
}

TEST(Preprocess, LeavesItsInputAlone) {
  const Image image = image_of(ramp(20, 12), 255);
  const at::Tensor before = image.voxels.clone();
  preprocess(config_of(16, Intensity::Percentile), image);
  EXPECT_TRUE(at::equal(image.voxels, before));
}

TEST(ToNativeGrid, BringsABlobBackToWhereItWas) {
  for (const auto& [height, width] : {std::pair{233, 197}, {90, 61}, {61, 90}, {128, 128}, {301, 500}}) {
    const double y = 0.4 * height, x = 0.6 * width;
    const at::Tensor native = blob(height, width, y, x);
    const PreparedSlice prepared = preprocess(config_of(128, Intensity::FullRange), image_of(native, 1));
    const at::Tensor back = to_native_grid(prepared.unit, height, width);
    ASSERT_EQ(back.sizes(), native.sizes());
    EXPECT_NEAR(centre(back, 0), centre(native, 0), 0.5) << height << " x " << width;
    EXPECT_NEAR(centre(back, 1), centre(native, 1), 0.5) << height << " x " << width;
  }
}

TEST(ToNativeGrid, ChangesNothingWhereTheGridsAreTheSame) {
  const at::Tensor map = ramp(32, 32) / 1024;
  EXPECT_LT(max_abs_diff(to_native_grid(map, 32, 32), map), 1e-6);
}

TEST(ToNetworkGrid, TakesTheWayOfTheImageAndKeepsValuesAboveOne) {
  const at::Tensor map = ramp(90, 61) / ramp(90, 61).max();
  const at::Tensor unit = preprocess(config_of(64, Intensity::FullRange), image_of(map, 1)).unit;
  EXPECT_LT(max_abs_diff(to_network_grid(map, 64), unit), 1e-6);
  EXPECT_LT(max_abs_diff(to_network_grid(map * 3, 64), unit * 3), 1e-5);
}

TEST(MaskToNetworkGrid, LiesOnTheImageItBelongsTo) {
  const at::Tensor native = blob(233, 197, 90, 120);
  const at::Tensor mask = mask_to_network_grid(native.gt(0.5), 128);
  const at::Tensor unit = preprocess(config_of(128, Intensity::FullRange), image_of(native, 1)).unit;
  EXPECT_NEAR(centre(mask, 0), centre(unit, 0), 0.25);
  EXPECT_NEAR(centre(mask, 1), centre(unit, 1), 0.25);
}

TEST(MaskToNetworkGrid, HoldsOnlyZeroAndOne) {
  const at::Tensor mask = mask_to_network_grid(ramp(50, 30).gt(700).to(at::kFloat) * 255, 128);
  EXPECT_EQ(mask.sizes(), (std::vector<int64_t>{128, 128}));
  EXPECT_TRUE((mask.eq(0) | mask.eq(1)).all().item<bool>());
  EXPECT_GT(mask.sum().item<double>(), 0);
}

}  // namespace
}  // namespace thor::test
