// SPDX-License-Identifier: Apache-2.0
// What holds for every format.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/scans.h"
#include "tests/unit/image/pictures.h"

namespace thor::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int64_t kHeight = 11, kWidth = 14;

struct Sample {
  const char* name;
  std::string (*bytes)(const TemporaryFolder& folder);
};

std::string png_bytes(const TemporaryFolder&) { return encode_png(pattern(kHeight, kWidth) / 255); }
std::string jpeg_bytes(const TemporaryFolder&) { return jpeg_of(pattern(kHeight, kWidth)); }
std::string tiff_bytes(const TemporaryFolder&) {
  return tiff_of({{kWidth, kHeight, 8, 1, 1, 1, samples_of<uint8_t>(pattern(kHeight, kWidth))}});
}
std::string nifti_bytes(const TemporaryFolder& folder) {
  write_nifti(folder / "made.nii", pattern(kHeight, kWidth), {});
  return read_bytes(folder / "made.nii");
}
std::string gzip_bytes(const TemporaryFolder& folder) {
  write_nifti(folder / "made.nii.gz", pattern(kHeight, kWidth), {});
  return read_bytes(folder / "made.nii.gz");
}

std::string nrrd_bytes(const TemporaryFolder&) { return nrrd_of(pattern(kHeight, kWidth).unsqueeze(0)); }
std::string metaimage_bytes(const TemporaryFolder&) { return metaimage_of(pattern(kHeight, kWidth).unsqueeze(0)); }
std::string mgz_bytes(const TemporaryFolder&) { return gzip_packed(mgh_of(pattern(kHeight, kWidth).unsqueeze(0))); }
std::string dicom_bytes(const TemporaryFolder&) {
  DicomSpec spec;
  spec.pixels = pattern(kHeight, kWidth);
  return dicom_of(spec);
}
std::string zip_bytes(const TemporaryFolder& folder) { return zip_of({{"a.dcm", dicom_bytes(folder)}}); }

const Sample kSamples[] = {{"a.png", png_bytes},   {"a.jpg", jpeg_bytes},      {"a.tif", tiff_bytes},
                           {"a.nii", nifti_bytes}, {"a.nii.gz", gzip_bytes},   {"B.PNG", png_bytes},
                           {"a.nrrd", nrrd_bytes}, {"a.mha", metaimage_bytes}, {"a.dcm", dicom_bytes},
                           {"a.zip", zip_bytes},   {"a.mgz", mgz_bytes}};

class EveryFormat : public testing::TestWithParam<Sample> {
 protected:
  TemporaryFolder folder_;
  std::string bytes_ = GetParam().bytes(folder_);
  std::string path_ = folder_ / GetParam().name;
};

TEST_P(EveryFormat, IsReadAsOneSliceWithRowsAsRows) {
  write_bytes(path_, bytes_);
  const Image image = read_image(path_);
  ASSERT_EQ(image.voxels.sizes(), (std::vector<int64_t>{1, kHeight, kWidth}));
  EXPECT_EQ(image.voxels.scalar_type(), at::kFloat);
  EXPECT_EQ(image.path, path_);
  const double tolerance = std::string(GetParam().name) == "a.jpg" ? 25 : 0;  // JPEG loses a little
  EXPECT_LE(max_abs_diff(image.voxels[0], pattern(kHeight, kWidth)), tolerance);
}

TEST_P(EveryFormat, IsReadFromFoldersWithSpacesAndUmlauts) {
  const std::string folder = folder_ / "Schädel der Größe";
  std::filesystem::create_directories(folder);
  write_bytes(folder + "/é " + GetParam().name, bytes_);
  EXPECT_EQ(read_image(folder + "/é " + GetParam().name).voxels.numel(), kHeight * kWidth);
}

TEST_P(EveryFormat, CutAnywhereIsRefusedInSilence) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  std::vector<size_t> accepted;
  for (size_t length = 0; length < bytes_.size(); ++length) {
    write_bytes(path_, bytes_.substr(0, length));
    try {
      read_image(path_);
      accepted.push_back(length);
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), ErrorKind::Internal) << error.what();
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(accepted, testing::IsEmpty());
}

TEST_P(EveryFormat, WithAnyByteChangedIsReadOrRefusedInSilence) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  size_t refused = 0;
  for (size_t at = 0; at < bytes_.size(); ++at) {
    write_bytes(path_, patched(bytes_, at, static_cast<char>(bytes_[at] ^ 0xA5)));
    try {
      EXPECT_TRUE(at::isfinite(read_image(path_).voxels).all().item<bool>());
    } catch (const Error& error) {
      ++refused;
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_GT(refused, 0u);
}

TEST_P(EveryFormat, NamesTheFileThatIsNoImage) {
  write_bytes(path_, "this is a letter to a friend, not a picture at all");
  EXPECT_THAT(story_of([&] { read_image(path_); }), AllOf(HasSubstr("not a"), HasSubstr(path_)));
}

TEST_P(EveryFormat, IsRefusedWhereItIsEmpty) {
  write_bytes(path_, "");
  EXPECT_THAT(story_of([&] { read_image(path_); }), HasSubstr("is empty"));
}

TEST_P(EveryFormat, IsRefusedWhereItIsMissing) {
  EXPECT_THAT(story_of([&] { read_image(path_); }), HasSubstr("does not exist"));
}

TEST_P(EveryFormat, IsRefusedWhereItIsAFolder) {
  std::filesystem::create_directory(path_);
  EXPECT_THAT(story_of([&] { read_image(path_); }), HasSubstr("is a folder"));
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryFormat, testing::ValuesIn(kSamples), [](const auto& about) {
  std::string name = about.param.name;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

TEST(ReadImage, NamesTheEndingsItKnows) {
  const TemporaryFolder folder;
  write_bytes(folder / "a.xyz", "x");
  EXPECT_THAT(story_of([&] { read_image(folder / "a.xyz"); }), AllOf(HasSubstr("a.xyz"), HasSubstr(".nii.gz")));
}

TEST(HasImageEnding, LooksAtTheNameOnlyWhateverItsCase) {
  EXPECT_TRUE(has_image_ending("x/scan.NII.GZ"));
  EXPECT_TRUE(has_image_ending("a b.JPeg"));
  EXPECT_TRUE(has_image_ending("a.nrrd"));
  EXPECT_FALSE(has_image_ending("x.gz"));
  EXPECT_FALSE(has_image_ending("slice.dcm"));
  EXPECT_FALSE(has_image_ending(".png"));
  EXPECT_FALSE(has_image_ending("png"));
}

TEST(ContentId, DependsOnContentAndShapeButNotOnTheName) {
  Image a;
  a.voxels = pattern(4, 6).unsqueeze(0);
  a.path = "a.png";
  Image b = a;
  b.path = "b.nii";
  EXPECT_EQ(content_id(a), content_id(b));
  b.voxels = a.voxels.reshape({1, 6, 4});
  EXPECT_NE(content_id(a), content_id(b));
  b.voxels = a.voxels.clone();
  b.voxels[0][1][1] += 1;
  EXPECT_NE(content_id(a), content_id(b));
}

TEST(ReadImage, ReadsTheRealImagesThatAreHere) {
  const std::string data = shared_dir() + "/data";
  if (!std::filesystem::is_directory(data)) GTEST_SKIP() << data << " is not here";
  std::map<std::string, int> read;
  for (const char* folder : {"ixi/png", "xray/wrist", "xray/hand", "stroke/masks"}) {
    if (!std::filesystem::is_directory(data + "/" + folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(data + "/" + folder)) {
      if (!has_image_ending(entry.path().string()) || read[folder] == 12) continue;
      const Image image = read_image(entry.path().string());
      EXPECT_GT(image.voxels.max().item<float>(), 0) << entry.path();
      EXPECT_GT(image.full_scale, 0) << entry.path();
      ++read[folder];
    }
  }
  if (read.empty()) GTEST_SKIP() << data << " has none of the folders";
}

}  // namespace
}  // namespace thor::test
