// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/cohort.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_ensemble.h"
#include "tests/unit/pipeline/tiny_model.h"
#include "tests/unit/results/volume_world.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/data/case_list.h"
#include "thor/data/summary.h"
#include "thor/eval/kolmogorov.h"
#include "thor/eval/map_set.h"
#include "thor/image/image.h"
#include "thor/pipeline/calibration.h"
#include "thor/pipeline/members.h"
#include "thor/pipeline/scan_slices.h"

namespace thor {
namespace {

using ::testing::HasSubstr;

TEST(KolmogorovSmirnov, IsTheLargestDistanceOfTheTwoDistributions) {
  EXPECT_DOUBLE_EQ(ks_statistic({1, 2, 3, 4}, {1, 2, 3, 4}), 0);
  EXPECT_DOUBLE_EQ(ks_statistic({1, 2}, {3, 4, 5}), 1);
  EXPECT_DOUBLE_EQ(ks_statistic({1, 2, 3, 4}, {3, 4, 5, 6}), 0.5);
  EXPECT_DOUBLE_EQ(ks_statistic({1, 1, 2}, {1, 2, 2}), 1.0 / 3);
  EXPECT_NEAR(ks_critical(50, 50), 0.2716, 1e-4);
}

/// A list of pictures and a model trained on such pictures.
class CohortCheck : public ::testing::Test {
 protected:
  void SetUp() override {
    std::vector<Tensor> units;
    for (int64_t i = 0; i < 6; ++i) units.push_back(preprocess(model.config.preprocess, head(i)).unit);
    model.training = json_text({{"data", parse(json_of(summarize(at::stack(units))))}});
  }
  /// A bright disc on black, a little different each time.
  static Image head(int64_t i, double brightness = 0.8, int64_t height = 32, int64_t width = 32) {
    const Tensor y = at::arange(height, at::kFloat).view({-1, 1}) - height / 2.0;
    const Tensor x = at::arange(width, at::kFloat).view({1, -1}) - width / 2.0;
    Image image;
    const Tensor disc = (x * x + y * y).lt(100).to(at::kFloat);
    image.voxels = (disc * brightness * (0.8 + 0.2 * at::sin(x * 0.3 + y * 0.2 + i)) * 255).unsqueeze(0);
    image.full_scale = 255;
    return image;
  }
  void add(const Image& image, int bits = 8) {
    const std::string name = std::to_string(rows.size()) + ".png";
    write_png(folder / name, image.voxels[0] / 255, bits);
    rows.push_back({folder / name, name, {}});
  }
  CohortReport compare() const { return compare_cohort(model, rows, 20, test::on_cpu()); }
  static const CohortFact& fact(const CohortReport& report, const std::string& name) {
    for (const CohortFact& one : report.facts)
      if (one.name.rfind(name, 0) == 0) return one;
    throw std::runtime_error("no fact " + name);
  }
  test::TemporaryFolder folder;
  Model model = test::tiny_model();
  std::vector<CaseInput> rows;
};

TEST_F(CohortCheck, OfTheSameKindFits) {
  for (int64_t i = 10; i < 16; ++i) add(head(i));
  const CohortReport report = compare();
  EXPECT_EQ(report.images, 6);
  for (const CohortFact& one : report.facts) EXPECT_EQ(one.verdict, "ok") << one.name << ": " << one.here;
  EXPECT_THAT(fact(report, "native size").here, "32 x 32");
  EXPECT_THAT(report.table(), ::testing::Not(HasSubstr("differs")));
}

TEST_F(CohortCheck, DarkerImagesAreFoundOut) {
  for (int64_t i = 10; i < 16; ++i) add(head(i, 0.3));
  const CohortReport report = compare();
  EXPECT_THAT(fact(report, "foreground 5").advice, HasSubstr("brightness"));
  EXPECT_THAT(fact(report, "image means").advice, HasSubstr("darker"));
  EXPECT_EQ(fact(report, "foreground share").advice, "");
  EXPECT_EQ(parse(report.to_json()).at("facts").at(1).at("verdict"), "differs");
}

TEST_F(CohortCheck, AnotherFrameIsFoundOut) {
  for (int64_t i = 10; i < 16; ++i) add(head(i, 0.8, 64, 64));
  EXPECT_THAT(fact(compare(), "foreground share").advice, HasSubstr("field of view"));
}

TEST_F(CohortCheck, MixturesAreFoundOut) {
  for (int64_t i = 0; i < 3; ++i) add(head(i));
  add(head(4), 16);
  add(head(5, 0.8, 32, 24));
  const CohortReport report = compare();
  EXPECT_THAT(fact(report, "bit depth").here, "4 of 8 bit, 1 of 16 bit");
  EXPECT_NE(fact(report, "bit depth").advice, "");
  EXPECT_NE(fact(report, "width / height").advice, "");
  EXPECT_THAT(fact(report, "native size").here, "4 of 32 x 32, 1 of 24 x 32");
}

TEST_F(CohortCheck, AModelThatDoesNotSayWhatItWasTrainedOnIsNoReasonToWarn) {
  model.training = JsonText("{}");
  for (int64_t i = 0; i < 3; ++i) add(head(i, 0.3));
  const CohortReport report = compare();
  EXPECT_EQ(fact(report, "foreground 5").verdict, "unknown");
  EXPECT_THAT(report.table(), ::testing::Not(HasSubstr("differs")));
}

TEST_F(CohortCheck, ListsWhatCannotBeReadAndFailsOnlyWhenNothingCan) {
  add(head(1));
  write_text_atomically(folder / "bad.png", "no picture");
  rows.push_back({folder / "bad.png", "bad", {}});
  EXPECT_EQ(compare().failed.size(), 1u);
  rows.erase(rows.begin());
  EXPECT_THROW(compare(), Error);
}

TEST_F(CohortCheck, ScoresAreComparedWithTheHealthyOnesOfTheCalibration) {
  for (int64_t i = 0; i < 12; ++i) add(head(i));
  DetectorChoice choice = choose_detector(model, "ddpm", {"detector.start_step=20"});
  Calibration calibration;
  const Pipeline pipeline(model, std::move(choice.detector), test::on_cpu());
  const MapSet healthy = detect_slices(pipeline, choice, rows, test::on_cpu());
  calibration.setting = {choice.name, choice.config, pipeline.perceptual()};
  calibration.thresholds = {{0.05, 0.5}};
  calibration.pixels = 1;
  calibration.scores = healthy.scores;
  std::sort(calibration.scores.begin(), calibration.scores.end());
  put_calibration(model, calibration);
  EXPECT_EQ(fact(compare(), "image scores").verdict, "ok");
  EXPECT_THAT(fact(compare(), "image scores").here, HasSubstr("12 images, KS 0.00"));

  for (double& score : calibration.scores) score += 1;
  put_calibration(model, calibration);
  EXPECT_THAT(fact(compare(), "image scores").advice, HasSubstr("come from elsewhere"));
}

/// A calibration of whatever detects, whose scores all images exceed.
void calibrate_with(const Model& whole, Model& into, DetectorChoice choice) {
  Calibration calibration;
  calibration.setting = {choice.name, choice.config, ""};
  calibration.setting.perceptual = Pipeline(whole, std::move(choice.detector), test::on_cpu()).perceptual();
  calibration.thresholds = {{0.05, 0.5}};
  calibration.pixels = 1;
  calibration.scores = std::vector<double>(30, -1);
  put_calibration(into, calibration);
}

TEST_F(CohortCheck, AnEnsembleIsComparedWithItsOwnCalibrationAmongThoseOfItsMembers) {
  model = test::tiny_ensemble();
  for (int64_t i = 0; i < 8; ++i) add(head(i));
  const Model member = member_of(model, "a");
  calibrate_with(model, model, choose_detector(model, "", {}));
  calibrate_with(member, model, choose_detector(member, "", {}));
  EXPECT_THAT(fact(compare(), "image scores").here, HasSubstr("8 images, KS 1.00"));
  EXPECT_EQ(fact(compare(), "image scores").verdict, "differs");
}

TEST_F(CohortCheck, ACalibrationOfOneMemberOnlyIsSetUpWithThatMember) {
  model = test::tiny_ensemble();
  for (int64_t i = 0; i < 8; ++i) add(head(i));
  const Model member = member_of(model, "b");
  calibrate_with(member, model, choose_detector(member, "", {"detector.start_step=2"}));
  EXPECT_THAT(fact(compare(), "image scores").here, HasSubstr("8 images"));
}

TEST_F(CohortCheck, ACalibrationThatCannotBeSetUpAgainIsSaidAndCostsNothingElse) {
  model = test::tiny_ensemble();
  for (int64_t i = 0; i < 3; ++i) add(head(i));
  calibrate_with(model, model, choose_detector(model, "", {}));
  const auto advice_after = [&](const nlohmann::json& change) {
    Model changed = model;
    nlohmann::json calibration = parse(model.calibration);
    calibration["entries"][0].merge_patch(change);
    changed.calibration = json_text(calibration);
    const CohortReport report = compare_cohort(changed, rows, 20, test::on_cpu());
    EXPECT_EQ(fact(report, "image scores").here, "not compared");
    return fact(report, "image scores").advice;
  };
  EXPECT_THAT(advice_after({{"config", {{"member", "gone"}}}}), HasSubstr("no member 'gone'"));
  EXPECT_THAT(advice_after({{"config", {{"members", nlohmann::json::array()}}}}), HasSubstr("other members"));
  EXPECT_THAT(advice_after({{"config", {{"knob_of_old", 3}}}}), HasSubstr("knob_of_old"));
  EXPECT_THAT(advice_after({{"detector", "ddpm"}}), HasSubstr("the model is an ensemble"));
}

/// A list of volumes: heads in any orientation.
class CohortOfVolumes : public test::VolumeFiles {
 protected:
  CohortReport compare() const { return compare_cohort(model, list_cases({in}), 20, on_cpu()); }
  static const CohortFact& fact(const CohortReport& report, const std::string& name) {
    for (const CohortFact& one : report.facts)
      if (one.name.rfind(name, 0) == 0) return one;
    throw std::runtime_error("no fact " + name);
  }
  static RunConfig on_cpu() { return test::on_cpu(); }
};

TEST_F(CohortOfVolumes, IsComparedAsTheNetworkWouldSeeItsSlices) {
  scan("a.nii.gz", test::head());
  scan("b.nii.gz", test::head_stored_as("LPS"));
  const ScanSlices seen = slices_of_scan({in + "/a.nii.gz", "a", {}}, model);
  std::vector<Tensor> units;
  for (const NetworkSlice& slice : seen.slices) units.push_back(slice.unit);
  model.training = json_text({{"data", parse(json_of(summarize(at::stack(units))))}});
  const CohortReport report = compare();
  EXPECT_EQ(report.images, 2);
  for (const CohortFact& one : report.facts) EXPECT_NE(one.verdict, "differs") << one.name << ": " << one.here;
  EXPECT_EQ(fact(report, "images").here, fmt::format("2 of 2 usable, {} slices", 2 * seen.slices.size()));
  EXPECT_EQ(fact(report, "volumes").here, "2 of 2 images");
  EXPECT_EQ(fact(report, "native size").here, "18 x 22 x 16");
  EXPECT_EQ(fact(report, "spacing").here, "2.00 x 2.00 x 3.00 mm");
  EXPECT_THAT(fact(report, "orientation").here, ::testing::AllOf(HasSubstr("1 of RAS"), HasSubstr("1 of LPS")));
}

TEST_F(CohortOfVolumes, OfSeveralSpacingsIsToldWhereNoStepResamples) {
  scan("a.nii.gz", test::head());
  Image coarse = test::head();
  coarse.geometry.ras_from_voxel = coarse.geometry.ras_from_voxel * scaling({1, 1, 2});
  scan("b.nii.gz", coarse);
  EXPECT_EQ(fact(compare(), "spacing").verdict, "differs");
  EXPECT_EQ(fact(compare(), "spacing").here, "2.00 x 2.00 x 3.00 to 6.00 mm");
  model.config.preprocess.steps = {{"{step: reorient, to: RAS}"}, {"{step: resample, spacing: [2, 2, 3]}"}};
  EXPECT_EQ(fact(compare(), "spacing").verdict, "ok");
}

}  // namespace
}  // namespace thor
