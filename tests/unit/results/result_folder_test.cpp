// SPDX-License-Identifier: Apache-2.0
#include "thor/results/result_folder.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/scans.h"
#include "tests/unit/results/volume_world.h"
#include "thor/base/error.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

using ::testing::HasSubstr;

/// Results beside files that are not ours.
class ResultFolders : public test::VolumeFiles {
 protected:
  std::string refusal() {
    try {
      detect();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::Usage);
      return error.what();
    }
    return "no error";
  }
  std::string text(const std::string& file) const { return read_text_file(out + "/" + file, 1 << 20); }
  /// Slices of a head as DICOM files.
  void series(const std::string& name, int64_t slices) {
    fs::create_directories(in + "/" + name);
    test::DicomSpec plan;
    for (int64_t z = 0; z < slices; ++z) {
      plan.pixels = test::head().voxels[4 + z].to(at::kShort);
      plan.instance_number = static_cast<int>(z + 1);
      plan.instance_uid = fmt::format("1.2.3.1.{}", z + 1);
      plan.position = {0, 0, 2.0 * static_cast<double>(z)};
      write_text_atomically(fmt::format("{}/{}/{}.dcm", in, name, z), test::dicom_of(plan));
    }
  }
};

TEST_F(ResultFolders, ASidecarThatTheProgramDidNotWriteStays) {
  scan("sub-01_T1w.nii.gz", test::head());
  const std::string acquisition = R"({"RepetitionTime": 2.3})";
  make_folder(out);
  write_text_atomically(out + "/sub-01_T1w.json", acquisition);
  EXPECT_THAT(refusal(), HasSubstr("sub-01_T1w.json"));
  EXPECT_EQ(text("sub-01_T1w.json"), acquisition);
}

TEST_F(ResultFolders, ASidecarOfAnEarlierRunGivesWay) {
  scan("a.nii.gz", test::head());
  detect();
  EXPECT_EQ(refusal(), "no error");
}

TEST_F(ResultFolders, TheDescriptionOfAnotherDatasetStays) {
  scan("sub-01_T1w.nii.gz", test::head());
  const std::string raw = R"({"Name": "Raw", "BIDSVersion": "1.8.0"})";
  make_folder(out);
  write_text_atomically(out + "/dataset_description.json", raw);
  options.layout = ResultLayout::Bids;
  EXPECT_THAT(refusal(), HasSubstr("describes another dataset"));
  EXPECT_EQ(text("dataset_description.json"), raw);
  fs::remove(out + "/dataset_description.json");
  detect();
  EXPECT_EQ(refusal(), "no error");
}

TEST_F(ResultFolders, TwoScansOfOneBidsNameAreRefusedRatherThanRenamed) {
  fs::create_directory(in + "/other");
  scan("sub-01_T1w.nii.gz", test::head());
  scan("other/sub-01_T1w.nii.gz", test::head());
  options.layout = ResultLayout::Bids;
  const Pipeline pipeline(model, std::make_unique<test::BrightnessDetector>(), test::on_cpu());
  options.inputs = {in + "/sub-01_T1w.nii.gz", in + "/other/sub-01_T1w.nii.gz"};
  options.output = out;
  try {
    detect_files(pipeline, options, test::on_cpu());
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("are both 'sub-01_T1w' in BIDS"));
  }
}

TEST_F(ResultFolders, DicomResultsOfAnEarlierRunDoNotStayBesideOthers) {
  Calibration calibration;
  calibration.setting = {"three", json_text({{"start_step", 300}}), "none"};
  calibration.thresholds = {{0.05, 0.6}};
  calibration.scores = {0, 0, 0};
  calibration.pixels = 768;
  put_calibration(model, calibration);
  options.volume.min_ml = 0;
  series("a", 8);
  detect();
  ASSERT_TRUE(fs::exists(out + "/a_seg.dcm"));
  ASSERT_TRUE(fs::exists(out + "/a_map_dicom/map_0008.dcm"));
  fs::remove_all(in + "/a");
  series("a", 7);
  detect();
  EXPECT_TRUE(fs::exists(out + "/a_map_dicom/map_0007.dcm"));
  EXPECT_FALSE(fs::exists(out + "/a_map_dicom/map_0008.dcm"));
  fs::remove_all(in + "/a");
  scan("a.nii.gz", test::head());
  detect();
  EXPECT_FALSE(fs::exists(out + "/a_seg.dcm"));
  EXPECT_FALSE(fs::exists(out + "/a_map_dicom"));
}

TEST_F(ResultFolders, ASegmentationThatTheProgramDidNotWriteStays) {
  series("a", 8);
  make_folder(out);
  write_text_atomically(out + "/a_seg.dcm", "truth");
  EXPECT_THAT(refusal(), HasSubstr("a_seg.dcm"));
  EXPECT_EQ(text("a_seg.dcm"), "truth");
}

}  // namespace
}  // namespace thor
