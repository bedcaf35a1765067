// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/cohort.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_model.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/data/summary.h"
#include "thor/eval/kolmogorov.h"
#include "thor/eval/map_set.h"
#include "thor/image/image.h"
#include "thor/pipeline/calibration.h"

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
    model.training["data"] = thor::to_json(summarize(at::stack(units)));
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
    rows.push_back({folder / name, "", "", name, 0});
  }
  CohortReport compare() const { return compare_cohort(model, rows, 20, test::on_cpu()); }
  static const CohortFact& fact(const CohortReport& report, const std::string& name) {
    for (const CohortFact& one : report.facts)
      if (one.name.rfind(name, 0) == 0) return one;
    throw std::runtime_error("no fact " + name);
  }
  test::TemporaryFolder folder;
  Model model = test::tiny_model();
  std::vector<SplitRow> rows;
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
  EXPECT_EQ(report.to_json().at("facts").at(1).at("verdict"), "differs");
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
  model.training = nlohmann::json::object();
  for (int64_t i = 0; i < 3; ++i) add(head(i, 0.3));
  const CohortReport report = compare();
  EXPECT_EQ(fact(report, "foreground 5").verdict, "unknown");
  EXPECT_THAT(report.table(), ::testing::Not(HasSubstr("differs")));
}

TEST_F(CohortCheck, ListsWhatCannotBeReadAndFailsOnlyWhenNothingCan) {
  add(head(1));
  write_text_atomically(folder / "bad.png", "no picture");
  rows.push_back({folder / "bad.png", "", "", "bad", 0});
  EXPECT_EQ(compare().failed.size(), 1u);
  rows.erase(rows.begin());
  EXPECT_THROW(compare(), Error);
}

TEST_F(CohortCheck, ScoresAreComparedWithTheHealthyOnesOfTheCalibration) {
  for (int64_t i = 0; i < 12; ++i) add(head(i));
  DetectorChoice choice = choose_detector(model, "ddpm", {"detector.start_step=20"});
  Calibration calibration;
  const nlohmann::json config = choice.config;
  const Pipeline pipeline(model, std::move(choice.detector), test::on_cpu());
  const MapSet healthy = detect_set(pipeline, "ddpm", config, rows, test::on_cpu());
  calibration.setting = {"ddpm", config, pipeline.perceptual()};
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

}  // namespace
}  // namespace thor
