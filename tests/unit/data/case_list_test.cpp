// SPDX-License-Identifier: Apache-2.0
#include "thor/data/case_list.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/said.h"
#include "tests/scans.h"
#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/image/image.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

using ::testing::ElementsAre;

/// Folders of small DICOM files.
class CaseList : public ::testing::Test {
 protected:
  /// Three slices as the plan says; their files have no ending.
  void series(const std::string& place, test::DicomSpec plan = {}) {
    fs::create_directories(folder_ / place);
    plan.pixels = at::arange(12, at::kShort).view({3, 4});
    const int sagittal = plan.orientation[0] == 0 ? 1 : 0;
    for (int i = 1; i <= 3; ++i) {
      plan.instance_number = i;
      plan.instance_uid = fmt::format("{}.{}{}", plan.series_uid, sagittal, i);
      plan.position = {sagittal ? 2.0 * i : 0, 0, sagittal ? 0 : 2.0 * i};
      write_text_atomically(folder_ / fmt::format("{}/IM{}{}{}", place, plan.series_uid.back(), sagittal, i),
                            test::dicom_of(plan));
    }
  }
  static std::vector<std::string> names(const std::vector<CaseInput>& cases) {
    std::vector<std::string> names;
    for (const CaseInput& one : cases) names.push_back(one.name);
    return names;
  }
  test::TemporaryFolder folder_;
};

test::DicomSpec second_series() {
  test::DicomSpec plan;
  plan.series_uid = "1.2.3.2", plan.series_number = 2, plan.description = "T2 (fast)";
  return plan;
}

TEST_F(CaseList, AFolderOfDicomStandsForItsSeries) {
  series("one");
  EXPECT_THAT(names(list_cases({folder_ / "one/"})), ElementsAre("one"));
  series("two");
  series("two", second_series());
  EXPECT_THAT(names(list_cases({folder_.path()})), ElementsAre("one", "two_1_T1", "two_2_T2-fast-"));
}

TEST_F(CaseList, EveryCaseOfAFolderCanBeReadThoughItsSeriesShareAUid) {
  series("mixed");
  test::DicomSpec sagittal;
  sagittal.orientation = {0, 1, 0, 0, 0, -1};
  series("mixed", sagittal);
  const auto cases = list_cases({folder_ / "mixed"});
  ASSERT_EQ(cases.size(), 2u);
  for (const CaseInput& one : cases) EXPECT_EQ(read_scan(one.path, one.choice).voxels.size(0), 3) << one.name;
}

TEST_F(CaseList, ADamagedSeriesIsACaseOfItsOwnAndCostsNoOther) {
  series("damaged");
  series("whole");
  fs::resize_file(folder_ / "damaged/IM102", 300);
  EXPECT_THAT(names(list_cases({folder_.path()})), ElementsAre("damaged", "whole"));
}

TEST_F(CaseList, AFolderOfWhatTheSystemPutThereIsNoCase) {
  series("one");
  fs::create_directories(folder_ / "empty");
  for (const char* name : {"one/.DS_Store", "empty/.DS_Store", "empty/README", "empty/DICOMDIR"})
    write_text_atomically(folder_ / name, std::string(300, 'x'));
  EXPECT_THAT(names(list_cases({folder_.path()})), ElementsAre("one"));
}

TEST_F(CaseList, AScanWithASeriesUidForEachSliceIsOneCase) {
  for (int i = 1; i <= 3; ++i) {
    test::DicomSpec plan;
    plan.series_uid = fmt::format("1.2.{}", i);
    plan.position = {0, 0, 2.0 * i};
    plan.pixels = at::arange(12, at::kShort).view({3, 4});
    fs::create_directories(folder_ / "each");
    write_text_atomically(folder_ / fmt::format("each/{}", i), test::dicom_of(plan));
  }
  const auto cases = list_cases({folder_ / "each"});
  EXPECT_THAT(names(cases), ElementsAre("each"));
  EXPECT_EQ(read_scan(cases.at(0).path, cases[0].choice).voxels.size(0), 3);
}

TEST_F(CaseList, AFolderIsNamedWholeThoughItHasDots) {
  series("study/1.2.840.17");
  series("study/1.2.840.18", second_series());
  EXPECT_THAT(names(list_cases({folder_ / "study"})), ElementsAre("1.2.840.17", "1.2.840.18"));
}

TEST_F(CaseList, ABidsScanThatIsThereTwiceIsOneCaseWithItsOwnName) {
  const test::Said said;
  fs::create_directories(folder_ / "data/sub-01/anat");
  for (const char* ending : {".nii", ".nii.gz"})
    write_nifti(folder_ / fmt::format("data/sub-01/anat/sub-01_T1w{}", ending), at::rand({3, 8, 8}), {});
  const auto cases = list_cases({folder_ / "data"});
  EXPECT_THAT(names(cases), ElementsAre("sub-01_T1w"));
  EXPECT_THAT(cases.at(0).path, ::testing::EndsWith(".nii.gz"));
  EXPECT_THAT(said.warnings(), ::testing::HasSubstr("is there twice"));
}

TEST_F(CaseList, AScanWhoseContentIsInGitAnnexIsNamedAsSuch) {
  fs::create_symlink(".git/annex/objects/a/b/MD5E-s7--d4.nii", folder_ / "scan.nii");
  for (const bool listed : {false, true}) {
    write_text_atomically(folder_ / "list.csv", "image\nscan.nii\n");
    try {
      list_cases({folder_ / (listed ? "list.csv" : "scan.nii")});
      FAIL() << "accepted";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("git annex get")) << listed;
    }
  }
}

}  // namespace
}  // namespace thor
