// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/painting.h"

#include <map>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/data/preprocess.h"
#include "thor/data/split.h"
#include "thor/image/image.h"
#include "thor/synth/painted_set.h"
#include "thor/synth/phantom.h"

namespace thor {
namespace {

using test::max_abs_diff;
using test::TemporaryFolder;

const Tensor& healthy_head() {
  static const Tensor image = make_phantom(160, 1, 0, "").image;
  return image;
}

StreamKey paint_key(uint64_t n) { return {n, 1, 0, Purpose::Paint, 0}; }

TEST(Painting, HasThePixelsOfItsGroupAndChangesTheImageAroundItsMaskOnly) {
  const std::map<std::string, std::pair<int64_t, int64_t>> ranges{
      {"small", {3, 71}}, {"medium", {71, 570}}, {"large", {570, 10000}}};
  for (const auto& [group, range] : ranges)
    for (uint64_t n = 0; n < 5; ++n) {
      const Painting painting = paint_healthy({}, healthy_head(), group, paint_key(n));
      EXPECT_EQ(painting.pixels128, mask_to_network_grid(painting.mask, 128).sum().item<int64_t>());
      EXPECT_GT(painting.pixels128, range.first);
      EXPECT_LE(painting.pixels128, range.second);
      const Tensor change = (painting.image - healthy_head()).abs();
      EXPECT_GT((change * painting.mask).sum().item<double>(), 0.9 * change.sum().item<double>() * 0.5);
      const Tensor far = at::max_pool2d(painting.mask.view({1, 1, 160, 160}), {21, 21}, {1, 1}, {10, 10})[0][0] == 0;
      EXPECT_EQ((change * far).max().item<double>(), 0);
    }
}

TEST(Painting, IsDarkOrBrightAsItsContrastSays) {
  PaintConfig config;
  config.contrast_min = 0.4;
  for (uint64_t n = 0; n < 10; ++n) {
    const Painting painting = paint_healthy(config, healthy_head(), "medium", paint_key(n));
    const double change = ((painting.image - healthy_head()) * painting.mask).sum().item<double>();
    EXPECT_EQ(change < 0, painting.contrast < 0);
    EXPECT_GE(std::abs(painting.contrast), 0.4);
  }
}

TEST(Painting, KeepsTheShareOfDarkLesions) {
  PaintConfig config;
  for (const double share : {0.0, 1.0}) {
    config.dark_share = share;
    for (uint64_t n = 0; n < 5; ++n)
      EXPECT_EQ(paint_healthy(config, healthy_head(), "small", paint_key(n)).contrast < 0, share == 1);
  }
}

TEST(Painting, DependsOnItsKeyAlone) {
  const Painting once = paint_healthy({}, healthy_head(), "medium", paint_key(4));
  const Painting again = paint_healthy({}, healthy_head(), "medium", paint_key(4));
  EXPECT_TRUE(at::equal(once.image, again.image));
  EXPECT_FALSE(at::equal(once.mask, paint_healthy({}, healthy_head(), "medium", paint_key(5)).mask));
}

TEST(Painting, RefusesAirAndUnknownGroups) {
  EXPECT_THROW(paint_healthy({}, at::zeros({64, 64}), "small", paint_key(0)), Error);
  EXPECT_THROW(paint_healthy({}, healthy_head(), "huge", paint_key(0)), Error);
  PaintConfig config;
  config.groups = {"tiny"};
  EXPECT_THROW(config.check(), Error);
  config.groups = {"small", "small"};
  EXPECT_THROW(config.check(), Error);
}

/// Two healthy phantoms with a list.
std::string healthy_list(const TemporaryFolder& folder) {
  make_folder(folder / "healthy");
  for (int64_t i = 0; i < 2; ++i)
    write_png(folder / ("healthy/" + std::to_string(i) + ".png"), make_phantom(96, 2, i, "").image, 8);
  write_text_atomically(folder / "healthy.csv", "image\nhealthy/0.png\nhealthy/1.png\n");
  return folder / "healthy.csv";
}

TEST(PaintedSet, IsASplitWithOneCaseForEveryImageAndGroup) {
  const TemporaryFolder folder;
  const std::string index = write_painted_set({healthy_list(folder), folder / "set", {}, 3});
  const std::vector<SplitRow> rows = read_split(index);
  ASSERT_EQ(rows.size(), 6u);
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].group, PaintConfig().groups[i % 3]);
    const Image image = read_image(rows[i].image), mask = read_image(rows[i].mask);
    EXPECT_EQ(image.voxels.sizes(), mask.voxels.sizes());
    EXPECT_EQ(image.full_scale, 255);
    EXPECT_GT(mask.voxels.sum().item<double>(), 0);
  }
}

TEST(PaintedSet, IsTheSameForTheSameSeedWhateverElseIsInTheList) {
  const TemporaryFolder folder;
  const std::string list = healthy_list(folder);
  write_painted_set({list, folder / "a", {}, 3});
  write_text_atomically(folder / "one.csv", "image\nhealthy/1.png\n");
  PaintConfig medium_only;
  medium_only.groups = {"medium"};
  write_painted_set({folder / "one.csv", folder / "b", medium_only, 3});
  write_painted_set({folder / "one.csv", folder / "c", {}, 4});
  const auto pixels = [&](const char* set) { return read_image(folder / (std::string(set) + "/images/1_medium.png")); };
  EXPECT_TRUE(at::equal(pixels("a").voxels, pixels("b").voxels));
  EXPECT_FALSE(at::equal(pixels("a").voxels, pixels("c").voxels));
}

TEST(PaintedSet, RefusesImagesThatHaveAMaskAlready) {
  const TemporaryFolder folder;
  const std::string painted = write_painted_set({healthy_list(folder), folder / "set", {}, 0});
  EXPECT_THROW(write_painted_set({painted, folder / "again", {}, 0}), Error);
}

}  // namespace
}  // namespace thor
