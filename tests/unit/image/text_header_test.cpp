// SPDX-License-Identifier: Apache-2.0
// NRRD and MetaImage.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/said.h"
#include "tests/scans.h"
#include "tests/unit/image/pictures.h"

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
  EXPECT_THAT(refusal("a.nrrd", with(good, "encoding: raw", "encoding: bzip2")),
              HasSubstr("says that its voxels are packed, but they are plain"));
  EXPECT_THAT(refusal("a.nrrd", with(good, "encoding: raw", "encoding: hex")), HasSubstr("'hex' is not read"));
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

TEST_F(Nrrd, PackedByBzip2InOneOrMoreMembersIsRead) {
  const std::string samples = short_samples(small_volume()), raw = nrrd_of(small_volume());
  const std::string header = with(raw.substr(0, raw.size() - samples.size()), "encoding: raw", "encoding: bzip2");
  const std::string packed = bzip_packed(samples);
  EXPECT_EQ(max_abs_diff(read("a.nrrd", header + packed).voxels, small_volume()), 0);
  const std::string members = bzip_packed(samples.substr(0, 50)) + bzip_packed(samples.substr(50)) + "padding";
  EXPECT_EQ(max_abs_diff(read("a.nrrd", header + members).voxels, small_volume()), 0);
  EXPECT_THAT(refusal("a.nrrd", header + packed.substr(0, packed.size() - 4)), HasSubstr("early"));
  EXPECT_THAT(refusal("a.nrrd", header + bzip_packed(samples.substr(2))), HasSubstr("early"));
}

/// Two frames in the order (frame, x, y, z), as some programs store them.
std::string interleaved(const std::string& kind) {
  const Tensor both = at::stack({small_volume(), small_volume() + 7}, 3).reshape({2, 5, 12});
  std::string header = with(nrrd_of(both), "sizes: 12 5 2", "sizes: 2 6 5 2\nkinds: " + kind + " domain domain domain");
  return with(with(header, "dimension: 3", "dimension: 4"), "directions: (1", "directions: none (1");
}

TEST_F(TextHeaders, ThatSayAnotherPackingThanTheirVoxelsHaveAreRefusedWithBoth) {
  const std::string nrrd = nrrd_of(at::zeros({40, 5, 6}), "", true);
  EXPECT_THAT(refusal("a.nrrd", with(nrrd, "encoding: gzip", "encoding: raw")), HasSubstr("seem to be, with gzip"));
  EXPECT_THAT(refusal("a.nrrd", with(nrrd, "encoding: gzip", "encoding: bzip2")), HasSubstr("seem to be with gzip"));
  const std::string meta = metaimage_of(at::zeros({40, 5, 6}), "", true);
  EXPECT_THAT(refusal("a.mha", with(meta, "CompressedData = True", "CompressedData = False")),
              HasSubstr("seem to be, with zlib"));
  EXPECT_THAT(refusal("a.mha", with(metaimage_of(small_volume()), "CompressedData = False", "CompressedData = True")),
              HasSubstr("are plain or damaged"));
}

TEST_F(TextHeaders, OfAnotherFormatAreCalledByItsName) {
  EXPECT_THAT(refusal("a.nrrd", metaimage_of(small_volume())), HasSubstr("MetaImage file"));
  EXPECT_THAT(refusal("a.mha", nrrd_of(small_volume())), HasSubstr("NRRD file"));
  EXPECT_THAT(refusal("a.mha", gzip_packed(metaimage_of(small_volume()))), HasSubstr("packed with gzip; unpack it"));
  EXPECT_THAT(refusal("a.nrrd", "/annex/objects/SHA256E-s24877--0123.nrrd\n"), HasSubstr("git annex get"));
}

TEST_F(Nrrd, WithFramesAsItsFastestAxisNeedsAChoice) {
  for (const char* kind : {"list", "vector", "???"}) {
    EXPECT_THAT(refusal("a.nrrd", interleaved(kind)), HasSubstr("2 frames"));
    for (const int64_t frame : {0, 1}) {
      const Image image = read("a.nrrd", interleaved(kind), {frame, ""});
      EXPECT_EQ(max_abs_diff(image.voxels, small_volume() + 7 * frame), 0);
      EXPECT_EQ(spacing_mm(image.geometry.ras_from_voxel), (Point3{1, 1, 2}));
    }
  }
  EXPECT_THAT(refusal("a.nrrd", interleaved("RGB-color")), HasSubstr("2 colours"));
}

TEST_F(Nrrd, OfSpaceAndTimeIsReadFrameByFrame) {
  std::string header = with(nrrd_of(at::cat({small_volume(), small_volume() + 7})), "sizes: 6 5 4", "sizes: 6 5 2 2");
  header = with(with(header, "dimension: 3", "dimension: 4"), "(0,0,0)", "(7,8,9,0)");
  header = with(header, "(1,0,0) (0,1,0) (0,0,2)", "(1,0,0,0) (0,1,0,0) (0,0,2,0) (0,0,0,1.5)");
  EXPECT_THAT(refusal("a.nrrd", header), HasSubstr("without time"));
  const std::string lps = "left-posterior-superior";
  for (const std::string space : {"left-posterior-superior-time", "LPST", "right-anterior-superior-time", "RAST"}) {
    const Image image = read("a.nrrd", with(header, lps, space), {1, ""});
    EXPECT_EQ(max_abs_diff(image.voxels, small_volume() + 7), 0);
    const double sign = space[0] == 'R' || space[0] == 'r' ? 1 : -1;
    EXPECT_EQ(image.geometry.ras_from_voxel, (Affine{{sign, 0, 0, 7 * sign, 0, sign, 0, 8 * sign, 0, 0, 2, 9}}));
  }
  EXPECT_THAT(refusal("a.nrrd", with(with(header, lps, "LPST"), "(0,0,0,1.5)", "(0,0,1,1.5)")),
              HasSubstr("space and time at once"));
}

TEST_F(Nrrd, WithoutDirectionsLiesBetweenItsEnds) {
  const std::string plain = with(with(nrrd_of(small_volume()), "space: left-posterior-superior\n", ""),
                                 "space directions: (1,0,0) (0,1,0) (0,0,2)\nspace origin: (0,0,0)\n", "");
  const std::string mins = with(plain, "encoding", "axis mins: -24 -28 -30\nencoding");
  // Cells of 1 x 1 x 3 mm begin there; voxels are their middles.
  const std::string cells = with(mins, "encoding", "spacings: 1 1 3\nencoding");
  EXPECT_EQ(read("a.nrrd", cells).geometry.ras_from_voxel, (Affine{{-1, 0, 0, 23.5, 0, -1, 0, 27.5, 0, 0, 3, -28.5}}));
  const std::string nodes = with(cells, "encoding", "centers: node node node\nencoding");
  EXPECT_EQ(read("a.nrrd", nodes).geometry.ras_from_voxel, (Affine{{-1, 0, 0, 24, 0, -1, 0, 28, 0, 0, 3, -30}}));
  const std::string ends = with(mins, "encoding", "axis maxs: -18 -18 -26\nencoding");
  EXPECT_EQ(read("a.nrrd", ends).geometry.ras_from_voxel, (Affine{{-1, 0, 0, 23.5, 0, -2, 0, 27, 0, 0, 2, -29}}));
}

TEST_F(Nrrd, MeasuredInMetresIsGivenInMillimetresWithAWarning) {
  const std::string metres = with(nrrd_of(small_volume(), "space units: \"m\" \"m\" \"m\"\n"),
                                  "(1,0,0) (0,1,0) (0,0,2)", "(0.001,0,0) (0,0.001,0) (0,0,0.002)");
  const Said said;
  EXPECT_NEAR(spacing_mm(read("a.nrrd", metres).geometry.ras_from_voxel)[2], 2, 1e-12);
  EXPECT_THAT(said.warnings(), HasSubstr("units of 1000 mm and is read so"));
  EXPECT_EQ(spacing_mm(read("a.nrrd", with(metres, "\"m\" \"m\"", "\"m\" \"mm\"")).geometry.ras_from_voxel)[2], 0.002);
  EXPECT_THAT(said.warnings(), HasSubstr("taken as millimetres"));
}

TEST_F(Nrrd, ThatSaysAFieldTwiceDifferentlyIsRefused) {
  EXPECT_EQ(max_abs_diff(read("a.nrrd", nrrd_of(small_volume(), "endian: little\n")).voxels, small_volume()), 0);
  EXPECT_THAT(refusal("a.nrrd", nrrd_of(small_volume(), "endian: big\n")),
              AllOf(HasSubstr("'endian' twice"), HasSubstr("'little' and 'big'")));
}

TEST_F(Nrrd, ThatHoldsMoreThanItsHeaderAnnouncesSaysHowMuch) {
  const Said said;
  read("a.nrrd", with(nrrd_of(small_volume()), "sizes: 6 5 2", "sizes: 6 5 1"));
  EXPECT_THAT(said.warnings(), HasSubstr("60 bytes more"));
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
  EXPECT_THAT(refusal("a.mha", metaimage_of(small_volume(), "ElementNumberOfChannels =\n")),
              HasSubstr("has 0 numbers"));
  EXPECT_THAT(refusal("a.mha", with(good, "BinaryData = True", "BinaryData = False")), HasSubstr("as text"));
  EXPECT_THAT(refusal("a.mha", with(good, "1 0 0 0 1 0 0 0 1", "1 0 0 1 0 0 0 0 1")), HasSubstr("do not span space"));
  EXPECT_THAT(refusal("a.mha", with(good, "1 0 0 0 1 0 0 0 1", "1 0 0 0 1")), HasSubstr("'transformmatrix' has 5"));
}

TEST_F(MetaImage, InAUnitIsObeyedUnlessThatMakesItTiny) {
  const auto in = [&](const char* unit) {
    const std::string line = std::string("DistanceUnits = ") + unit + "\n";
    return spacing_mm(read("a.mha", metaimage_of(small_volume(), line)).geometry.ras_from_voxel);
  };
  const Said said;
  EXPECT_EQ(in("mm"), (Point3{1, 1, 2}));
  EXPECT_EQ(said.warnings(), "");
  EXPECT_EQ(in("cm"), (Point3{10, 10, 20}));
  EXPECT_THAT(said.warnings(), HasSubstr("units of 10 mm and is read so"));
  EXPECT_EQ(in("um"), (Point3{1, 1, 2}));
  EXPECT_THAT(said.warnings(), HasSubstr("0.006 x 0.005 x 0.004 mm; it is read in millimetres"));
}

TEST_F(MetaImage, WhoseLettersContradictItsMatrixSaysBoth) {
  const auto warnings = [&](const char* letters) {
    const Said said;
    read("a.mha", metaimage_of(small_volume(), std::string("AnatomicalOrientation = ") + letters + "\n"));
    return said.warnings();
  };
  for (const char* agreeing : {"RAI", "LPS", "lps", "???"}) EXPECT_EQ(warnings(agreeing), "") << agreeing;
  EXPECT_THAT(warnings("LAI"), AllOf(HasSubstr("from RAI (to LPS)"), HasSubstr("says LAI")));
}

TEST_F(MetaImage, ThatSaysOneThingUnderTwoNamesDifferentlyIsRefused) {
  const std::string twice = metaimage_of(small_volume(), "Position = 0 0 5\n");
  EXPECT_THAT(refusal("a.mha", twice), AllOf(HasSubstr("'offset'"), HasSubstr("'position'")));
  EXPECT_EQ(max_abs_diff(read("a.mha", with(twice, "0 0 5", "0 0 0")).voxels, small_volume()), 0);
  EXPECT_THAT(refusal("a.mha", with(metaimage_of(small_volume()), "NDims = 3", "NDims = 4")),
              HasSubstr("NDims is 4, but DimSize has 3 sizes"));
}

TEST_F(MetaImage, WithASpacingBelowZeroSaysSo) {
  const Said said;
  EXPECT_EQ(read("a.mha", with(metaimage_of(small_volume()), "= 1 1 2", "= 1 1 -2")).geometry.ras_from_voxel.at(2, 2),
            -2);
  EXPECT_THAT(said.warnings(), HasSubstr("below zero"));
}

TEST_F(MetaImage, OfTwoValuesAVoxelNeedsAChoice) {
  const Tensor both = at::stack({small_volume(), small_volume() + 7}, 3).reshape({2, 5, 12});
  const std::string pairs =
      with(metaimage_of(both, "ElementNumberOfChannels = 2\n"), "DimSize = 12 5 2", "DimSize = 6 5 2");
  EXPECT_THAT(refusal("a.mha", pairs), HasSubstr("2 frames"));
  EXPECT_EQ(max_abs_diff(read("a.mha", pairs, {1, ""}).voxels, small_volume() + 7), 0);
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
