// SPDX-License-Identifier: Apache-2.0
// NIfTI headers that contradict themselves or the file, and what other programs write.
#include <gmock/gmock.h>

#include "tests/said.h"
#include "tests/scans.h"
#include "tests/unit/image/nifti_bytes.h"
#include "tests/unit/image/pictures.h"

namespace thor::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class NiftiInDoubt : public testing::Test {
 protected:
  Image read(const std::string& bytes, const ScanChoice& choice = {}) {
    write_bytes(path_, bytes);
    return read_scan(path_, choice);
  }
  std::string refusal(const std::string& bytes) {
    return story_of([&] { read(bytes); });
  }
  /// What is warned about while the pattern is read from these bytes.
  std::string warnings_of(const std::string& bytes) {
    const Said said;
    EXPECT_EQ(max_abs_diff(read(bytes).voxels[0], pattern(5, 6)), 0);
    return said.warnings();
  }
  TemporaryFolder folder_;
  std::string path_ = folder_ / "a.nii";
};

/// 6 x 5 x 2 voxels of 1 x 1 x 3 mm by both forms; the qform lies at `x` and is turned by the quaternion.
NiftiBytes two_forms(float x, float b, float c, float d, float handed = 1) {
  NiftiBytes header(false);
  header.set(kDim + 6, int16_t{2}).set(kPixdim, handed).set(kPixdim + 4, 1.0f).set(kPixdim + 12, 3.0f);
  header.set(kSformCode, int16_t{2}).set(kSform, 1.0f).set(kSform + 20, 1.0f).set(kSform + 40, 3.0f);
  header.set(kQformCode, int16_t{1}).set(kQformOrigin, x);
  return header.set(kQuaternion, b).set(kQuaternion + 4, c).set(kQuaternion + 8, d);
}
std::string of_two_slices(const NiftiBytes& header) { return header.file() + samples_of<int16_t>(pattern(5, 6)); }

TEST_F(NiftiInDoubt, VoxelsThatShouldLieInsideTheHeaderAreFoundByTheLengthOfTheFile) {
  for (const float said : {0.0f, -1.0f, 100.0f, NAN, 348.0f}) {
    const std::string bytes = NiftiBytes(false).set(kOffset, said).file();
    EXPECT_THAT(warnings_of(bytes), HasSubstr("at byte 352 and are read from there")) << said;
    EXPECT_THAT(warnings_of(gzip_packed(bytes)), HasSubstr("at byte 352")) << said;
  }
  for (const float said : {0.0f, 348.0f})
    EXPECT_THAT(warnings_of(NiftiBytes(true).set(kOffset, said).file(348)), HasSubstr("are read from there")) << said;
}

TEST_F(NiftiInDoubt, OfVersion2FindsItsVoxelsBehindItsLongerHeader) {
  const Tensor wide = at::arange(40000, at::kFloat).view({1, 40000});
  write_nifti(path_, wide, {});
  const Said said;
  EXPECT_EQ(max_abs_diff(read(patched(read_bytes(path_), 168, int64_t{0})).voxels[0], wide), 0);
  EXPECT_THAT(said.warnings(), HasSubstr("byte 544"));
}

TEST_F(NiftiInDoubt, RefusesVoxelsInsideTheHeaderWhereTheLengthFitsNothing) {
  const std::string bytes = NiftiBytes(false).set(kOffset, 0.0f).file();
  EXPECT_THAT(refusal(bytes + "0123456789"), AllOf(HasSubstr("byte 0"), HasSubstr("set vox_offset to 352")));
  EXPECT_THAT(refusal(bytes.substr(0, bytes.size() - 3)), HasSubstr("set vox_offset to 352"));
}

TEST_F(NiftiInDoubt, SkipsAnExtensionThatItsOffsetForgetsAndNoneThatIsOnlyAnnounced) {
  NiftiBytes header(false);
  header.set(348, uint8_t{1});
  std::string extended = header.file(384);
  extended = patched(patched(extended, 352, int32_t{32}), 356, int32_t{6});
  EXPECT_THAT(warnings_of(extended), HasSubstr("inside the extension behind it"));
  EXPECT_THAT(warnings_of(patched(extended, kOffset, 384.0f)), IsEmpty());
  EXPECT_THAT(warnings_of(header.file()), IsEmpty());
}

TEST_F(NiftiInDoubt, KeepsASlopeWhoseInterceptIsNoNumber) {
  for (const float intercept : {NAN, INFINITY}) {
    const Said said;
    const Image image = read(NiftiBytes(false).set(kSlope, 2.0f).set(kIntercept, intercept).file());
    EXPECT_EQ(max_abs_diff(image.voxels[0], pattern(5, 6) * 2), 0);
    EXPECT_THAT(said.warnings(), HasSubstr("intercept is taken as 0"));
  }
}

TEST_F(NiftiInDoubt, WithoutASlopeIsTakenAsStored) {
  EXPECT_THAT(warnings_of(NiftiBytes(false).set(kSlope, NAN).set(kIntercept, NAN).file()), IsEmpty());
  EXPECT_THAT(warnings_of(NiftiBytes(false).file()), IsEmpty());
  EXPECT_THAT(warnings_of(NiftiBytes(false).set(kSlope, INFINITY).file()), HasSubstr("no usable slope (inf"));
  EXPECT_THAT(warnings_of(NiftiBytes(false).set(kIntercept, 5.0f).file()),
              HasSubstr("no usable slope (0, intercept 5"));
}

TEST_F(NiftiInDoubt, WhoseFormsSwapLeftAndRightIsPlacedByItsSformWithAWarning) {
  // Half a turn about y and a left-handed third axis mirror x.
  const std::string bytes = of_two_slices(two_forms(5, 0, 1, 0, -1));
  EXPECT_THAT(warnings_of(bytes), AllOf(HasSubstr("up to 5 mm apart"), HasSubstr("sform (code 2, RAS)"),
                                        HasSubstr("qform (code 1, LAS)"), HasSubstr("left and right are swapped")));
  EXPECT_EQ(read_scan(path_).geometry.ras_from_voxel, scaling({1, 1, 3}));
}

TEST_F(NiftiInDoubt, WhoseFormsAreTurnedAgainstEachOtherSaysHowFar) {
  // 10 degrees about x: the corner (5, 4, 1) moves by 2 sin(5 degrees) times its distance from the axis, 5 mm.
  const std::string warning = warnings_of(of_two_slices(two_forms(0, static_cast<float>(std::sin(M_PI / 36)), 0, 0)));
  EXPECT_THAT(warning, AllOf(HasSubstr("up to 0.8716 mm apart"), Not(HasSubstr("swapped"))));
}

TEST_F(NiftiInDoubt, WhoseFormsAgreeButForRoundingIsReadInSilence) {
  EXPECT_THAT(warnings_of(of_two_slices(two_forms(0, 0, 0, 0))), IsEmpty());
  EXPECT_THAT(warnings_of(of_two_slices(two_forms(0.05f, 0, 0, 0))), IsEmpty());
  EXPECT_THAT(warnings_of(of_two_slices(two_forms(0.5f, 0, 0, 0))), HasSubstr("up to 0.5 mm apart"));
  EXPECT_THAT(warnings_of(of_two_slices(two_forms(0, NAN, 0, 0))), IsEmpty());  // a qform that is none is not needed
}

TEST_F(NiftiInDoubt, WhoseSpacingIsNotThatOfItsSformSaysBoth) {
  NiftiBytes header = two_forms(0, 0, 0, 0);
  header.set(kQformCode, int16_t{0});
  EXPECT_THAT(warnings_of(of_two_slices(header)), IsEmpty());
  EXPECT_THAT(warnings_of(of_two_slices(header.set(kPixdim + 4, -1.0f))), IsEmpty());
  EXPECT_THAT(warnings_of(of_two_slices(header.set(kPixdim + 12, 1.0f))),
              AllOf(HasSubstr("1 x 1 x 3 mm by its sform"), HasSubstr("x 1 mm by pixdim")));
}

TEST_F(NiftiInDoubt, PlacedByAnOddQformSaysSo) {
  NiftiBytes header = two_forms(0, 0, 0, 0);
  header.set(kSformCode, int16_t{0});
  EXPECT_THAT(warnings_of(of_two_slices(header.set(kPixdim, 0.0f))), IsEmpty());  // the standard: 0 means 1
  EXPECT_EQ(read_scan(path_).geometry.ras_from_voxel, scaling({1, 1, 3}));
  EXPECT_THAT(warnings_of(of_two_slices(header.set(kPixdim + 4, -1.0f))), HasSubstr("spacing below zero (-1 x 1 x 3)"));
  EXPECT_THAT(warnings_of(of_two_slices(header.set(kQuaternion, 2.0f))), HasSubstr("is 2 long"));
}

TEST_F(NiftiInDoubt, WithAnotherNumberOfBitsIsReadByItsDataType) {
  EXPECT_THAT(warnings_of(NiftiBytes(false).set(kBitpix, int16_t{8}).file()),
              AllOf(HasSubstr("8 bits"), HasSubstr("data type 4 has 16")));
}

TEST_F(NiftiInDoubt, TakesATrailingSideOfZeroForOne) {
  NiftiBytes header(false);
  header.set(kDim, int16_t{5}).set(kDim + 8, int16_t{0}).set(kDim + 10, int16_t{0});
  EXPECT_THAT(warnings_of(header.file()), IsEmpty());
  EXPECT_THAT(warnings_of(header.set(kDim, int16_t{3}).set(kDim + 6, int16_t{0}).file()), IsEmpty());
  EXPECT_THAT(refusal(header.set(kDim + 4, int16_t{0}).file()), HasSubstr("dimension 2 is 0"));
}

TEST_F(NiftiInDoubt, ThatHoldsMoreThanItsHeaderAnnouncesSaysHowMuch) {
  const std::string bytes = NiftiBytes(false).file(), more = bytes + samples_of<int16_t>(pattern(5, 6));
  EXPECT_THAT(warnings_of(more), HasSubstr("60 bytes more than the 6 x 5 x 1 voxels"));
  EXPECT_THAT(warnings_of(gzip_packed(more)), HasSubstr("60 bytes more"));
  EXPECT_THAT(warnings_of(bytes + "padding"), IsEmpty());
}

TEST_F(NiftiInDoubt, PackedWithFewerFramesThanItAnnouncesIsRefusedWhicheverIsChosen) {
  NiftiBytes header(false);
  header.set(kDim, int16_t{4}).set(kDim + 6, int16_t{1}).set(kDim + 8, int16_t{3});
  const std::string packed = gzip_packed(of_two_slices(header));
  for (const int64_t frame : {0, 1, 2})
    EXPECT_THAT(story_of([&] { read(packed, {frame, ""}); }), HasSubstr("too early")) << frame;
}

TEST_F(NiftiInDoubt, WithAnotherLengthOfItsHeaderIsKnownByItsMagic) {
  for (const bool swapped : {false, true})
    EXPECT_THAT(warnings_of(NiftiBytes(swapped).set(0, int32_t{0}).file()), HasSubstr("0 bytes long, not 348"));
}

TEST_F(NiftiInDoubt, InMicrometresIsObeyedAndDoubtedWhereItIsTinyThen) {
  NiftiBytes header = two_forms(0, 0, 0, 0);
  write_bytes(path_, of_two_slices(header.set(kUnits, uint8_t{3})));
  const Said said;
  EXPECT_NEAR(spacing_mm(read_scan(path_).geometry.ras_from_voxel)[2], 0.003, 1e-9);
  EXPECT_THAT(said.warnings(), HasSubstr("0.006 x 0.005 x 0.006 mm"));
}

TEST_F(NiftiInDoubt, ThatIsSomethingElseIsCalledByItsName) {
  const std::string good = NiftiBytes(false).file();
  EXPECT_THAT(refusal(gzip_packed(gzip_packed(good))), HasSubstr("packed twice"));
  EXPECT_THAT(refusal(nrrd_of(pattern(5, 6).unsqueeze(0))), HasSubstr("NRRD file"));
  EXPECT_THAT(refusal("/annex/objects/SHA256E-s24877--0123.nii.gz\n"), HasSubstr("git annex get"));
  EXPECT_THAT(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:0123\n"), HasSubstr("git lfs pull"));
  EXPECT_THAT(refusal("<!DOCTYPE html><html>not found</html>"), HasSubstr("web page"));
  DicomSpec slice;
  slice.pixels = pattern(5, 6);
  EXPECT_THAT(refusal(dicom_of(slice)), HasSubstr("DICOM"));
  EXPECT_THAT(refusal(patched(good, 344, int32_t{0})), HasSubstr("ANALYZE"));
}

TEST_F(NiftiInDoubt, OfAKindThatIsNotReadIsCalledByItsName) {
  const auto of_type = [](int16_t type) { return NiftiBytes(false).set(kDatatype, type).file(); };
  EXPECT_THAT(refusal(of_type(1)), HasSubstr("single bits"));
  EXPECT_THAT(refusal(of_type(32)), AllOf(HasSubstr("complex numbers of 64 bit"), HasSubstr("magnitude")));
  EXPECT_THAT(refusal(of_type(1536)), HasSubstr("128 bit"));
  NiftiBytes surface(false);
  surface.set(kDim, int16_t{4}).set(kDim + 2, int16_t{-1}).set(kDim + 4, int16_t{1});
  EXPECT_THAT(refusal(surface.file()), HasSubstr("surface"));
}

}  // namespace
}  // namespace thor::test
