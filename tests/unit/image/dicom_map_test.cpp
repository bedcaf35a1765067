// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <regex>
#include <set>

#include "tests/dicom_phantom.h"
#include "tests/scans.h"
#include "tests/unit/image/pictures.h"

namespace thor::test {
namespace {

using testing::HasSubstr;

/// One file of a map, as a viewer takes it.
struct MapSlice {
  explicit MapSlice(const std::string& path) {
    EXPECT_TRUE(file.loadFile(path.c_str()).good()) << path;
    const Uint16* samples = nullptr;
    Uint16 rows = 0, columns = 0;
    double slope = 0;
    DcmItem& data = *file.getDataset();
    data.findAndGetUint16(DCM_Rows, rows);
    data.findAndGetUint16(DCM_Columns, columns);
    data.findAndGetFloat64(DCM_RescaleSlope, slope);
    EXPECT_TRUE(data.findAndGetUint16Array(DCM_PixelData, samples).good());
    values = at::empty({rows, columns}, at::kDouble);
    for (int64_t i = 0; i < values.numel(); ++i) values.data_ptr<double>()[i] = slope * samples[i];
  }
  std::string text(const DcmTagKey& tag) {
    OFString value;
    file.getDataset()->findAndGetOFStringArray(tag, value, OFTrue);
    return value.c_str();
  }
  DcmFileFormat file;
  Tensor values;
};

class DicomMap : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(out_); }
  void write(const Image& image, const Tensor& map) { write_dicom_map(out_, map, image, result_for_tests()); }
  MapSlice slice(int64_t z) const { return MapSlice(fmt::format("{}/map_{:04}.dcm", out_, z + 1)); }
  TemporaryFolder folder_;
  std::string out_ = folder_ / "map";
};

TEST_F(DicomMap, GivesItsValuesBackToHalfAStep) {
  for (const SeriesPlan& plan : all_plans()) {
    const Image image = write_series(folder_.path(), plan);
    const Tensor map = map_for(image);
    write(image, map);
    for (int64_t z = 0; z < 4; ++z) EXPECT_LT(max_abs_diff(slice(z).values, map[z]), 0.8 / 131070 * 1.01) << plan.name;
  }
}

TEST_F(DicomMap, LiesWhereEachOfItsSourcesLies) {
  for (const SeriesPlan& plan : all_plans()) {
    if (plan.multi_frame) continue;
    const Image image = write_series(folder_.path(), plan);
    write(image, map_for(image));
    for (int64_t z = 0; z < 4; ++z) {
      MapSlice source(image.dicom->slices[z].file), map = slice(z);
      for (const DcmTagKey& tag : {DCM_ImagePositionPatient, DCM_ImageOrientationPatient, DCM_PixelSpacing,
                                   DCM_FrameOfReferenceUID, DCM_StudyInstanceUID, DCM_Modality, DCM_SOPClassUID})
        EXPECT_EQ(map.text(tag), source.text(tag)) << plan.name << tag.toString();
      EXPECT_EQ(map.text(DCM_ReferencedSOPInstanceUID), source.text(DCM_SOPInstanceUID));
    }
  }
}

TEST_F(DicomMap, LiesOnEachSliceEvenWhereTheyAreUnevenlyApart) {
  const std::string series = folder_ / "uneven";
  std::filesystem::create_directory(series);
  for (int z = 0; z < 4; ++z) {
    DicomSpec spec;
    spec.instance_uid += std::to_string(z);
    spec.position = {1, 2, 2 * z + (z == 2 ? 0.1 : 0.0)};
    spec.pixels = pattern(5, 6);
    write_bytes(series + "/" + std::to_string(z), dicom_of(spec));
  }
  const Image image = read_scan(series);
  write(image, at::ones_like(image.voxels));
  EXPECT_EQ(slice(1).text(DCM_ImagePositionPatient), "1\\2\\2");
  EXPECT_EQ(slice(2).text(DCM_ImagePositionPatient), "1\\2\\4.1");
}

TEST_F(DicomMap, OfAMultiFrameSourceNamesTheFrame) {
  SeriesPlan plan;
  plan.multi_frame = plan.numbered_backwards = true;
  const Image image = write_series(folder_.path(), plan);
  write(image, map_for(image));
  for (int64_t z = 0; z < 4; ++z)
    EXPECT_EQ(slice(z).text(DCM_ReferencedFrameNumber), std::to_string(image.dicom->slices[z].frame));
}

TEST_F(DicomMap, IsOneNewSeriesOfDifferentInstances) {
  const Image image = write_series(folder_.path(), {});
  write(image, map_for(image));
  std::set<std::string> series, instances;
  for (int64_t z = 0; z < 4; ++z) {
    series.insert(slice(z).text(DCM_SeriesInstanceUID));
    instances.insert(slice(z).text(DCM_SOPInstanceUID));
  }
  EXPECT_EQ(series.size(), 1u);
  EXPECT_NE(*series.begin(), image.dicom->series_uid);
  EXPECT_EQ(instances.size(), 4u);
}

TEST_F(DicomMap, OfAnotherModalityIsASecondaryCapture) {
  SeriesPlan plan;
  plan.modality = "PT";
  const Image image = write_series(folder_.path(), plan);
  write(image, map_for(image));
  EXPECT_EQ(slice(0).text(DCM_SOPClassUID), UID_SecondaryCaptureImageStorage);
}

TEST_F(DicomMap, IsTheSameBytesEveryTime) {
  const Image image = write_series(folder_.path(), {});
  write(image, map_for(image));
  const std::string first = read_bytes(out_ + "/map_0002.dcm");
  write(image, map_for(image));
  EXPECT_EQ(read_bytes(out_ + "/map_0002.dcm"), first);
}

TEST_F(DicomMap, OfNothingIsBlack) {
  const Image image = write_series(folder_.path(), {});
  write(image, at::zeros_like(image.voxels));
  EXPECT_EQ(slice(2).values.max().item<double>(), 0);
}

TEST_F(DicomMap, OfARealSeriesIsReadBackOnTheSourcesGrid) {
  for (const char* name : {"studyforrest", "encodings/enh.dcm"}) {
    const std::string series = shared_dir() + "/data/dicom/" + name;
    if (!std::filesystem::exists(series)) GTEST_SKIP() << series << " is not here";
    const Image image = read_scan(series);
    const Tensor map = map_for(image);
    std::filesystem::remove_all(out_);
    std::filesystem::create_directory(out_);
    write(image, map);
    const Image back = read_scan(out_);
    EXPECT_LT(max_abs_diff(back.voxels, map), 0.8 / 131070 * 1.01) << name;
    for (size_t i = 0; i < 12; ++i)
      EXPECT_NEAR(back.geometry.ras_from_voxel.rows[i], image.geometry.ras_from_voxel.rows[i], 1e-7) << name << i;
  }
}

TEST_F(DicomMap, WithNegativeOrUndefinedValuesIsRefused) {
  const Image image = write_series(folder_.path(), {});
  for (const double bad : {-0.1, double(NAN), double(INFINITY)}) {
    Tensor map = map_for(image);
    map[1][2][3] = bad;
    EXPECT_THAT(story_of([&] { write(image, map); }), HasSubstr("finite values"));
  }
}

TEST_F(DicomMap, NeedsItsFolder) {
  const Image image = write_series(folder_.path(), {});
  std::filesystem::remove(out_);
  EXPECT_THAT(story_of([&] { write(image, map_for(image)); }), HasSubstr("make it first"));
}

TEST(DicomText, OfANumberFitsAndKeepsTwelveDigits) {
  for (const double value : {0.0, -0.0, 1.0 / 3, -1.0 / 3e5, 1e-17, 123456.789012, -98765432.1234567, 0.8 / 65535}) {
    const std::string text = decimal_string(value);
    EXPECT_LE(text.size(), 16u) << text;
    EXPECT_NEAR(std::stod(text), value, std::abs(value) * 1e-9) << text;
  }
  EXPECT_EQ(decimal_string(-0.0), "0");
  EXPECT_EQ(decimal_string(0.1 + 0.2), "0.3");
}

TEST(DicomText, KeepsToOneLineOfPlainCharactersWithoutSeparators) {
  EXPECT_EQ(dicom_text("a\\b\n\xc3\xa9 \t", 64), "a/b");
  EXPECT_EQ(dicom_text("abcdef", 4), "abcd");
}

TEST(DicomUid, IsAUuidOfItsWords) {
  const std::string uid = uid_from("a");
  EXPECT_TRUE(std::regex_match(uid, std::regex("2\\.25\\.[1-9][0-9]{0,38}"))) << uid;
  EXPECT_EQ(uid_from("a"), uid);
  EXPECT_NE(uid_from("b"), uid);
}

}  // namespace
}  // namespace thor::test
