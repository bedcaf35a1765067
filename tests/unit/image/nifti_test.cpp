// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "tests/said.h"
#include "tests/scans.h"
#include "tests/unit/image/nifti_bytes.h"
#include "tests/unit/image/pictures.h"

namespace thor::test {
namespace {

using testing::HasSubstr;

/// 30 degrees about the patient's long axis, 0.5 x 0.75 x 3 mm.
Affine oblique() {
  const double c = std::cos(M_PI / 6), s = std::sin(M_PI / 6);
  return Affine{{-0.5 * c, 0.75 * s, 0, 90.5, -0.5 * s, -0.75 * c, 0, -12.25, 0, 0, 3, 23}};
}

double max_difference(const Affine& a, const Affine& b) {
  double most = 0;
  for (size_t i = 0; i < 12; ++i) most = std::max(most, std::abs(a.rows[i] - b.rows[i]));
  return most;
}

class Nifti : public testing::Test {
 protected:
  std::string bytes() {
    write_nifti(path_, pattern(5, 6), {});
    return read_bytes(path_);
  }
  std::string refusal(const std::string& content) {
    write_bytes(path_, content);
    return story_of([&] { read_image(path_); });
  }
  TemporaryFolder folder_;
  std::string path_ = folder_ / "a.nii";
};

TEST_F(Nifti, KeepsVoxelsAndTheirPlace) {
  Affine sheared = oblique();
  sheared.at(0, 2) = 0.7;
  for (const char* name : {"a.nii", "a.nii.gz"})
    for (const Affine& affine : {oblique(), sheared}) {
      const Tensor voxels = at::stack({pattern(5, 6) / 7, pattern(5, 6)});
      write_nifti(folder_ / name, voxels, {affine, {}});
      const Image image = read_scan(folder_ / name);
      EXPECT_EQ(max_abs_diff(image.voxels, voxels), 0);
      EXPECT_TRUE(image.medical);
      EXPECT_EQ(image.full_scale, 0);
      EXPECT_LT(max_difference(image.geometry.ras_from_voxel, affine), 1e-5);
    }
}

TEST_F(Nifti, IsWrittenBackWithBothFormsTheirCodesAndItsUnit) {
  // The two forms disagree, as they do in real files; a result must not decide between them.
  NiftiBytes header(false);
  header.set(252, int16_t{1}).set(254, int16_t{4}).set(264, 1.0f).set(268, 10.0f).set(123, uint8_t{1});
  header.set(280, 0.5f).set(284, 0.1f).set(300, 1.0f).set(320, 1.5f);
  write_bytes(path_, header.file());
  const Image image = read_image(path_);
  write_nifti(folder_ / "b.nii", image.voxels, image.geometry);
  const std::string first = read_bytes(path_), second = read_bytes(folder_ / "b.nii");
  EXPECT_EQ(second.substr(76, 16), first.substr(76, 16));    // pixdim
  EXPECT_EQ(second.substr(252, 76), first.substr(252, 76));  // codes, quaternion, offset, sform
  EXPECT_EQ(second[123], first[123]);
}

TEST_F(Nifti, WrittenFromAnAffineSaysTheSameInItsQform) {
  for (const double sign : {1.0, -1.0}) {
    const Affine affine = oblique() * scaling({1, 1, sign});
    write_nifti(path_, pattern(5, 6), {affine, {}});
    write_bytes(path_, patched(read_bytes(path_), 254, int16_t{0}));  // no sform
    EXPECT_LT(max_difference(read_image(path_).geometry.ras_from_voxel, affine), 1e-5) << sign;
  }
}

TEST_F(Nifti, WithSeveralSlicesIsNoSingleImage) {
  write_nifti(path_, at::rand({7, 5, 6}), {});
  EXPECT_THAT(story_of([&] { read_image(path_); }), HasSubstr("7 slices"));
}

TEST_F(Nifti, OfSeveralFramesNeedsAChoice) {
  write_nifti(path_, at::cat({pattern(5, 6), pattern(5, 6) + 1, pattern(5, 6) + 2}).view({3, 5, 6}), {});
  std::string content = patched(read_bytes(path_), kDim, int16_t{4});
  content = patched(patched(content, kDim + 6, int16_t{1}), kDim + 8, int16_t{3});
  EXPECT_THAT(refusal(content), HasSubstr("3 frames"));
  for (int64_t frame = 0; frame < 3; ++frame)
    EXPECT_EQ(max_abs_diff(read_scan(path_, {frame, ""}).voxels[0], pattern(5, 6) + frame), 0);
  EXPECT_THAT(story_of([&] { read_scan(path_, {3, ""}); }), HasSubstr("no frame 3"));
}

TEST_F(Nifti, ThatAnnouncesMoreThanItsFileCanHoldIsRefusedBeforeMemoryIsTaken) {
  std::string content = bytes();
  for (size_t axis = 0; axis < 3; ++axis) content = patched(content, kDim + 2 + 2 * axis, int16_t{1000});
  EXPECT_THAT(refusal(content), HasSubstr("announces 4000000352 bytes"));
  write_bytes(folder_ / "a.nii.gz", gzip_packed(content));
  EXPECT_THAT(story_of([&] { read_scan(folder_ / "a.nii.gz"); }), HasSubstr("announces 4000000352 bytes"));
}

TEST_F(Nifti, PackedInSeveralMembersOrPaddedIsReadWhole) {
  const std::string content = bytes(), path = folder_ / "b.nii.gz";
  for (const size_t cut : {size_t{100}, content.size() - 20}) {
    write_bytes(path, gzip_packed(content.substr(0, cut)) + gzip_packed(content.substr(cut)) + std::string(512, '\0'));
    EXPECT_EQ(max_abs_diff(read_image(path).voxels[0], pattern(5, 6)), 0) << cut;
  }
}

TEST_F(Nifti, VolumeWithNanIsReadWithZerosAndAWarning) {
  Tensor voxels = at::stack({pattern(5, 6), pattern(5, 6)});
  write_nifti(path_, voxels, {});
  write_bytes(path_, patched(patched(read_bytes(path_), kData, NAN), kData + 8, -INFINITY));
  const Said said;
  voxels[0][0][0] = 0;
  voxels[0][0][2] = 0;
  EXPECT_EQ(max_abs_diff(read_scan(path_).voxels, voxels), 0);
  EXPECT_THAT(said.warnings(), HasSubstr("2 of 60 voxels"));
}

TEST_F(Nifti, OfTwoDimensionsIsReadAsOneSlice) {
  write_bytes(path_, patched(bytes(), kDim, int16_t{2}));
  const Image image = read_image(path_);
  EXPECT_EQ(max_abs_diff(image.voxels, pattern(5, 6).unsqueeze(0)), 0);
}

TEST_F(Nifti, OfBytesHasAWhite) {
  std::string content = patched(patched(bytes(), kDatatype, int16_t{2}), kBitpix, int16_t{8});
  content = content.substr(0, kData) + samples_of<uint8_t>(pattern(5, 6));
  write_bytes(path_, content);
  const Image image = read_image(path_);
  EXPECT_EQ(max_abs_diff(image.voxels[0], pattern(5, 6)), 0);
  EXPECT_EQ(image.full_scale, 255);
}

TEST_F(Nifti, IsRescaledAsItsHeaderSays) {
  std::string content = patched(patched(bytes(), kDatatype, int16_t{4}), kBitpix, int16_t{16});
  content = patched(patched(content, kSlope, 2.0f), kIntercept, -10.0f);
  write_bytes(path_, content.substr(0, kData) + samples_of<int16_t>(pattern(5, 6)));
  const Image image = read_image(path_);
  EXPECT_EQ(max_abs_diff(image.voxels[0], pattern(5, 6) * 2 - 10), 0);
  EXPECT_EQ(image.full_scale, 0);
}

TEST_F(Nifti, OfWideIntegersKeepsThemBesideALargeIntercept) {
  constexpr float kIntercept32 = -2e9f;
  std::string content = patched(patched(bytes(), kDatatype, int16_t{8}), kBitpix, int16_t{32});
  content = patched(patched(content, kSlope, 1.0f), kIntercept, kIntercept32);
  write_bytes(path_, content.substr(0, kData) + samples_of<int32_t>(pattern(5, 6).to(at::kDouble) - kIntercept32));
  EXPECT_EQ(max_abs_diff(read_image(path_).voxels[0], pattern(5, 6)), 0);
}

TEST_F(Nifti, IsReadInEitherByteOrder) {
  for (const bool swapped : {false, true}) {
    write_bytes(path_, NiftiBytes(swapped).file());
    const Image image = read_image(path_);
    EXPECT_EQ(max_abs_diff(image.voxels[0], pattern(5, 6)), 0);
    EXPECT_EQ(spacing_mm(image.geometry.ras_from_voxel), (Point3{0.5, 1.0, 1.5}));
  }
}

TEST_F(Nifti, WithoutAFormLiesAsItsSpacingSays) {
  write_bytes(path_, NiftiBytes(false).file());
  EXPECT_EQ(read_image(path_).geometry.ras_from_voxel, scaling({0.5, 1, 1.5}));
}

TEST_F(Nifti, VolumeWithoutAFormWarnsThatSidesMayBeSwapped) {
  const std::string volume = NiftiBytes(false).set(kDim + 6, int16_t{2}).file() + samples_of<int16_t>(pattern(5, 6));
  write_bytes(path_, volume);
  const Said said;
  EXPECT_EQ(read_scan(path_).geometry.ras_from_voxel, scaling({0.5, 1, 1.5}));
  EXPECT_THAT(said.warnings(), HasSubstr("left and right may be swapped"));
}

TEST_F(Nifti, OfOneSliceNeedsNoThirdAxisButAVolumeDoes) {
  NiftiBytes header(false);
  header.set(254, int16_t{1}).set(280, 2.0f).set(300, 3.0f);  // the third column of the sform is 0
  write_bytes(path_, header.file());
  EXPECT_EQ(read_image(path_).geometry.ras_from_voxel, scaling({2, 3, 1}));
  EXPECT_THAT(refusal(header.set(kDim + 6, int16_t{2}).file() + samples_of<int16_t>(pattern(5, 6))),
              HasSubstr("set its sform"));
}

TEST_F(Nifti, MeasuredInMetresOrMicrometresIsGivenInMillimetres) {
  write_bytes(path_, NiftiBytes(false).set(123, uint8_t{1}).file());
  EXPECT_NEAR(spacing_mm(read_image(path_).geometry.ras_from_voxel)[0], 500, 1e-9);
  write_bytes(path_, NiftiBytes(false).set(123, uint8_t{3}).file());
  EXPECT_NEAR(spacing_mm(read_image(path_).geometry.ras_from_voxel)[0], 0.0005, 1e-12);
}

TEST_F(Nifti, WithAQformAloneIsTurnedByItsQuaternion) {
  // Half a turn about z, and a left-handed z.
  NiftiBytes header(false);
  header.set(252, int16_t{1}).set(264, 1.0f).set(268, 10.0f).set(276, -4.0f).set(76, -1.0f);
  write_bytes(path_, header.file());
  const Affine expected{{-0.5, 0, 0, 10, 0, -1, 0, 0, 0, 0, -1.5, -4}};
  EXPECT_LT(max_difference(read_image(path_).geometry.ras_from_voxel, expected), 1e-6);
}

TEST_F(Nifti, WithAShearedSformIsReadAsItStands) {
  NiftiBytes header(false);
  header.set(254, int16_t{1}).set(280, 1.0f).set(284, 0.5f).set(300, 1.0f).set(320, 1.0f);
  write_bytes(path_, header.file());
  EXPECT_EQ(read_image(path_).geometry.ras_from_voxel.at(0, 1), 0.5);
}

TEST_F(Nifti, WithADamagedSformIsPlacedByItsQform) {
  NiftiBytes header(false);
  header.set(254, int16_t{1}).set(280, 1.0f).set(284, 1.0f).set(252, int16_t{1}).set(320, 1.0f);
  write_bytes(path_, header.file());
  EXPECT_EQ(read_image(path_).geometry.ras_from_voxel, scaling({0.5, 1, 1.5}));
}

TEST_F(Nifti, WithNoUsableFormIsRefusedWithTheRemedy) {
  EXPECT_THAT(refusal(NiftiBytes(false).set(254, int16_t{1}).set(280, 1.0f).set(284, 1.0f).set(320, 1.0f).file()),
              HasSubstr("set its sform"));
}

TEST_F(Nifti, OfAnUnknownDataTypeIsRefusedWithItsNumber) {
  EXPECT_THAT(refusal(NiftiBytes(false).set(kDatatype, int16_t{1792}).file()), HasSubstr("type 1792"));
}

TEST_F(Nifti, InTwoFilesIsRefused) { EXPECT_THAT(refusal(patched(bytes(), 345, 'i')), HasSubstr(".img")); }

TEST_F(Nifti, WithNanOrInfinityIsRefused) {
  EXPECT_THAT(refusal(patched(bytes(), kData + 8, NAN)), HasSubstr("NaN or infinite"));
  EXPECT_THAT(refusal(patched(bytes(), kData + 8, INFINITY)), HasSubstr("NaN or infinite"));
}

TEST_F(Nifti, OfAHugeSizeIsRefusedFromItsHeader) {
  const std::string content = patched(patched(bytes(), kDim + 2, int16_t{20000}), kDim + 4, int16_t{20000});
  EXPECT_THAT(refusal(content), HasSubstr("20000 x 20000"));
}

TEST_F(Nifti, IsNotWrittenUnderAnotherEnding) {
  EXPECT_THAT(story_of([&] { write_nifti(folder_ / "a.png", pattern(5, 6), {}); }), HasSubstr(".nii.gz"));
}

TEST_F(Nifti, ThatDoesNotFitOnTheDiskIsAnErrorAndLeavesNothing) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{2000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string plain = story_of([&] { write_nifti(folder_ / "a.nii", at::rand({40, 40}), {}); });
  const std::string packed = story_of([&] { write_nifti(folder_ / "a.nii.gz", at::rand({40, 40}), {}); });
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_THAT(plain, HasSubstr("cannot write"));
  EXPECT_THAT(packed, HasSubstr("cannot write"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

}  // namespace
}  // namespace thor::test
