// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/scan_check.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/said.h"
#include "tests/unit/results/volume_world.h"
#include "thor/data/summary.h"
#include "thor/pipeline/calibration.h"
#include "thor/pipeline/open_slice.h"

namespace thor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A slice of 16 x 16: half of it tissue around one brightness, the rest black.
Tensor slice_of(double brightness) {
  Tensor slice = at::zeros({1, 16, 16});
  slice[0].narrow(0, 0, 8).copy_(brightness + at::linspace(-0.1, 0.1, 16).expand({8, 16}));
  return slice;
}

Model with_training_of(double brightness) {
  Model model = test::tiny_model();
  model.training = json_text({{"data", parse(json_of(summarize(slice_of(brightness))))}});
  return model;
}

JsonText registered_with(double similarity, const nlohmann::json& contrast = nullptr) {
  return json_text(
      {{{"step", "{step: n4}"}}, {{"step", "{step: register}"}, {"similarity", similarity}, {"contrast", contrast}}});
}

TEST(ScanCheck, FindsNothingInAScanLikeTheTrainingImages) {
  const ScanCheck check = check_scan(with_training_of(0.5), slice_of(0.55), registered_with(0.25));
  EXPECT_THAT(check.findings, IsEmpty());
  EXPECT_TRUE(check.allows_claims());
}

TEST(ScanCheck, FindsARegistrationThatFailed) {
  const ScanCheck check = check_scan(with_training_of(0.5), slice_of(0.5), registered_with(0.06));
  EXPECT_THAT(check.findings, ElementsAre(HasSubstr("not registered")));
  EXPECT_FALSE(check.allows_claims());
}

TEST(ScanCheck, FindsAContrastThatIsNotTheTemplates) {
  const auto findings = [](double contrast) {
    return check_scan(with_training_of(0.5), slice_of(0.5), registered_with(0.25, contrast)).findings;
  };
  EXPECT_THAT(findings(0.15), IsEmpty());
  EXPECT_THAT(findings(-0.01), ElementsAre(HasSubstr("contrast -0.010")));
}

TEST(ScanCheck, FindsIntensitiesThatTrainingDidNotShow) {
  const ScanCheck check = check_scan(with_training_of(0.5), slice_of(0.9), {});
  EXPECT_THAT(check.findings, ElementsAre(HasSubstr("intensities")));
  EXPECT_NEAR(*check.intensity_distance, 0.2, 1e-3);
  EXPECT_FALSE(check.similarity);
}

TEST(ScanCheck, CannotTellIntensitiesWhereTheModelDoesNotDescribeItsImages) {
  const ScanCheck check = check_scan(test::tiny_model(), slice_of(0.8), {});
  EXPECT_THAT(check.findings, IsEmpty());
  EXPECT_FALSE(check.intensity_distance);
}

TEST(ScanCheck, SaysNothingOfIntensitiesWhereNoSliceIsSeen) {
  EXPECT_THAT(check_scan(with_training_of(0.5), at::zeros({0, 16, 16}), {}).findings, IsEmpty());
}

TEST(ScanCheck, AScanUnlikeThoseOfTheCalibrationKeepsItsLesionsButGetsNoMask) {
  Calibration calibration;
  calibration.scores.assign(20, 0);
  calibration.scans = 20;
  for (int i = 0; i < 20; ++i) calibration.looks.push_back({0.01 * i, 0.02 * (i % 5)});
  ScanCheck check;
  compare_looks(check, calibration, {0.1, 0.04}, 1);
  EXPECT_TRUE(check.passed());
  compare_looks(check, calibration, {1, 0.04}, 1);
  EXPECT_FALSE(check.passed());
  EXPECT_TRUE(check.allows_claims());
  EXPECT_FALSE(check.calibration_holds());
  EXPECT_THAT(describe(check), HasSubstr("not calibrated for scans like this"));
  check.ignored = true;
  EXPECT_TRUE(check.calibration_holds());
  // A volume is not compared with pictures, nor anything with a calibration that knows no looks.
  compare_looks(check, calibration, {1, 0.04}, 9);
  EXPECT_TRUE(check.passed());
  calibration.looks.clear();
  compare_looks(check, calibration, {1, 0.04}, 1);
  EXPECT_TRUE(check.passed());
}

/// A calibrated model that knows heads of one brightness, and volumes and slices to detect in.
class CheckedScans : public test::VolumeFiles {
 protected:
  void SetUp() override {
    VolumeFiles::SetUp();
    model.config.preprocess.intensity = Intensity::FullRange;
    Calibration calibration;
    calibration.setting = {"three", json_text({{"start_step", 300}}), "none"};
    calibration.thresholds = {{0.05, 0.6}};
    calibration.scores = {0, 0, 0};
    calibration.pixels = 768;
    put_calibration(model, calibration);
    Image bright = test::head();
    bright.voxels = bright.voxels / 1000;
    model.training = json_text({{"data", parse(json_of(summarize(bright.voxels.narrow(0, 4, 8))))}});
    scan("usual.nii.gz", bright);
    bright.voxels = 1 - bright.voxels;
    scan("inverted.nii.gz", bright);
    bright.voxels = bright.voxels.narrow(0, 6, 1).contiguous();
    scan("slice.nii.gz", bright);
  }
  bool written(const std::string& file) const { return std::filesystem::exists(out + "/" + file); }
};

TEST_F(CheckedScans, OfAnotherKindGetAMapButNoMaskNoPValueAndNoLesions) {
  const test::Said said;
  const FolderResult found = detect();
  ASSERT_EQ(found.done.size(), 3u);
  for (const CaseOutput& one : found.done) {
    const bool usual = one.name == "usual";
    const nlohmann::json about = sidecar(one.name);
    EXPECT_TRUE(written(one.name + "_map.nii.gz"));
    EXPECT_EQ(written(one.name + "_mask.nii.gz"), usual) << one.name;
    EXPECT_EQ(one.p_value.has_value(), usual) << one.name;
    EXPECT_EQ(one.withheld.empty(), usual) << one.withheld;
    EXPECT_EQ(about.contains("calibration"), usual);
    EXPECT_EQ(about.at("check").at("passed"), usual) << about.at("check");
    EXPECT_EQ(one.lesions.empty(), !usual) << one.name;
  }
  EXPECT_THAT(sidecar("inverted").at("lesions").at("withheld"), HasSubstr("no lesions are given"));
  EXPECT_THAT(said.warnings(), HasSubstr("inverted.nii.gz': no mask, no p-value"));
}

/// The same with a brain that the model knows, and pictures in the calibration that look like one of the scans.
class ScansBesideACalibration : public CheckedScans {
 protected:
  void SetUp() override {
    CheckedScans::SetUp();
    const int64_t size = model.config.preprocess.size;
    Tensor brain = at::zeros({1, size, size}, at::kByte);
    brain[0].narrow(0, 3, size - 6).narrow(1, 3, size - 6).fill_(1);
    model.training = JsonText("{}");  // the intensities alone refuse nothing
    model.tissue = {at::zeros({1}, at::kFloat),
                    brain,
                    at::full({1, 101}, 0.3F),
                    at::zeros({1, 101}, at::kFloat),
                    at::full({1, size, size}, 75, at::kByte),
                    at::full({1, size, size}, 10, at::kByte)};
    for (const char* name : {"usual.nii.gz", "inverted.nii.gz", "slice.nii.gz"})
      std::filesystem::remove(in + "/" + name);
    Image slice = test::head();
    slice.voxels = (slice.voxels / 1000).narrow(0, 4, 1).contiguous();
    scan("like.nii.gz", slice);
    slice.voxels = 1 - slice.voxels;
    scan("unlike.nii.gz", slice);
    Calibration calibration = calibrations_of(model)[0];
    const ScanLooks like = looks_of(model.tissue, {open_slice(model, read_image(in + "/like.nii.gz")).slice.unit}, {0});
    for (int i = -6; i < 6; ++i)
      calibration.looks.push_back({like.strangeness + 0.05 * i, like.grain + 0.05 * (i % 3)});
    calibration.scores.assign(12, 0);
    calibration.scans = 12;
    calibration.lesion_thresholds = {{1, 0.8}};
    put_calibration(model, calibration);
  }
};

TEST_F(ScansBesideACalibration, ThatLookLikeNoneOfItGetAMapButNoMask) {
  const test::Said said;
  for (const CaseOutput& one : detect().done) {
    const bool like = one.name == "like";
    const nlohmann::json check = sidecar(one.name).at("check");
    EXPECT_TRUE(written(one.name + "_map.nii.gz"));
    EXPECT_EQ(written(one.name + "_mask.nii.gz"), like);
    EXPECT_EQ(one.p_value.has_value(), like);
    EXPECT_EQ(one.withheld.empty(), like) << one.withheld;
    EXPECT_EQ(check.at("passed"), like);
    EXPECT_EQ(check.at("unlikeness").at("value") > check.at("unlikeness").at("limit"), !like);
  }
  EXPECT_THAT(said.warnings(), HasSubstr("unlike.nii.gz': no mask and no p-value are given"));
}

TEST_F(ScansBesideACalibration, GetTheirMaskWhereTheCheckIsIgnored) {
  options.ignore_check = true;
  options.point.false_lesions = 1;
  for (const CaseOutput& one : detect().done) {
    EXPECT_TRUE(written(one.name + "_mask.nii.gz"));
    EXPECT_EQ(sidecar(one.name).at("calibration").at("false_lesions"), 1);
    EXPECT_FALSE(sidecar(one.name).at("calibration").contains("fpr"));
  }
}

TEST_F(CheckedScans, GetEverythingWhereTheCheckIsIgnoredAndTheSidecarSaysSo) {
  options.ignore_check = true;
  for (const CaseOutput& one : detect().done) {
    EXPECT_TRUE(written(one.name + "_mask.nii.gz")) << one.name;
    EXPECT_TRUE(one.p_value) << one.name;
    EXPECT_EQ(sidecar(one.name).at("check").contains("ignored"), one.name != "usual");
  }
}

}  // namespace
}  // namespace thor
