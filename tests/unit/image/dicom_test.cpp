// SPDX-License-Identifier: Apache-2.0
// One DICOM file: its values and how they are written.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/said.h"
#include "tests/scans.h"
#include "tests/unit/image/pictures.h"

namespace thor::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Dicom : public testing::Test {
 protected:
  Image read(const DicomSpec& spec) {
    write_bytes(path_, dicom_of(spec));
    return read_scan(path_);
  }
  std::string refusal(const std::string& bytes, const ScanChoice& choice = {}) {
    write_bytes(path_, bytes);
    return story_of([&] { read_scan(path_, choice); });
  }
  static DicomSpec spec() {
    DicomSpec spec;
    spec.pixels = pattern(5, 6) * 9;
    return spec;
  }
  static std::string with(std::string bytes, const std::string& what, const std::string& instead) {
    return bytes.replace(bytes.rfind(what), what.size(), instead);
  }
  TemporaryFolder folder_;
  std::string path_ = folder_ / "a.dcm";
};

TEST_F(Dicom, LiesWhereItsHeaderSays) {
  DicomSpec one = spec();
  one.position = {10, -20, 30};
  one.orientation = {0, 1, 0, 0, 0, -1};  // sagittal: columns to the back, rows down
  one.row_mm = 0.5, one.column_mm = 0.75, one.thickness_mm = 3;
  const Image image = read(one);
  EXPECT_EQ(max_abs_diff(image.voxels[0], one.pixels), 0);
  const Affine& affine = image.geometry.ras_from_voxel;
  EXPECT_EQ(affine, (Affine{{0, 0, 3, -10, -0.75, 0, 0, 20, 0, -0.5, 0, 30}}));
  EXPECT_TRUE(image.medical);
  ASSERT_TRUE(image.dicom);
  EXPECT_EQ(image.dicom->slices.at(0).sop_instance_uid, one.instance_uid);
  EXPECT_EQ(image.dicom->slices.at(0).frame, 0);
  EXPECT_EQ(image.dicom->frame_of_reference_uid, "1.2.3.9");
}

TEST_F(Dicom, IsReadInEverySyntaxThatIsWrittenHere) {
  for (const char* syntax : {kImplicitSyntax, kExplicitSyntax, kDeflatedSyntax, kBigEndianSyntax, kRleSyntax}) {
    DicomSpec one = spec();
    one.pixels[2] = 77;  // a run
    if (std::string(syntax) == kRleSyntax) one.compressed = {rle_of(dicom_samples(one))};
    one.syntax = syntax;
    EXPECT_EQ(max_abs_diff(read(one).voxels[0], one.pixels), 0) << syntax;
  }
}

TEST_F(Dicom, IsReadFromJpegThroughTheCodec) {
  DicomSpec one = spec();
  one.pixels = at::arange(16 * 16, at::kFloat).reshape({16, 16}) / 2;
  one.syntax = kJpegSyntax;
  one.bits_allocated = one.bits_stored = 8;
  one.compressed = {jpeg_of(one.pixels)};
  EXPECT_LE(max_abs_diff(read(one).voxels[0], one.pixels), 4);
}

TEST_F(Dicom, IsReadWithoutAPreambleAndWithoutAnEnding) {
  const DicomSpec one = spec();
  const std::string bytes = dicom_of(one);
  for (const std::string& content : {bytes, bytes.substr(132)}) {
    write_bytes(folder_ / "IM0001", content);
    EXPECT_EQ(max_abs_diff(read_scan(folder_ / "IM0001").voxels[0], one.pixels), 0);
  }
  DicomSpec implicit = one;
  implicit.syntax = kImplicitSyntax;
  std::map<uint32_t, std::string> elements = dicom_elements(implicit);
  std::string data;
  for (const auto& [tag, element] : elements) data += element;
  write_bytes(folder_ / "IM0002", data + DicomWriter(kImplicitSyntax).element(0x7fe00010, "OW", dicom_samples(one)));
  EXPECT_EQ(max_abs_diff(read_scan(folder_ / "IM0002").voxels[0], one.pixels), 0);
}

TEST_F(Dicom, IsRescaledAsItsHeaderSays) {
  DicomSpec one = spec();
  one.slope = 2.5, one.intercept = -1024;
  EXPECT_EQ(max_abs_diff(read(one).voxels[0], one.pixels * 2.5 - 1024), 0);
}

TEST_F(Dicom, IgnoresBitsAboveTheStoredOnesAndKeepsTheSign) {
  DicomSpec one = spec();
  const Tensor values = one.pixels - 1000;
  one.bits_stored = 12;
  one.is_signed = true;
  one.pixels = values.to(at::kLong).bitwise_and(0xfff) + 0x5000;
  EXPECT_EQ(max_abs_diff(read(one).voxels[0], values), 0);
}

TEST_F(Dicom, WhereWhiteIsSmallIsTurnedOver) {
  DicomSpec one = spec();
  one.photometric = "MONOCHROME1";
  one.bits_stored = 12;
  EXPECT_EQ(max_abs_diff(read(one).voxels[0], 4095 - one.pixels), 0);
}

TEST_F(Dicom, OfManyFramesLiesFrameByFrame) {
  DicomSpec one = spec();
  one.pixels = at::stack({pattern(5, 6), pattern(5, 6) + 300, pattern(5, 6) + 600});
  one.frame_positions = {{0, 0, 9}, {0, 0, 6}, {0, 0, 3}};  // from the top down
  one.slope = 2;
  const Image image = read(one);
  EXPECT_EQ(max_abs_diff(image.voxels, one.pixels.flip({0}) * 2), 0);
  EXPECT_EQ(image.geometry.ras_from_voxel.at(2, 2), 3);
  EXPECT_EQ(image.geometry.ras_from_voxel.at(2, 3), 3);
  ASSERT_EQ(image.dicom->slices.size(), 3u);
  EXPECT_EQ(image.dicom->slices[0].frame, 3);
  EXPECT_EQ(image.dicom->slices[2].frame, 1);
}

TEST_F(Dicom, OfManyCompressedFramesIsReadFrameByFrame) {
  DicomSpec one = spec();
  one.pixels = at::stack({pattern(5, 6), pattern(5, 6) + 300});
  one.frame_positions = {{0, 0, 0}, {0, 0, 2}};
  for (int frame = 0; frame < 2; ++frame) {
    DicomSpec alone = one;
    alone.pixels = one.pixels[frame];
    one.compressed.push_back(rle_of(dicom_samples(alone)));
  }
  one.syntax = kRleSyntax;
  EXPECT_EQ(max_abs_diff(read(one).voxels, one.pixels), 0);
}

TEST_F(Dicom, WhoseCompressedFramesLieInSeveralPiecesIsReadByItsTable) {
  DicomSpec one = spec();
  one.pixels = at::stack({pattern(5, 6), pattern(5, 6) + 300});
  one.frame_positions = {{0, 0, 0}, {0, 0, 2}};
  one.syntax = kRleSyntax;
  const DicomWriter writer(kExplicitSyntax);
  std::string table, pieces;
  for (int frame = 0; frame < 2; ++frame) {
    DicomSpec alone = one;
    alone.pixels = one.pixels[frame];
    const std::string bytes = rle_of(dicom_samples(alone));
    table += DicomWriter::bytes_of(uint32_t(pieces.size()));
    pieces +=
        writer.element(0xfffee000, "OB", bytes.substr(0, 40)) + writer.element(0xfffee000, "OB", bytes.substr(40));
  }
  const std::string head = dicom_of(one, dicom_elements(one));
  const std::string pixels = writer.head(0x7fe00010, "OB", 0xffffffff) + writer.element(0xfffee000, "OB", table) +
                             pieces + writer.head(0xfffee0dd, "", 0);
  const std::string tag = writer.head(0x7fe00010, "OW", static_cast<uint32_t>(dicom_samples(one).size()));
  write_bytes(path_, head.substr(0, head.rfind(tag)) + pixels);
  EXPECT_EQ(max_abs_diff(read_scan(path_).voxels, one.pixels), 0);
  const std::string wrong = writer.element(0xfffee000, "OB", table.substr(0, 4) + DicomWriter::bytes_of(uint32_t{7}));
  EXPECT_THAT(refusal(with(read_bytes(path_), writer.element(0xfffee000, "OB", table), wrong)),
              HasSubstr("table of compressed frames"));
}

TEST_F(Dicom, OfFramesThatAreNotPlacedNeedsAChoice) {
  DicomSpec one = spec();
  one.pixels = at::stack({pattern(5, 6), pattern(5, 6) + 300});
  EXPECT_THAT(refusal(dicom_of(one)), AllOf(HasSubstr("2 images"), HasSubstr("where they lie")));
  EXPECT_EQ(max_abs_diff(read_scan(path_, {1, ""}).voxels[0], one.pixels[1]), 0);
  EXPECT_THAT(refusal(dicom_of(one), {2, ""}), HasSubstr("no frame 2"));
}

TEST_F(Dicom, CutInItsPixelsIsRefusedByNameAndBytes) {
  const std::string bytes = dicom_of(spec());
  EXPECT_THAT(refusal(bytes.substr(0, bytes.size() - 10)),
              AllOf(HasSubstr("a.dcm"), HasSubstr("cut"), HasSubstr("60")));
}

TEST_F(Dicom, CutOrDamagedRunLengthsAreRefused) {
  DicomSpec one = spec();
  const std::string rle = rle_of(dicom_samples(one));
  one.syntax = kRleSyntax;
  for (const std::string& frame : {rle.substr(0, rle.size() / 2), rle.substr(0, 40), "\xff" + rle.substr(1)}) {
    one.compressed = {frame};
    EXPECT_THAT(refusal(dicom_of(one)), HasSubstr("run lengths")) << frame.size();
  }
}

TEST_F(Dicom, WhosePictureContradictsItsHeaderIsRefusedBeforeItIsDecoded) {
  DicomSpec one = spec();
  one.syntax = kJpegSyntax;
  one.bits_allocated = one.bits_stored = 8;
  one.compressed = {jpeg_of(pattern(50, 60))};
  EXPECT_THAT(refusal(dicom_of(one)), AllOf(HasSubstr("60 x 50"), HasSubstr("6 x 5")));
}

TEST_F(Dicom, WhosePictureHasAnOddApplicationSegmentIsReadAllTheSame) {
  DicomSpec one = spec();
  one.syntax = kJpegSyntax;
  one.bits_allocated = one.bits_stored = 8;
  const std::string jpeg = jpeg_of(pattern(5, 6));
  one.compressed = {jpeg};
  const Tensor usual = read(one).voxels;
  one.compressed = {patched(jpeg, jpeg.find("JFIF") + 5, char{33})};  // a revision that codecs warn about
  EXPECT_EQ(max_abs_diff(read(one).voxels, usual), 0);
}

TEST_F(Dicom, WhosePictureIsCutIsRefused) {
  DicomSpec one = spec();
  one.syntax = kJpegSyntax;
  one.bits_allocated = one.bits_stored = 8;
  const std::string whole = jpeg_of(pattern(5, 6));
  one.compressed = {whole.substr(0, whole.size() - 20)};
  EXPECT_THAT(refusal(dicom_of(one)), HasSubstr("cut"));
}

TEST_F(Dicom, ThatAnnouncesGigabytesIsRefusedBeforeMemoryIsTaken) {
  auto elements = dicom_elements(spec());
  elements[0x00280010] = DicomWriter(kExplicitSyntax).number(0x00280010, 8000);
  elements[0x00280011] = DicomWriter(kExplicitSyntax).number(0x00280011, 8000);
  EXPECT_THAT(refusal(dicom_of(spec(), elements)), AllOf(HasSubstr("128000000 bytes"), HasSubstr("60")));
  elements[0x00280008] = DicomWriter(kExplicitSyntax).element(0x00280008, "IS", "1000");
  EXPECT_THAT(refusal(dicom_of(spec(), elements)), HasSubstr("more than"));
}

TEST_F(Dicom, WithUnusableAxesIsRefusedWithTheTagToCorrect) {
  DicomSpec one = spec();
  one.orientation = {1, 0, 0, 0, 2, 0};
  EXPECT_THAT(refusal(dicom_of(one)), AllOf(HasSubstr("unit length"), HasSubstr("(0020,0037)")));
  one.orientation = {1, 0, 0, 0.6, 0.8, 0};
  EXPECT_THAT(refusal(dicom_of(one)), HasSubstr("right angles"));
  one = spec();
  one.row_mm = 0;
  EXPECT_THAT(refusal(dicom_of(one)), AllOf(HasSubstr("spacing"), HasSubstr("(0028,0030)")));
}

TEST_F(Dicom, WithAPlaceBeyondAllMeasureIsRefused) {
  DicomSpec one = spec();
  one.position = {1e300, 1e300, -1e300};
  EXPECT_THAT(refusal(dicom_of(one)), AllOf(HasSubstr("1e+300 mm"), HasSubstr("(0020,0032)")));
  one = spec();
  one.column_mm = 1e300;
  EXPECT_THAT(refusal(dicom_of(one)), AllOf(HasSubstr("1e+300 mm"), HasSubstr("(0028,0030)")));
}

TEST_F(Dicom, WithAModalityLutWarnsThatItIsNotApplied) {
  const DicomWriter writer(kExplicitSyntax);
  auto elements = dicom_elements(spec());
  elements[0x00283000] = writer.sequence(0x00283000, {writer.element(0x00283004, "LO", "US")}, false);
  write_bytes(path_, dicom_of(spec(), elements));
  const Said said;
  EXPECT_EQ(max_abs_diff(read_scan(path_).voxels[0], spec().pixels), 0);
  EXPECT_THAT(said.warnings(), HasSubstr("Modality LUT"));
}

TEST_F(Dicom, WithoutPixelSpacingIsReadAtOneMillimetreWithAWarning) {
  auto elements = dicom_elements(spec());
  elements.erase(0x00280030);
  write_bytes(path_, dicom_of(spec(), elements));
  const Said said;
  EXPECT_EQ(spacing_mm(read_scan(path_).geometry.ras_from_voxel)[0], 1);
  EXPECT_THAT(said.warnings(), HasSubstr("1 mm"));
}

TEST_F(Dicom, ThatIsNotReadSaysWhatToDo) {
  DicomSpec one = spec();
  one.image_type = "ORIGINAL\\PRIMARY\\M\\MOSAIC";
  EXPECT_THAT(refusal(dicom_of(one)), HasSubstr("dcm2niix"));
  one = spec();
  one.photometric = "PALETTE COLOR";
  EXPECT_THAT(refusal(dicom_of(one)), HasSubstr("MONOCHROME2"));
  one = spec();
  one.syntax = "1.2.840.10008.1.2.4.102";
  EXPECT_THAT(refusal(dicom_of(one)), AllOf(HasSubstr("1.2.840.10008.1.2.4.102"), HasSubstr("gdcmconv")));
}

TEST_F(Dicom, EncodingsOfOnePictureAgree) {
  const std::string folder = shared_dir() + "/data/dicom/encodings/";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << folder << " is not here";
  const Image plain = read_scan(folder + "MR_small.dcm");
  EXPECT_GT(plain.voxels.std().item<double>(), 0);
  for (const char* name : {"implicit", "bigendian", "padded", "expb", "RLE", "jp2klossless", "jpeg_ls_lossless"}) {
    const Image other = read_scan(folder + "MR_small_" + name + ".dcm");
    EXPECT_EQ(max_abs_diff(other.voxels, plain.voxels), 0) << name;
    EXPECT_EQ(other.geometry.ras_from_voxel, plain.geometry.ras_from_voxel) << name;
  }
  EXPECT_THAT(story_of([&] { read_scan(folder + "MR_truncated.dcm"); }), HasSubstr("cut"));
}

}  // namespace
}  // namespace thor::test
