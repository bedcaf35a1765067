// SPDX-License-Identifier: Apache-2.0
// PNG, JPEG and TIFF.
#include <gmock/gmock.h>
#include <png.h>

#include <filesystem>

#include "tests/unit/image/pictures.h"
#include "thor/base/log.h"

namespace thor::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Png, BringsEightBitsBackExactly) {
  const TemporaryFolder folder;
  write_png(folder / "a.png", pattern(9, 12) / 255, 8);
  const Image image = read_image(folder / "a.png");
  EXPECT_EQ(max_abs_diff(image.voxels[0], pattern(9, 12)), 0);
  EXPECT_EQ(image.full_scale, 255);
  EXPECT_FALSE(image.medical);
}

TEST(Png, BringsSixteenBitsBackExactly) {
  const TemporaryFolder folder;
  const at::Tensor values = pattern(9, 12) * 261;
  write_png(folder / "a.png", values / 65535, 16);
  const Image image = read_image(folder / "a.png");
  EXPECT_EQ(max_abs_diff(image.voxels[0], values), 0);
  EXPECT_EQ(image.full_scale, 65535);
}

TEST(Png, ClipsWhatLiesOutsideTheUnitRange) {
  const TemporaryFolder folder;
  write_png(folder / "a.png", at::tensor({-1.0f, 0.5f, 7.0f}).reshape({1, 3}), 8);
  EXPECT_EQ(max_abs_diff(read_image(folder / "a.png").voxels.flatten(), at::tensor({0.0f, 128.0f, 255.0f})), 0);
}

TEST(Png, OfOnePixelIsReadable) {
  const TemporaryFolder folder;
  write_png(folder / "a.png", at::full({1, 1}, 0.2), 8);
  EXPECT_EQ(read_image(folder / "a.png").voxels.item<float>(), 51);
}

TEST(Png, OfAHugeSizeIsRefusedFromItsHeader) {
  const TemporaryFolder folder;
  write_bytes(folder / "a.png", png_header(20000, 20000));
  EXPECT_THAT(story_of([&] { read_image(folder / "a.png"); }),
              AllOf(HasSubstr("20000 x 20000"), HasSubstr("64 million")));
}

TEST(Png, InColourIsReadAsLuminanceWithOneNote) {
  const TemporaryFolder folder;
  const Said said;
  at::Tensor colour = at::zeros({3, 2, 2});
  colour[0] = 1;
  colour[2] = 0.2;
  write_png_rgb(folder / "a.png", colour);
  const Image image = read_image(folder / "a.png");
  read_image(folder / "a.png");
  EXPECT_NEAR(image.voxels[0][1][1].item<float>(), 0.299 * 255 + 0.114 * 51, 1e-4);
  EXPECT_EQ(said.notes(), "colour pictures are read as their luminance\n");
}

TEST(Png, OfGrayStoredAsRgbKeepsItsExactValues) {
  const TemporaryFolder folder;
  write_png_rgb(folder / "a.png", (pattern(5, 6) / 255).expand({3, 5, 6}));
  EXPECT_EQ(max_abs_diff(read_image(folder / "a.png").voxels[0], pattern(5, 6)), 0);
}

TEST(Png, WithAPaletteIsReadThroughIt) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.png";
  png_image picture{};
  picture.version = PNG_IMAGE_VERSION;
  picture.width = 3;
  picture.height = 1;
  picture.format = PNG_FORMAT_RGB_COLORMAP;
  picture.colormap_entries = 3;
  const uint8_t colours[] = {10, 10, 10, 200, 200, 200, 90, 90, 90}, places[] = {2, 0, 1};
  ASSERT_TRUE(png_image_write_to_file(&picture, path.c_str(), 0, places, 0, colours)) << picture.message;
  EXPECT_EQ(max_abs_diff(read_image(path).voxels.flatten(), at::tensor({90.0f, 10.0f, 200.0f})), 0);
}

TEST(Png, ThatCannotBeWrittenLeavesNothingBehind) {
  const TemporaryFolder folder;
  EXPECT_THAT(story_of([&] { write_png(folder / "missing/a.png", pattern(4, 4) / 255, 8); }),
              HasSubstr("cannot write"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Jpeg, InColourIsReadAsLuminance) {
  const TemporaryFolder folder;
  at::Tensor colour = at::zeros({16, 16, 3});  // [H,W,3]
  colour.select(2, 0).fill_(200);
  colour.select(2, 1).fill_(100);
  write_bytes(folder / "a.jpg", jpeg_of(colour));
  const Image image = read_image(folder / "a.jpg");
  EXPECT_NEAR(image.voxels.mean().item<float>(), 0.299 * 200 + 0.587 * 100, 1.5);
  EXPECT_EQ(image.full_scale, 255);
}

TEST(Jpeg, OfAHugeSizeIsRefusedFromItsHeader) {
  const TemporaryFolder folder;
  std::string bytes = jpeg_of(pattern(16, 16));
  const size_t frame = bytes.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  bytes.replace(frame + 5, 4, "\x4E\x20\x4E\x20");  // 20000 twice
  write_bytes(folder / "a.jpg", bytes);
  EXPECT_THAT(story_of([&] { read_image(folder / "a.jpg"); }), HasSubstr("20000 x 20000"));
}

Image read_tiff_of(const std::vector<TiffPage>& pages) {
  const TemporaryFolder folder;
  write_bytes(folder / "a.tiff", tiff_of(pages));
  return read_image(folder / "a.tiff");
}

TEST(Tiff, OfSixteenBitsKeepsThemAll) {
  const at::Tensor values = pattern(5, 6) * 261;
  const Image image = read_tiff_of({{6, 5, 16, 1, 1, 1, samples_of<uint16_t>(values)}});
  EXPECT_EQ(max_abs_diff(image.voxels[0], values), 0);
  EXPECT_EQ(image.full_scale, 65535);
}

TEST(Tiff, OfFloatsHasNoWhite) {
  const at::Tensor values = pattern(5, 6) / 100 - 1;
  const Image image = read_tiff_of({{6, 5, 32, 1, 3, 1, samples_of<float>(values)}});
  EXPECT_LT(max_abs_diff(image.voxels[0], values), 1e-6);
  EXPECT_EQ(image.full_scale, 0);
}

TEST(Tiff, OfThirtyTwoBitIntegersIsNotTakenForBytes) {
  const at::Tensor values = pattern(5, 6) * 1000 - 7000;
  EXPECT_EQ(max_abs_diff(read_tiff_of({{6, 5, 32, 1, 2, 1, samples_of<int32_t>(values)}}).voxels[0], values), 0);
}

TEST(Tiff, ThatCountsFromWhiteIsTurnedRound) {
  const Image image = read_tiff_of({{6, 5, 8, 1, 1, 0, samples_of<uint8_t>(pattern(5, 6))}});
  EXPECT_EQ(max_abs_diff(image.voxels[0], at::rsub(pattern(5, 6), 255)), 0);
}

TEST(Tiff, WithNanIsRefused) {
  at::Tensor values = pattern(5, 6);
  values[2][2] = NAN;
  EXPECT_THAT(story_of([&] { read_tiff_of({{6, 5, 32, 1, 3, 1, samples_of<float>(values)}}); }), HasSubstr("NaN"));
}

TEST(Tiff, OfSeveralPagesIsAVolume) {
  const auto page = [](int64_t z) {
    return TiffPage{6, 5, 8, 1, 1, 1, samples_of<uint8_t>(pattern(5, 6).add(z).remainder(251))};
  };
  const TemporaryFolder folder;
  write_bytes(folder / "a.tif", tiff_of({page(0), page(1), page(2)}));
  const Image image = read_scan(folder / "a.tif");
  ASSERT_EQ(image.voxels.size(0), 3);
  for (int64_t z = 0; z < 3; ++z) EXPECT_EQ(max_abs_diff(image.voxels[z], pattern(5, 6).add(z).remainder(251)), 0) << z;
  EXPECT_THAT(story_of([&] { read_image(folder / "a.tif"); }), HasSubstr("3 slices"));
}

TEST(Tiff, WhosePagesDifferIsRefused) {
  const TiffPage page{6, 5, 8, 1, 1, 1, samples_of<uint8_t>(pattern(5, 6))};
  const TiffPage other{5, 6, 8, 1, 1, 1, samples_of<uint8_t>(pattern(6, 5))};
  const TemporaryFolder folder;
  write_bytes(folder / "a.tif", tiff_of({page, other}));
  EXPECT_THAT(story_of([&] { read_scan(folder / "a.tif"); }), HasSubstr("page 2 differs"));
}

TEST(Tiff, OfAHugeSizeIsRefusedFromItsHeader) {
  EXPECT_THAT(story_of([] { read_tiff_of({{20000, 20000, 8, 1, 1, 1, "abc"}}); }), HasSubstr("20000 x 20000"));
}

}  // namespace
}  // namespace thor::test
