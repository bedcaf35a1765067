// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_model.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/image/image.h"
#include "thor/pipeline/calibration.h"
#include "thor/results/detect_files.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

/// One picture and one NIfTI slice in; a model that may be calibrated.
class MaskFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(in);
    const Tensor wave = 0.5 + 0.5 * at::sin(at::arange(20 * 31, at::kFloat) * 0.05).view({20, 31});
    write_png(in + "/a.png", wave, 8);
    Geometry geometry;
    geometry.ras_from_voxel = scaling({0.5, 2, 3});
    write_nifti(in + "/b.nii.gz", wave.narrow(0, 0, 16).narrow(1, 0, 16), geometry);
  }
  void calibrate(double threshold, const JsonText& config = JsonText(R"({"start_step":300})")) {
    Calibration calibration;
    calibration.setting = {"three", config, "unet"};
    calibration.thresholds = {{0.01, 0.9}, {0.05, threshold}};
    calibration.scores = {0, 0, 0};
    calibration.pixels = 768;
    put_calibration(model, calibration);
  }
  FolderResult detect(double fpr = 0.05) {
    const Pipeline pipeline(model, std::make_unique<test::ThreeStepDetector>(), test::on_cpu());
    DetectOptions options;
    options.inputs = {in};
    options.output = out;
    options.detector_name = "three";
    options.detector_config = JsonText(R"({"start_step":300})");
    options.point.fpr = fpr;
    return detect_files(pipeline, options, test::on_cpu());
  }
  nlohmann::json sidecar(const std::string& name) {
    return nlohmann::json::parse(read_text_file(out + "/" + name + ".json", 1 << 20));
  }
  bool written(const std::string& file) const { return fs::exists(out + "/" + file); }

  test::TemporaryFolder folder;
  std::string in = folder / "in", out = folder / "out";
  Model model = test::tiny_model();
};

TEST_F(MaskFiles, MarkExactlyTheMapValuesAboveTheThreshold) {
  detect();
  const Tensor map = read_image(out + "/b_map.nii.gz").voxels;  // on the network's own grid
  const double middle = map.median().item<double>();
  calibrate(middle);
  detect();
  const Image mask = read_image(out + "/b_mask.nii.gz");
  EXPECT_TRUE(at::equal(mask.voxels, map.gt(middle).to(at::kFloat)));
  EXPECT_DOUBLE_EQ(spacing_mm(mask.geometry.ras_from_voxel)[1], 2);
}

TEST_F(MaskFiles, LieOnThePicturesOwnGrid) {
  calibrate(read_image(detect().done.at(1).map_path).voxels.median().item<double>());
  detect();
  const Tensor mask = read_image(out + "/a_mask.png").voxels;
  EXPECT_EQ(mask.sizes(), at::IntArrayRef({1, 20, 31}));
  EXPECT_TRUE(((mask == 0) | (mask == 255)).all().item<bool>());
  EXPECT_GT(mask.max().item<float>(), 0);
  EXPECT_EQ(mask.min().item<float>(), 0);
}

TEST_F(MaskFiles, TheSidecarSaysWithWhichThresholdAndWhichPValue) {
  calibrate(0.02);
  const FolderResult result = detect();
  const nlohmann::json about = sidecar("a");
  EXPECT_EQ(about.at("mask"), "a_mask.png");
  EXPECT_EQ(about.at("calibration").at("fpr"), 0.05);
  EXPECT_EQ(about.at("calibration").at("threshold"), 0.02);
  EXPECT_EQ(about.at("calibration").at("thresholds"), (nlohmann::json{{"0.01", 0.9}, {"0.05", 0.02}}));
  EXPECT_EQ(about.at("calibration").at("p_value"), 0.25);
  EXPECT_EQ(about.at("calibration").at("cases"), 3);
  EXPECT_EQ(result.done.at(0).p_value, 0.25);
}

TEST_F(MaskFiles, AreNotMadeWithACalibrationForAnotherSetting) {
  calibrate(0.02, JsonText(R"({"start_step":301})"));
  const FolderResult result = detect();
  EXPECT_EQ(result.done.size(), 2u);
  EXPECT_FALSE(result.done.at(0).p_value);
  EXPECT_FALSE(written("a_mask.png"));
  EXPECT_FALSE(sidecar("a").contains("calibration"));
}

TEST_F(MaskFiles, OfAnEarlierRunDoNotStayBesideAMapWithoutOne) {
  calibrate(0.02);
  detect();
  detect();
  ASSERT_TRUE(written("a_mask.png") && written("b_mask.nii.gz"));
  model.calibration = JsonText("{}");
  detect();
  EXPECT_FALSE(written("a_mask.png") || written("b_mask.nii.gz"));
}

TEST_F(MaskFiles, NeverTakeThePlaceOfAMaskThatWasNotDetected) {
  calibrate(0.02);
  make_folder(out);
  write_png(out + "/a_mask.png", at::zeros({20, 31}), 8);
  const std::string truth = sha256_of_file(out + "/a_mask.png");
  EXPECT_THROW(detect(), Error);
  EXPECT_EQ(sha256_of_file(out + "/a_mask.png"), truth);
}

TEST_F(MaskFiles, RefuseRatesThatAreNotThere) {
  EXPECT_THROW(detect(1.5), Error);
  calibrate(0.02);
  EXPECT_THROW(detect(0.03), Error);
  EXPECT_EQ(detect(0.01).done.size(), 2u);
}

TEST_F(MaskFiles, ABrokenCalibrationIsAnInputError) {
  model.calibration = JsonText(R"({"entries":"none"})");
  try {
    detect();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input);
  }
}

}  // namespace
}  // namespace thor
