// SPDX-License-Identifier: Apache-2.0
// JPEG and PNG: which way up, what libjpeg warns of, what is transparent.
#include <gmock/gmock.h>

#include "tests/said.h"
#include "tests/unit/image/pictures.h"
#include "thor/image/formats.h"

namespace thor::test {
namespace {

using testing::HasSubstr;

/// An EXIF block with an orientation among other tags.
std::string exif_of(uint8_t orientation, bool big) {
  std::string block = big ? std::string("MM\0*\0\0\0\x08\0\x02", 10) : std::string("II*\0\x08\0\0\0\x02\0", 10);
  const auto entry = [&](uint16_t tag, uint16_t value) {
    const auto two = [&](uint16_t v) {
      const char high = static_cast<char>(v >> 8), low = static_cast<char>(v);
      return big ? std::string{high, low} : std::string{low, high};
    };
    block += two(tag) + two(3) + (big ? std::string("\0\0\0\x01", 4) : std::string("\x01\0\0\0", 4)) + two(value) +
             std::string(2, '\0');
  };
  entry(256, 40);
  entry(274, orientation);
  return block + std::string(4, '\0');
}

int orientation_in(const std::string& block) {
  return exif_orientation(reinterpret_cast<const uint8_t*>(block.data()), block.size());
}

TEST(Exif, GivesTheOrientationInBothByteOrders) {
  for (const bool big : {false, true}) {
    EXPECT_EQ(orientation_in(exif_of(6, big)), 6);
    EXPECT_EQ(orientation_in(std::string("Exif\0\0", 6) + exif_of(8, big)), 8);
  }
}

TEST(Exif, ThatIsDamagedTurnsNothing) {
  const std::string block = exif_of(6, false);
  for (size_t size = 0; size + 6 < block.size(); ++size) EXPECT_EQ(orientation_in(block.substr(0, size)), 1) << size;
  EXPECT_EQ(orientation_in(patched(block, 4, uint32_t{0xFFFFFFFF})), 1);
  EXPECT_EQ(orientation_in(patched(block, 4, uint32_t(block.size() - 1))), 1);
  EXPECT_EQ(orientation_in(patched(block, 8, uint16_t{0xFFFF})), 6);
  EXPECT_EQ(orientation_in("nothing of this kind"), 1);
}

std::string with_exif(const std::string& jpeg, const std::string& exif) {
  const std::string body = std::string("Exif\0\0", 6) + exif;
  const size_t length = body.size() + 2;
  return jpeg.substr(0, 2) + std::string{'\xFF', '\xE1', static_cast<char>(length >> 8), static_cast<char>(length)} +
         body + jpeg.substr(2);
}

TEST(Jpeg, IsTurnedAsItsExifSays) {
  const TemporaryFolder folder;
  const std::string jpeg = jpeg_of(pattern(9, 14));
  write_bytes(folder / "a.jpg", jpeg);
  const at::Tensor lying = read_image(folder / "a.jpg").voxels[0];
  for (const auto& [orientation, expected] :
       {std::pair{1, lying}, {3, lying.flip({0, 1})}, {6, lying.t().flip({1})}, {8, lying.t().flip({0})}, {9, lying}}) {
    write_bytes(folder / "b.jpg", with_exif(jpeg, exif_of(static_cast<uint8_t>(orientation), true)));
    EXPECT_EQ(max_abs_diff(read_image(folder / "b.jpg").voxels[0], expected), 0) << orientation;
  }
  EXPECT_EQ(read_image(fault("pictures/exif-6.jpg")).voxels.sizes(), (std::vector<int64_t>{1, 96, 128}));
}

TEST(Jpeg, ThatLibjpegOnlyWarnsOfIsReadWithAWarning) {
  const at::Tensor plain = read_image(fault("pictures/exif-6.jpg")).voxels[0].flip({1}).t();
  for (const char* name : {"samsung-sos", "extra-before-eoi", "jfif-2"}) {
    const Said said;
    EXPECT_EQ(max_abs_diff(read_image(fault(fmt::format("pictures/{}.jpg", name))).voxels[0], plain), 0) << name;
    EXPECT_THAT(said.warnings(), HasSubstr("all pixels are there")) << name;
  }
}

TEST(Jpeg, ThatLacksPixelsOrItsEndIsRefused) {
  const TemporaryFolder folder;
  const std::string jpeg = jpeg_of(pattern(40, 40));
  for (const size_t missing : {2u, 5u, 40u, 300u}) {
    write_bytes(folder / "c.jpg", jpeg.substr(0, jpeg.size() - missing));
    EXPECT_THAT(story_of([&] { read_image(folder / "c.jpg"); }), HasSubstr("damaged or incomplete")) << missing;
  }
}

TEST(Jpeg, OfAnotherKindIsCalledSo) {
  const TemporaryFolder folder;
  std::string jpeg = jpeg_of(pattern(16, 16));
  jpeg[jpeg.find("\xFF\xC0") + 4] = 12;  // bits a sample
  write_bytes(folder / "a.jpg", jpeg);
  EXPECT_THAT(story_of([&] { read_image(folder / "a.jpg"); }), HasSubstr("kind of JPEG is not read"));
}

/// Chunks stand behind the header, which has 33 bytes with the signature.
std::string png_with(const std::string& png, const std::string& chunk) {
  return png.substr(0, 33) + chunk + png.substr(33);
}

TEST(Png, IsTurnedAsItsExifSays) {
  const TemporaryFolder folder;
  write_png(folder / "a.png", pattern(9, 12) / 255, 8);
  write_bytes(folder / "b.png", png_with(read_bytes(folder / "a.png"), png_chunk("eXIf", exif_of(6, false))));
  EXPECT_EQ(max_abs_diff(read_image(folder / "b.png").voxels[0], pattern(9, 12).t().flip({1})), 0);
}

TEST(Png, ThatIsTransparentIsSeenOnBlack) {
  const TemporaryFolder folder;
  write_png(folder / "a.png", pattern(9, 12) / 255, 8);
  const std::string png = read_bytes(folder / "a.png");
  write_bytes(folder / "b.png", png_with(png, png_chunk("tRNS", std::string("\0\x0A", 2))));  // gray 10 is clear
  const at::Tensor values = pattern(9, 12);
  const Said said;
  const Image image = read_image(folder / "b.png");
  EXPECT_EQ(max_abs_diff(image.voxels[0], at::where(values.eq(10), at::zeros({1}), values)), 0);
  EXPECT_EQ(max_abs_diff(image.opacity[0], values.ne(10).to(at::kFloat)), 0);
  EXPECT_THAT(said.warnings(), HasSubstr("on black"));
}

}  // namespace
}  // namespace thor::test
