// SPDX-License-Identifier: Apache-2.0
// TIFF beyond plain strips of 8 and 16 bit (picture_test.cpp).
#include <gmock/gmock.h>

#include <cstring>
#include <filesystem>

#include "tests/said.h"
#include "tests/unit/image/pictures.h"
#include "tests/unit/image/tiff_file.h"

namespace thor::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Image read_back(const std::vector<TiffSpec>& pages, const char* mode = "w", const ScanChoice& choice = {}) {
  const TemporaryFolder folder;
  write_tiff(folder / "a.tif", pages, mode);
  return read_scan(folder / "a.tif", choice);
}

/// [H,W] of a single slice.
at::Tensor slice_of(const TiffSpec& page, const char* mode = "w") { return read_back({page}, mode).voxels[0]; }

constexpr int kDeflate = 8, kLzw = 5;

TEST(Tiff, InTilesKeepsEveryBitAndDropsWhatPadsThem) {
  const at::Tensor values = pattern(37, 50) * 261;
  TiffSpec page{values, 16};
  page.tile = 16;
  EXPECT_EQ(max_abs_diff(slice_of(page), values), 0);
  EXPECT_EQ(max_abs_diff(slice_of(page, "wb"), values), 0);
  EXPECT_EQ(max_abs_diff(slice_of(page, "w8"), values), 0);
  page.compression = kDeflate, page.predictor = 2;
  EXPECT_EQ(max_abs_diff(slice_of(page), values), 0);
  TiffSpec small{pattern(37, 50)};
  small.tile = 32, small.compression = kLzw;
  EXPECT_EQ(max_abs_diff(slice_of(small), pattern(37, 50)), 0);
}

TEST(Tiff, WhoseChannelsLieInPlanesIsTheSameAsWithChannelsTogether) {
  const at::Tensor one = pattern(11, 9);
  const at::Tensor colours = at::stack({one, one * 0.5, at::rsub(one, 250)}, 2).floor();
  const at::Tensor expected =
      colours.select(2, 0) * 0.299 + colours.select(2, 1) * 0.587 + colours.select(2, 2) * 0.114;
  for (const int bits : {8, 16})
    for (const int tile : {0, 16})
      for (const bool planes : {false, true}) {
        TiffSpec page{colours, bits};
        page.colours = 2, page.tile = tile, page.planes = planes;
        EXPECT_LT(max_abs_diff(slice_of(page), expected), 1e-3) << bits << " bits, tiles of " << tile << planes;
      }
}

TEST(Tiff, OfHalfFloatsKeepsTheirValues) {
  const at::Tensor values = pattern(5, 6) / 4 - 20;
  EXPECT_EQ(max_abs_diff(slice_of({values, 16, 3}), values), 0);
  EXPECT_EQ(max_abs_diff(slice_of({values, 16, 3}, "wb"), values), 0);
}

TEST(Tiff, OfSignedNumbersKeepsTheirSign) {
  const at::Tensor values = pattern(5, 6) * 8 - 1024;
  EXPECT_EQ(max_abs_diff(slice_of({values, 16, 2}), values), 0);
}

TEST(Tiff, OfTwelvePackedBitsIsUnpacked) {
  const at::Tensor values = pattern(5, 6) * 16 + 5;
  const Image image = read_back({{values, 12}});
  EXPECT_EQ(max_abs_diff(image.voxels[0], values), 0);
  EXPECT_EQ(image.full_scale, 4095);
}

TEST(Tiff, IsTurnedAsItsOrientationSaysWhateverItsKind) {
  const at::Tensor v = pattern(7, 10);
  const std::vector<at::Tensor> upright{v,     v.flip({1}),     v.flip({0, 1}),     v.flip({0}),
                                        v.t(), v.t().flip({1}), v.t().flip({0, 1}), v.t().flip({0})};
  const at::Tensor grays = at::arange(256).view({256, 1}).expand({256, 3});
  for (int orientation = 1; orientation <= 8; ++orientation) {
    std::vector<TiffSpec> kinds{{v, 8}, {v, 16}, {v, 32, 3}, {v, 16, 3}, {v, 8}, {v, 16}, {v, 8}, {v, 8}};
    kinds[4].tile = kinds[5].tile = 16;
    kinds[6].colours = 3, kinds[6].palette = grays;
    kinds[7] = {v.unsqueeze(2).expand({7, 10, 3}), 8};
    kinds[7].colours = 2, kinds[7].planes = true;
    for (size_t i = 0; i < kinds.size(); ++i) {
      kinds[i].orientation = orientation;
      const Image image = read_back({kinds[i], kinds[i]});
      for (int64_t page = 0; page < 2; ++page)
        EXPECT_EQ(max_abs_diff(image.voxels[page], upright[orientation - 1]), 0) << orientation << ", kind " << i;
    }
  }
}

TEST(Tiff, PaintedByLibtiffIsTurnedOnce) {
  const at::Tensor bits = pattern(16, 16).gt(120).to(at::kFloat);  // [H,W], 0 or 1
  const at::Tensor packed = (bits.view({16, 2, 8}) * at::pow(2, at::arange(7, -1, -1, at::kFloat))).sum(2);
  std::string file = tiff_of({{16, 16, 1, 1, 1, 1, samples_of<uint8_t>(packed)}});
  const TemporaryFolder folder;
  write_bytes(folder / "a.tif", file);
  EXPECT_EQ(max_abs_diff(read_image(folder / "a.tif").voxels[0], bits * 255), 0);
  // The tag of the sample format, which means nothing here, becomes the orientation; tags must rise.
  const size_t tag = file.find(std::string("\x53\x01\x03\x00", 4)),
               strips = file.find(std::string("\x11\x01\x04\x00", 4));
  ASSERT_NE(tag, std::string::npos);
  const std::string orientation{"\x12\x01\x03\x00\x01\x00\x00\x00\x04\x00\x00\x00", 12};
  file.erase(tag, 12).insert(strips + 12, orientation);
  write_bytes(folder / "a.tif", file);
  EXPECT_EQ(max_abs_diff(read_image(folder / "a.tif").voxels[0], bits.flip({0}) * 255), 0);
}

TEST(Tiff, WithThumbnailsHasOnlyItsOwnPages) {
  TiffSpec thumbnail{pattern(3, 3)}, mask{pattern(9, 12)};
  thumbnail.subfile = 1, mask.subfile = 4;
  const at::Tensor values = pattern(9, 12) * 100;
  for (const std::vector<TiffSpec>& pages :
       {std::vector<TiffSpec>{{values, 16}, thumbnail}, {thumbnail, {values, 16}, mask}})
    EXPECT_EQ(max_abs_diff(read_back(pages).voxels, values.unsqueeze(0)), 0);
  EXPECT_EQ(max_abs_diff(read_back({thumbnail}).voxels[0], pattern(3, 3)), 0);
}

TEST(Tiff, OfAColourPaletteKnowsItsClasses) {
  at::Tensor palette = at::zeros({256, 3});
  palette[1][0] = palette[2][1] = 128;
  TiffSpec page{pattern(5, 6).remainder(3)};
  page.colours = 3, page.palette = palette;
  const Image image = read_back({page});
  ASSERT_TRUE(image.labels.defined());
  EXPECT_EQ(max_abs_diff(image.labels[0], pattern(5, 6).remainder(3)), 0);
  EXPECT_NEAR(image.voxels.max().item<float>(), 0.587 * 128, 1e-3);
  page.palette = at::arange(256).view({256, 1}).expand({256, 3});
  EXPECT_FALSE(read_back({page}).labels.defined());
}

TEST(Tiff, WithAlphaIsSeenOnBlack) {
  at::Tensor samples = at::full({4, 4, 2}, 200, at::kFloat);
  samples[0].select(1, 1).fill_(0);
  TiffSpec page{samples};
  page.alpha = 2;
  samples.slice(0, 1).select(2, 1).fill_(255);
  const Image image = read_back({page});
  EXPECT_EQ(image.voxels[0][0].max().item<float>(), 0);
  EXPECT_EQ(image.voxels[0].slice(0, 1).min().item<float>(), 200);
  EXPECT_EQ(image.opacity[0].sum().item<float>(), 12);
}

/// An ImageJ stack whose one page is followed by the others' samples.
std::string one_page_stack(const std::string& description, const at::Tensor& volume) {
  const TemporaryFolder folder;
  TiffSpec page{volume[0], 16};
  page.description = description;
  write_tiff(folder / "a.tif", {page}, "w");
  // libtiff writes the directory behind the samples; the samples of all images are put behind it again.
  std::string file = read_bytes(folder / "a.tif");
  const size_t strips = file.find(std::string("\x11\x01", 2), 8);
  EXPECT_NE(strips, std::string::npos);
  const auto height = volume.size(1), row = volume.size(2) * 2;
  uint32_t offsets_at = 0;
  std::memcpy(&offsets_at, &file[strips + 8], 4);
  const auto samples_at = static_cast<uint32_t>(file.size());
  for (uint32_t i = 0; i < (height + 2) / 3; ++i)
    file = patched(file, offsets_at + 4 * i, uint32_t(samples_at + 3 * row * i));
  return file + samples_of<uint16_t>(volume);
}

TEST(Tiff, OfImageJWithOnePageHoldsAllOfItsImages) {
  const at::Tensor volume =
      at::stack({pattern(6, 5), pattern(6, 5) + 1000, pattern(6, 5) + 2000, pattern(6, 5) + 3000});
  const TemporaryFolder folder;
  write_bytes(folder / "a.tif", one_page_stack("ImageJ=1.53\nimages=4\nslices=4\n", volume));
  EXPECT_EQ(max_abs_diff(read_scan(folder / "a.tif").voxels, volume), 0);
  const std::string channels = one_page_stack("ImageJ=1.53\nimages=4\nchannels=2\nslices=2\n", volume);
  write_bytes(folder / "b.tif", channels);
  EXPECT_THAT(story_of([&] { read_scan(folder / "b.tif"); }), HasSubstr("2 frames"));
  EXPECT_EQ(max_abs_diff(read_scan(folder / "b.tif", {1, ""}).voxels, at::stack({volume[1], volume[3]})), 0);
  write_bytes(folder / "c.tif", channels.substr(0, channels.size() - 1));
  EXPECT_THAT(story_of([&] { read_scan(folder / "c.tif"); }),
              AllOf(HasSubstr("announces 4 images"), HasSubstr("after 3")));
}

TEST(Tiff, WithADescriptionOfImagesThatAreNotThereIsReadWithAWarning) {
  TiffSpec page{pattern(6, 5)};
  page.description = "ImageJ=1.53\nimages=20\nslices=20\n";
  const Said said;
  EXPECT_EQ(max_abs_diff(slice_of(page), pattern(6, 5)), 0);
  EXPECT_THAT(said.warnings(), AllOf(HasSubstr("20 images"), HasSubstr("has 1")));
}

TEST(Tiff, OfSeveralChannelsOrTimePointsNeedsAChoice) {
  std::vector<TiffSpec> pages;
  for (int i = 0; i < 6; ++i) pages.push_back({pattern(4, 5) + i});
  pages[0].description =
      "<?xml version=\"1.0\"?><OME xmlns=\"x\"><Image><Pixels DimensionOrder=\"XYZCT\" SizeX=\"5\" SizeY=\"4\" "
      "SizeZ=\"3\" SizeC=\"2\" SizeT=\"1\" Type=\"uint8\"></Pixels></Image></OME>";
  EXPECT_THAT(story_of([&] { read_back(pages); }), HasSubstr("2 frames"));
  const at::Tensor second = read_back(pages, "w", {1, ""}).voxels;
  EXPECT_EQ(max_abs_diff(second, at::stack({pattern(4, 5) + 3, pattern(4, 5) + 4, pattern(4, 5) + 5})), 0);
  pages[0].description = "ImageJ=1.53\nimages=8\nchannels=2\nslices=4\n";
  EXPECT_THAT(story_of([&] { read_back(pages); }), AllOf(HasSubstr("2 channels"), HasSubstr("6 pages")));
}

TEST(Tiff, OfAKindThatIsNotReadIsCalledByItsKind) {
  const auto story = [](const TiffSpec& page) { return story_of([&] { read_back({page}); }); };
  EXPECT_THAT(story({pattern(4, 5).unsqueeze(2).expand({4, 5, 6}), 16}), HasSubstr("6 channels"));
  EXPECT_THAT(story({pattern(4, 6).unsqueeze(2).expand({4, 6, 2}), 32, 6}), HasSubstr("complex"));
}

}  // namespace
}  // namespace thor::test
