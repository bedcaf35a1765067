// SPDX-License-Identifier: Apache-2.0
// NRRD and MetaImage.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/scans.h"
#include "tests/unit/image/pictures.h"
#include "tests/said.h"

namespace thor::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Tensor small_volume() { return at::stack({pattern(5, 6), pattern(5, 6) + 300}); }

std::string with(std::string text, const std::string& what, const std::string& instead) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), instead);
}

class TextHeaders : public testing::Test {
 protected:
  Image read(const std::string& name, const std::string& bytes, const ScanChoice& choice = {}) {
    write_bytes(folder_ / name, bytes);
    return read_scan(folder_ / name, choice);
  }
  std::string refusal(const std::string& name, const std::string& bytes) {
    return story_of([&] { read(name, bytes); });
  }
  TemporaryFolder folder_;
};
using Nrrd = TextHeaders;
using MetaImage = TextHeaders;

TEST_F(Nrrd, LiesWhereItsDirectionsSay) {
  const std::string plain = nrrd_of(small_volume());
  const Image image = read("a.nrrd", plain);
  EXPECT_EQ(max_abs_diff(image.voxels, small_volume()), 0);
  EXPECT_EQ(image.geometry.ras_from_voxel, (Affine{{-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 2, 0}}));
  const std::string turned =
      with(with(plain, "(1,0,0) (0,1,0) (0,0,2)", "(0,3,0) (2,0,0.5) (0,0,4)"), "(0,0,0)", "(7,8,9)");
  EXPECT_EQ(read("a.nrrd", turned).geometry.ras_from_voxel, (Affine{{0, -2, 0, -7, -3, 0, 0, -8, 0, 0.5, 4, 9}}));
  const std::string ras = with(turned, "left-posterior-superior", "right-anterior-superior");
  EXPECT_EQ(read("a.nrrd", ras).geometry.ras_from_voxel, (Affine{{0, 2, 0, 7, 3, 0, 0, 8, 0, 0.5, 4, 9}}));
}

TEST_F(Nrrd, IsReadPackedSwappedAndDetached) {
  EXPECT_EQ(max_abs_diff(read("a.nrrd", nrrd_of(small_volume(), "", true)).voxels, small_volume()), 0);
  const Image swapped = read("a.nrrd", with(nrrd_of(small_volume()), "little", "big"));
  EXPECT_EQ(swapped.voxels[0][0][0].item<float>(), 3 * 256);
  write_bytes(folder_ / "a.raw", "xx" + short_samples(small_volume()));
  const std::string header = nrrd_of(small_volume(), "data file: a.raw\nbyte skip: 2\n");
  EXPECT_EQ(max_abs_diff(read("a.nhdr", header).voxels, small_volume()), 0);
  EXPECT_EQ(max_abs_diff(read("a.nhdr", with(header, "skip: 2", "skip: -1")).voxels, small_volume()), 0);
}

TEST_F(Nrrd, OfSeveralFramesNeedsAChoice) {
  const std::string header =
      with(with(with(nrrd_of(small_volume()), "sizes: 6 5 2", "sizes: 6 5 1 2"), "dimension: 3", "dimension: 4"),
           "(0,0,2)", "(0,0,2) none");
  EXPECT_THAT(refusal("a.nrrd", header), HasSubstr("2 frames"));
  EXPECT_EQ(max_abs_diff(read("a.nrrd", header, {1, ""}).voxels, small_volume().slice(0, 1)), 0);
}

TEST_F(Nrrd, TakesNotesForNoFields) {
  const std::string notes = "sizes:=1 1 1\nspace:=left-anterior-superior\ntype:=double\n";
  const Image image = read("a.nrrd", nrrd_of(small_volume(), notes));
  EXPECT_EQ(max_abs_diff(image.voxels, small_volume()), 0);
  EXPECT_EQ(image.geometry.ras_from_voxel.at(1, 1), -1);
}

TEST_F(Nrrd, NeverLeavesItsFolder) {
  for (const char* name : {"../secret.raw", "/etc/passwd", "deep/a.raw", ".."})
    EXPECT_THAT(refusal("a.nhdr", nrrd_of(small_volume(), std::string("data file: ") + name + "\n")),
                HasSubstr("another folder"))
        << name;
  EXPECT_THAT(refusal("a.nhdr", nrrd_of(small_volume(), "data file: a%03d.raw 1 9 1\n")), HasSubstr("several files"));
  EXPECT_THAT(refusal("a.nhdr", nrrd_of(small_volume(), "data file: gone.raw\n")), HasSubstr("not there"));
}

TEST_F(Nrrd, ThatIsDamagedOrNotReadIsRefusedWithTheReason) {
  const std::string good = nrrd_of(small_volume());
  EXPECT_THAT(refusal("a.nrrd", with(good, "NRRD", "NERD")), HasSubstr("not a NRRD"));
  EXPECT_THAT(refusal("a.nrrd", with(good, "sizes: 6 5 2", "sizes: 6 5 20000000")), HasSubstr("announces"));
  EXPECT_THAT(refusal("a.nrrd", with(good, "sizes: 6 5 2", "sizes: 6 0 2")), HasSubstr("'sizes' has 0"));
  EXPECT_THAT(refusal("a.nrrd", with(good, "sizes: 6 5 2", "sizes: 6 5")), HasSubstr("3 dimensions but 2 sizes"));
  EXPECT_THAT(refusal("a.nrrd", with(good, "encoding: raw", "encoding: bzip2")), HasSubstr("'bzip2' is not read"));
  EXPECT_THAT(refusal("a.nrrd", with(good, "type: short", "type: block")), HasSubstr("'block' is not read"));
  EXPECT_THAT(refusal("a.nrrd", with(good, "(0,1,0)", "(1,0,0)")), HasSubstr("do not span space"));
  EXPECT_THAT(refusal("a.nrrd", with(good, "(0,0,2)", "(0,0,0)")), HasSubstr("do not span space"));
  EXPECT_THAT(refusal("a.nrrd", with(good, "(0,1,0)", "(0,x,0)")), HasSubstr("'x' is no number"));
  const std::string packed = nrrd_of(small_volume(), "", true);
  EXPECT_THAT(refusal("a.nrrd", packed.substr(0, packed.size() - 20)), HasSubstr("early"));
}

TEST_F(Nrrd, WithoutASpaceIsTakenAsItkDoesWithAWarning) {
  const Said said;
  EXPECT_EQ(read("a.nrrd", with(nrrd_of(small_volume()), "space: left-posterior-superior\n", ""))
                .geometry.ras_from_voxel.at(0, 0),
            -1);
  EXPECT_THAT(said.warnings(), HasSubstr("no space"));
}

TEST_F(MetaImage, LiesWhereItsHeaderSays) {
  const std::string plain = metaimage_of(small_volume());
  const Image image = read("a.mha", plain);
  EXPECT_EQ(max_abs_diff(image.voxels, small_volume()), 0);
  EXPECT_EQ(image.geometry.ras_from_voxel, (Affine{{-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 2, 0}}));
  const std::string turned =
      with(with(plain, "= 1 0 0 0 1 0 0 0 1", "= 0 1 0 -1 0 0 0 0 1"), "Offset = 0 0 0", "Offset = 7 8 9");
  EXPECT_EQ(read("a.mha", with(turned, "= 1 1 2", "= 3 2 4")).geometry.ras_from_voxel,
            (Affine{{0, 2, 0, -7, -3, 0, 0, -8, 0, 0, 4, 9}}));
}

TEST_F(MetaImage, IsReadPackedSwappedAndDetached) {
  EXPECT_EQ(max_abs_diff(read("a.mha", metaimage_of(small_volume(), "", true)).voxels, small_volume()), 0);
  const Image swapped = read("a.mha", with(metaimage_of(small_volume()), "MSB = False", "MSB = True"));
  EXPECT_EQ(swapped.voxels[0][0][0].item<float>(), 3 * 256);
  write_bytes(folder_ / "a.raw", short_samples(small_volume()));
  EXPECT_EQ(max_abs_diff(read("a.mhd", with(metaimage_of(small_volume()), "LOCAL", "a.raw")).voxels, small_volume()),
            0);
  EXPECT_THAT(refusal("a.mhd", with(metaimage_of(small_volume()), "LOCAL", "../a.raw")), HasSubstr("another folder"));
}

TEST_F(MetaImage, ThatIsDamagedOrNotReadIsRefusedWithTheReason) {
  const std::string good = metaimage_of(small_volume());
  EXPECT_THAT(refusal("a.mha", "hello"), HasSubstr("not a MetaImage"));
  EXPECT_THAT(refusal("a.mha", with(good, "DimSize = 6", "DimSize = 600000")), HasSubstr("announces"));
  EXPECT_THAT(refusal("a.mha", with(good, "MET_SHORT", "MET_STRING")), HasSubstr("'met_string' is not read"));
  EXPECT_THAT(refusal("a.mha", with(good, "BinaryData = True", "BinaryData = False")), HasSubstr("as text"));
  EXPECT_THAT(refusal("a.mha", with(good, "1 0 0 0 1 0 0 0 1", "1 0 0 1 0 0 0 0 1")), HasSubstr("do not span space"));
  EXPECT_THAT(refusal("a.mha", with(good, "1 0 0 0 1 0 0 0 1", "1 0 0 0 1")), HasSubstr("'transformmatrix' has 5"));
}

TEST_F(MetaImage, WithASpacingOfZeroIsReadAtOneMillimetreWithAWarning) {
  const Said said;
  EXPECT_EQ(
      spacing_mm(read("a.mha", with(metaimage_of(small_volume()), "= 1 1 2", "= 1 1 0")).geometry.ras_from_voxel)[2],
      1);
  EXPECT_THAT(said.warnings(), HasSubstr("1 mm"));
}

}  // namespace
}  // namespace thor::test
