// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/phantom.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/data/preprocess.h"
#include "thor/data/split.h"

namespace thor {
namespace {

using test::max_abs_diff;

struct Range {
  const char* group;
  double above, up_to;
};
constexpr Range kRanges[] = {{"small", 3, 71}, {"medium", 71, 570}, {"large", 570, 10000}};

TEST(Phantom, IsTheSameForTheSameNumbersAndAnotherForOthers) {
  const Tensor first = make_phantom(64, 1, 5, "").image;
  EXPECT_EQ(max_abs_diff(first, make_phantom(64, 1, 5, "").image), 0);
  EXPECT_GT(max_abs_diff(first, make_phantom(64, 1, 6, "").image), 0.2);
  EXPECT_GT(max_abs_diff(first, make_phantom(64, 2, 5, "").image), 0.2);
}

TEST(Phantom, IsABrightHeadWithDarkVentriclesOnADarkGround) {
  for (int64_t index = 0; index < 4; ++index) {
    const Phantom phantom = make_phantom(128, 3, index, "");
    EXPECT_GE(phantom.image.min().item<float>(), 0);
    EXPECT_LE(phantom.image.max().item<float>(), 1);
    EXPECT_EQ(phantom.mask.sum().item<float>(), 0);
    const Tensor corner = phantom.image.narrow(0, 0, 8).narrow(1, 0, 8);
    const Tensor centre = phantom.image.narrow(0, 44, 40).narrow(1, 44, 40);
    EXPECT_LT(corner.mean().item<double>(), 0.06);
    EXPECT_GT(centre.median().item<double>(), 0.5);
    EXPECT_GT(centre.lt(0.3).to(at::kFloat).mean().item<double>(), 0.04);
  }
}

TEST(Phantom, LesionsHaveTheSizeOfTheirGroupOnThe128Grid) {
  for (const int64_t size : {64, 128, 200})
    for (const Range& range : kRanges)
      for (int64_t index = 0; index < 3; ++index) {
        const Phantom phantom = make_phantom(size, 0, index, range.group);
        const double pixels = mask_to_network_grid(phantom.mask, 128).sum().item<double>();
        EXPECT_GT(pixels, range.above) << size << range.group << index;
        EXPECT_LE(pixels, range.up_to) << size << range.group << index;
      }
}

TEST(Phantom, LesionsAreSeenAndTheRestOfTheSubjectStaysAsItWas) {
  for (const Range& range : kRanges) {
    const Phantom healthy = make_phantom(128, 4, 7, ""), ill = make_phantom(128, 4, 7, range.group);
    const Tensor change = (ill.image - healthy.image).abs();
    const Tensor near = at::max_pool2d(ill.mask.unsqueeze(0), {3, 3}, {1, 1}, {1, 1})[0];
    EXPECT_GT((change * ill.mask).sum().item<double>() / ill.mask.sum().item<double>(), 0.08) << range.group;
    EXPECT_EQ((change * (1 - near)).max().item<float>(), 0) << range.group;
  }
}

TEST(Phantom, RefusesUnknownLesionsAndSizes) {
  EXPECT_THROW(make_phantom(64, 0, 0, "huge"), Error);
  EXPECT_THROW(make_phantom(16, 0, 0, ""), Error);
}

TEST(Phantoms, AreWrittenWithListsThatReadBack) {
  const test::TemporaryFolder folder;
  PhantomConfig config;
  config.size = 64;
  config.train = 2;
  config.val = 1;
  config.test = 4;
  write_phantoms(folder.path(), config);
  const auto train = read_split(folder / "train.csv"), cases = read_split(folder / "test.csv");
  ASSERT_EQ(train.size(), 2u);
  EXPECT_EQ(train[0].mask, "");
  EXPECT_EQ(read_split(folder / "val.csv").size(), 1u);
  ASSERT_EQ(cases.size(), 4u);
  for (size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(cases[i].group, kRanges[i % 3].group);
    EXPECT_GT(read_image(cases[i].mask).voxels.sum().item<float>(), 0);
  }
  const Image image = read_image(train[1].image);
  EXPECT_EQ(image.full_scale, 255);
  EXPECT_LE(max_abs_diff(image.voxels[0] / 255, make_phantom(64, 0, 1, "").image), 0.5 / 255 + 1e-6);
}

}  // namespace
}  // namespace thor
