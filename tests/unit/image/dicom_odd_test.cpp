// SPDX-License-Identifier: Apache-2.0
// DICOM files that are not written as they say, or that say what nobody needs wrongly.
#include <gmock/gmock.h>

#include "tests/said.h"
#include "tests/scans.h"
#include "tests/unit/image/pictures.h"

namespace thor::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class OddDicom : public testing::Test {
 protected:
  static DicomSpec spec() {
    DicomSpec spec;
    spec.pixels = pattern(5, 6) * 9;
    return spec;
  }
  static std::string with(std::string bytes, const std::string& what, const std::string& instead) {
    return bytes.replace(bytes.find(what), what.size(), instead);
  }
  /// A transfer syntax in the file's meta header, padded.
  static std::string syntax(const std::string& uid) {
    return DicomWriter(kExplicitSyntax).element(0x00020010, "UI", uid);
  }
  static std::string element(uint32_t tag, const char* vr, const std::string& value) {
    return DicomWriter(kExplicitSyntax).element(tag, vr, value);
  }
  /// Written as `spec` says, though the file says `said`.
  static std::string saying(const std::string& said, const DicomSpec& spec) {
    return with(dicom_of(spec), syntax(spec.syntax), syntax(said));
  }
  std::string refusal(const std::string& bytes) {
    write_bytes(path_, bytes);
    return story_of([&] { read_scan(path_); });
  }
  /// Reads the same values as `spec` has; what is warned about.
  std::string warnings_of(const std::string& bytes, const DicomSpec& spec) {
    write_bytes(path_, bytes);
    const Said said;
    EXPECT_EQ(max_abs_diff(read_scan(path_).voxels[0], spec.pixels), 0);
    return said.warnings();
  }
  TemporaryFolder folder_;
  std::string path_ = folder_ / "a.dcm";
};

TEST_F(OddDicom, WithAWrongTransferSyntaxIsReadAsItIsWritten) {
  const char* names[] = {"implicit little endian", "explicit little endian", "explicit big endian"};
  const char* syntaxes[] = {kImplicitSyntax, kExplicitSyntax, kBigEndianSyntax};
  for (int said = 0; said < 3; ++said)
    for (int is = 0; is < 3; ++is) {
      DicomSpec one = spec();
      one.syntax = syntaxes[is];
      const std::string warnings = warnings_of(saying(syntaxes[said], one), one);
      if (said == is)
        EXPECT_EQ(warnings, "");
      else
        EXPECT_THAT(warnings, AllOf(HasSubstr(std::string("says ") + names[said]),
                                    HasSubstr(std::string("written as ") + names[is])));
    }
}

TEST_F(OddDicom, ThatSaysDeflatedButIsNotIsReadAsItIsWritten) {
  EXPECT_THAT(warnings_of(saying(kDeflatedSyntax, spec()), spec()), HasSubstr("says deflated"));
}

TEST_F(OddDicom, WhosePixelsAreNotCompressedAsItsTransferSyntaxSaysIsReadAsTheyAre) {
  EXPECT_THAT(warnings_of(saying(kRleSyntax, spec()), spec()),
              AllOf(HasSubstr("says RLE"), HasSubstr("not compressed")));
  DicomSpec runs = spec();
  runs.syntax = kRleSyntax;
  runs.compressed = {rle_of(dicom_samples(runs))};
  EXPECT_THAT(warnings_of(saying(kExplicitSyntax, runs), runs),
              AllOf(HasSubstr("says explicit little endian"), HasSubstr("pixels are RLE")));
  EXPECT_THAT(warnings_of(saying(kJpegSyntax, runs), runs), AllOf(HasSubstr("says JPEG"), HasSubstr("are RLE")));
}

TEST_F(OddDicom, WhosePixelsAreNeitherNamesTheTransferSyntax) {
  DicomSpec one = spec();
  one.compressed = {std::string(80, 'x')};
  EXPECT_THAT(refusal(dicom_of(one)), AllOf(HasSubstr("(0002,0010)"), HasSubstr("explicit little endian")));
  DicomSpec fewer = spec();
  const std::string pixels = element(0x7fe00010, "OW", dicom_samples(fewer));
  EXPECT_THAT(refusal(with(saying(kRleSyntax, fewer), pixels, element(0x7fe00010, "OW", std::string(40, 'x')))),
              AllOf(HasSubstr("says RLE"), HasSubstr("40 bytes"), HasSubstr("take 60")));
}

TEST_F(OddDicom, WithElementsOfNoValueRepresentationIsRead) {
  const std::string head = DicomWriter::bytes_of(uint16_t{9}) + DicomWriter::bytes_of(uint16_t{0x1010});
  const auto implicit = [](int number) {
    return DicomWriter(kImplicitSyntax).element(0x00091010 + static_cast<uint32_t>(number), "", "PRIVATEX");
  };
  const auto short_form = [&](const std::string& vr) {
    return head + vr + DicomWriter::bytes_of(uint16_t{8}) + "PRIVATEX";
  };
  const std::string long_form = head + "??" + std::string(2, '\0') + DicomWriter::bytes_of(uint32_t{8}) + "PRIVATEX";
  const std::string undefined = DicomWriter(kImplicitSyntax).sequence(0x00091010, {implicit(0)}, true);
  for (const std::string& odd :
       {implicit(0), implicit(0) + implicit(1) + implicit(2), short_form("??"), short_form("  "),
        short_form(std::string(2, '\0')), short_form("pn"), long_form, undefined}) {
    auto elements = dicom_elements(spec());
    elements[0x00091010] = odd;
    EXPECT_THAT(warnings_of(dicom_of(spec(), elements), spec()), HasSubstr("value representation"));
  }
}

TEST_F(OddDicom, WhoseNeededElementHasNoValueRepresentationIsReadByItsTag) {
  auto elements = dicom_elements(spec());
  elements[0x00280010] = DicomWriter(kImplicitSyntax).number(0x00280010, 5);
  elements[0x00280030] = DicomWriter(kImplicitSyntax).element(0x00280030, "DS", "0.5\\0.25");
  write_bytes(path_, dicom_of(spec(), elements));
  const Image image = read_scan(path_);
  EXPECT_EQ(max_abs_diff(image.voxels[0], spec().pixels), 0);
  EXPECT_EQ(spacing_mm(image.geometry.ras_from_voxel)[0], 0.25);
}

TEST_F(OddDicom, WhoseElementsCannotBeFollowedIsRefusedByTheTag) {
  auto elements = dicom_elements(spec());
  elements[0x00091010] = DicomWriter::bytes_of(uint16_t{9}) + DicomWriter::bytes_of(uint16_t{0x1010}) + "\1\2\3\4\5\6";
  EXPECT_THAT(refusal(dicom_of(spec(), elements)), AllOf(HasSubstr("(0009,1010)"), HasSubstr("value representation")));
}

TEST_F(OddDicom, WithWrongValuesThatNobodyNeedsIsRead) {
  auto elements = dicom_elements(spec());
  elements[0x00181164] = element(0x00181164, "DS", "0\\0");
  EXPECT_EQ(warnings_of(dicom_of(spec(), elements), spec()), "");
  elements[0x00181164] = element(0x00181164, "DS", "NaN");
  elements[0x00200011] = element(0x00200011, "IS", "first");
  elements[0x00200013] = element(0x00200013, "IS", "one");
  elements[0x00280008] = element(0x00280008, "IS", "0");
  EXPECT_EQ(warnings_of(dicom_of(spec(), elements), spec()), "");
  elements[0x00180050] = element(0x00180050, "DS", "NaN");
  EXPECT_THAT(warnings_of(dicom_of(spec(), elements), spec()), HasSubstr("Slice Thickness (0018,0050) is 'NaN'"));
  elements[0x00180088] = element(0x00180088, "DS", "4");
  write_bytes(path_, dicom_of(spec(), elements));
  EXPECT_EQ(spacing_mm(read_scan(path_).geometry.ras_from_voxel)[2], 4);
}

TEST_F(OddDicom, WithAWrongValueThatIsNeededIsRefused) {
  auto elements = dicom_elements(spec());
  elements[0x00280030] = element(0x00280030, "DS", "NaN\\1");
  EXPECT_THAT(refusal(dicom_of(spec(), elements)), HasSubstr("(0028,0030) has 'NaN'"));
  elements[0x00280030] = element(0x00280030, "DS", "1.000,5\\1");
  EXPECT_THAT(refusal(dicom_of(spec(), elements)), HasSubstr("(0028,0030) has '1.000,5'"));
}

TEST_F(OddDicom, WithDecimalCommasIsReadWithAWarning) {
  auto elements = dicom_elements(spec());
  elements[0x00280030] = element(0x00280030, "DS", "0,5\\0,25");
  elements[0x00180050] = element(0x00180050, "DS", "2,5");
  EXPECT_THAT(warnings_of(dicom_of(spec(), elements), spec()),
              HasSubstr("(0028,0030) has decimal commas, '0,5\\0,25'"));
  const auto spacing = spacing_mm(read_scan(path_).geometry.ras_from_voxel);
  EXPECT_EQ(spacing[0], 0.25);
  EXPECT_EQ(spacing[1], 0.5);
  EXPECT_EQ(spacing[2], 2.5);
}

TEST_F(OddDicom, WithoutAPhotometricInterpretationIsBrightWhereItIsLargeWithAWarning) {
  auto elements = dicom_elements(spec());
  elements.erase(0x00280004);
  EXPECT_THAT(warnings_of(dicom_of(spec(), elements), spec()), HasSubstr("MONOCHROME2"));
  elements[0x00280004] = element(0x00280004, "CS", "");
  EXPECT_THAT(warnings_of(dicom_of(spec(), elements), spec()), HasSubstr("MONOCHROME2"));
}

class DicomPalette8 : public OddDicom {
 protected:
  static std::string words(const std::vector<int>& values) {
    std::string bytes;
    for (const int value : values) bytes += DicomWriter::bytes_of(uint16_t(value));
    return bytes;
  }
  static DicomSpec indices() {
    DicomSpec spec;
    spec.photometric = "PALETTE COLOR";
    spec.bits_allocated = spec.bits_stored = 8;
    spec.pixels = pattern(5, 6).remainder(4) + 9;
    return spec;
  }
  static std::string with_palette(const std::vector<int>& red, const std::vector<int>& green, int bits = 16) {
    auto elements = dicom_elements(indices());
    for (uint32_t colour = 0; colour < 3; ++colour) {
      elements[0x00281101 + colour] = element(0x00281101 + colour, "US", words({4, 9, bits}));
      elements[0x00281201 + colour] = element(0x00281201 + colour, "OW", words(colour == 1 ? green : red));
    }
    return dicom_of(indices(), elements);
  }
};

TEST_F(DicomPalette8, OfGraysIsLookedUp) {
  const Tensor grays = at::tensor({255.0f, 20.0f, 100.0f, 0.0f});
  const Tensor expected = grays.index_select(0, (indices().pixels - 9).flatten().to(at::kLong)).view({5, 6});
  for (const int bits : {16, 8}) {
    const int factor = bits == 16 ? 257 : 1;
    const std::vector<int> entries{255 * factor, 20 * factor, 100 * factor, 0};
    write_bytes(path_, with_palette(entries, entries, bits));
    EXPECT_LT(max_abs_diff(read_scan(path_).voxels[0], expected), 1e-4) << bits;
  }
}

TEST_F(DicomPalette8, OfColoursOrWithoutATableIsRefusedWithTheCause) {
  EXPECT_THAT(refusal(with_palette({1, 2, 3, 4}, {4, 3, 2, 1})), HasSubstr("has colours"));
  EXPECT_THAT(refusal(with_palette({1, 2, 3}, {1, 2, 3})), HasSubstr("4 entries of 16 bits in 6 bytes"));
  EXPECT_THAT(refusal(dicom_of(indices())), HasSubstr("without a palette (0028,1101)"));
}

TEST_F(OddDicom, WhoseJpeg2000LiesInAFileOfItsOwnIsReadAsTheBareOne) {
  const std::string seeds = THOR_SOURCE_DIR "/tests/fuzz/seeds/";
  const Tensor bare = read_scan(seeds + "jpeg2000.dcm").voxels;
  EXPECT_EQ(max_abs_diff(read_scan(seeds + "jpeg2000_boxed.dcm").voxels, bare), 0);
  const std::string bytes = read_bytes(seeds + "jpeg2000_boxed.dcm");
  EXPECT_THAT(refusal(with(bytes, "jp2c", "jp2x")), HasSubstr("without a codestream"));
}

TEST_F(OddDicom, WhosePicturesAreOfAnotherKindThanItSaysAreReadAsTheyAre) {
  const std::string seeds = THOR_SOURCE_DIR "/tests/fuzz/seeds/";
  for (const char* name : {"jpegls.dcm", "jpeg2000.dcm", "jpeg_lossless.dcm"}) {
    const std::string bytes = read_bytes(seeds + name);
    const std::string start = element(0x00020010, "UI", "").substr(0, 6);
    const size_t at = bytes.find(start);
    ASSERT_NE(at, std::string::npos) << name;
    const size_t length = static_cast<unsigned char>(bytes[at + 6]);
    std::string wrong = std::string("1.2.840.10008.1.2.4.50").substr(0, length);
    wrong.resize(length, '\0');
    write_bytes(path_, std::string(bytes).replace(at + 8, length, wrong));
    const Said said;
    EXPECT_EQ(max_abs_diff(read_scan(path_).voxels, read_scan(seeds + name).voxels), 0) << name;
    EXPECT_THAT(said.warnings(), HasSubstr("says JPEG baseline")) << name;
  }
}

}  // namespace
}  // namespace thor::test
