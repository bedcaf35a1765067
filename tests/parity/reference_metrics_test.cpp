// SPDX-License-Identifier: Apache-2.0
// Metrics as scikit-learn, scikit-image and SciPy compute them, on the spot: reference_metrics.py beside this file.
#include <sys/wait.h>

#include <algorithm>

#include "tests/support.h"
#include "thor/eval/evaluation.h"
#include "thor/eval/lesions.h"
#include "thor/eval/pixel_pool.h"
#include "thor/nn/weights/safetensors.h"

namespace thor {
namespace {

constexpr double kRounding = 1e-9;

class SciPy : public testing::Test {
 protected:
  void SetUp() override {
    const std::string python = test::environment_or("THOR_PYTHON", "/usr/bin/python3"), file = folder_ / "reference";
    const int status =
        std::system((python + " '" THOR_SOURCE_DIR "/tests/parity/reference_metrics.py' '" + file + "'").c_str());
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (code == 77 || code == 127)
      GTEST_SKIP()
          << "python3 cannot import sklearn, skimage and scipy here (Debian: python3-sklearn, python3-skimage, "
             "python3-scipy); THOR_PYTHON names another python";
    ASSERT_EQ(code, 0) << "reference_metrics.py failed";
    reference_ = read_safetensors(file).tensors;
  }

  Tensor case_of(const char* name, size_t i) const { return reference_.at(name)[static_cast<int64_t>(i)]; }
  std::vector<double> numbers(const char* name) const {
    const Tensor values = reference_.at(name).contiguous();
    return std::vector<double>(values.data_ptr<double>(), values.data_ptr<double>() + values.numel());
  }
  void expect_near(const std::vector<double>& found, const char* name) const {
    const auto expected = numbers(name);
    ASSERT_EQ(found.size(), expected.size()) << name;
    for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], kRounding) << name << " " << i;
  }
  size_t cases() const { return static_cast<size_t>(reference_.at("maps").size(0)); }

  Evaluation evaluate_all(const std::vector<NamedThreshold>& thresholds) const {
    EvaluationConfig config;
    config.lesion_overlap = 0.25;
    config.resamples = 10;
    const auto source = [&](size_t i) {
      ScoredCase one;
      one.name = std::to_string(i);
      one.map = case_of("maps", i);
      one.truth = case_of("truth", i);
      one.image = case_of("image", i);
      one.pseudo_healthy = case_of("healthy", i);
      return one;
    };
    return evaluate_cases(cases(), source, config, thresholds);
  }

  test::TemporaryFolder folder_;
  StateDict reference_;
};

TEST_F(SciPy, AgreesOnAreasAndCurves) {
  const GroupScores all = evaluate_all({}).groups.back();
  EXPECT_NEAR(all.auprc, numbers("auprc")[0], kRounding);
  EXPECT_NEAR(all.auroc, numbers("auroc")[0], kRounding);
  expect_near(all.curve_thresholds, "thresholds");
  expect_near(all.dice_curve, "dice");
  const auto dice = numbers("dice");
  EXPECT_NEAR(all.oracle().pooled_dice.mean, *std::max_element(dice.begin(), dice.end()), kRounding);
}

TEST_F(SciPy, AgreesOnLesionsFoundAndFalseAlarms) {
  const GroupScores all = evaluate_all({}).groups.back();
  expect_near(all.froc_recall, "lesion_recall");
  expect_near(all.froc_fp_per_case, "false_positives_per_case");
}

TEST_F(SciPy, AgreesOnConnectedComponentsAndTheirOrder) {
  for (size_t i = 0; i < cases(); ++i) {
    const Components parts = connected_components(case_of("truth", i));
    const Tensor expected = case_of("labels", i).to(at::kLong);
    EXPECT_EQ(parts.count(), expected.max().item<int64_t>());
    EXPECT_TRUE(at::equal(at::tensor(parts.labels, at::kLong).view(expected.sizes()), expected)) << i;
  }
}

TEST_F(SciPy, AgreesOnTheFalsePositiveRateAtAnyThreshold) {
  const auto thresholds = numbers("thresholds"), rates = numbers("false_positive_rate");
  std::vector<NamedThreshold> named;
  for (const double threshold : thresholds) named.push_back({std::to_string(threshold), threshold});
  const auto scores = evaluate_all(named).groups.back().thresholds;
  for (size_t i = 0; i < rates.size(); ++i) EXPECT_NEAR(scores[i + 1].false_positive_rate, rates[i], kRounding) << i;
}

TEST_F(SciPy, AgreesOnQuantilesOfHealthyPixels) {
  PixelPool pool;
  pool.add(reference_.at("maps"), reference_.at("truth"));
  const std::vector<double> expected = numbers("quantiles");
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(pool.quantile(PixelKind::Healthy, std::vector<double>{0.5, 0.95, 0.99}[i]), expected[i], kRounding);
}

TEST_F(SciPy, AgreesOnRestorationOfHealthyTissue) {
  const RestorationScores found = evaluate_all({}).restoration;
  const auto expected = numbers("restoration");
  EXPECT_NEAR(found.mae.mean, expected[0], 1e-7);
  EXPECT_NEAR(found.ssim.mean, expected[1], 1e-6);
  EXPECT_NEAR(found.changed_share, expected[2], kRounding);
}

}  // namespace
}  // namespace thor
