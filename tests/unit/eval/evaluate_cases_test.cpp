// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/random.h"
#include "thor/eval/evaluation.h"
#include "thor/eval/metrics.h"

namespace thor {
namespace {

using testing::HasSubstr;

/// A case of 24 x 24 pixels: a square lesion of the given side (0: healthy) and a noisy map that sees it a little.
ScoredCase noisy_case(uint64_t seed, int64_t side, double scale = 1) {
  Random random({seed, 3, 0, Purpose::Sample, 0});
  ScoredCase one;
  one.name = fmt::format("case {}", seed);
  one.truth = at::zeros({24, 24});
  one.truth.narrow(0, 4, side).narrow(1, 5, side).fill_(1);
  one.lesion_pixels = side * side;
  one.map = at::empty({24, 24});
  for (int64_t i = 0; i < one.map.numel(); ++i) one.map.data_ptr<float>()[i] = static_cast<float>(random.uniform());
  one.map = (one.map * 0.7 + one.truth * 0.3) * scale;
  one.score = one.map.mean().item<double>();
  return one;
}

/// One row of pixels.
ScoredCase strip(const std::string& name, std::vector<double> map, std::vector<double> truth) {
  ScoredCase one;
  one.name = name;
  one.map = at::tensor(map, at::kDouble).to(at::kFloat).unsqueeze(0);
  one.truth = at::tensor(truth, at::kDouble).to(at::kFloat).unsqueeze(0);
  one.lesion_pixels = one.truth.sum().item<int64_t>();
  return one;
}

Evaluation evaluate_list(const std::vector<ScoredCase>& cases, const std::vector<NamedThreshold>& thresholds = {},
                         EvaluationConfig config = {}) {
  config.resamples = 300;
  return evaluate_cases(
      cases.size(), [&](size_t i) { return cases[i]; }, config, thresholds);
}

const GroupScores& group_of(const Evaluation& evaluation, const std::string& name) {
  for (const GroupScores& one : evaluation.groups)
    if (one.group == name) return one;
  throw std::runtime_error("no group " + name);
}

Tensor pooled_of(const std::vector<ScoredCase>& cases, Tensor ScoredCase::*what) {
  std::vector<Tensor> parts;
  for (const ScoredCase& one : cases) parts.push_back((one.*what).flatten());
  return at::cat(parts);
}

TEST(EvaluateCases, EqualsTheExactMetricsOnThePooledPixels) {
  std::vector<ScoredCase> cases;
  for (uint64_t seed = 0; seed < 6; ++seed) cases.push_back(noisy_case(seed, seed < 3 ? 3 : 0));
  cases[5].map[0][0] = 1;  // the largest, so that the thresholds go to 1
  const Tensor map = pooled_of(cases, &ScoredCase::map), truth = pooled_of(cases, &ScoredCase::truth);
  const Evaluation result = evaluate_list(cases);
  const GroupScores& all = group_of(result, "all");
  EXPECT_DOUBLE_EQ(all.auprc, average_precision(map, truth));
  EXPECT_DOUBLE_EQ(all.auroc, auroc(map, truth));
  EXPECT_EQ(all.dice_curve, dice_curve(map, truth));
  EXPECT_EQ(all.oracle().pooled_dice.mean, best_dice(map, truth).dice);
  EXPECT_EQ(all.oracle().threshold, best_dice(map, truth).threshold);
  EXPECT_LE(all.oracle().pooled_dice.low, all.oracle().pooled_dice.mean);
  EXPECT_GE(all.oracle().pooled_dice.high, all.oracle().pooled_dice.mean);
  const std::vector<ScoredCase> ill(cases.begin(), cases.begin() + 3);
  EXPECT_DOUBLE_EQ(group_of(result, "small").auprc,
                   average_precision(pooled_of(ill, &ScoredCase::map), pooled_of(ill, &ScoredCase::truth)));
}

TEST(EvaluateCases, ThresholdsEndAtTheLargestMapValueSoThatFaintMapsAreSeen) {
  std::vector<ScoredCase> bright, faint;
  for (uint64_t seed = 0; seed < 3; ++seed) {
    bright.push_back(noisy_case(seed, 4));
    faint.push_back(noisy_case(seed, 4, 0.01));
  }
  const auto full = evaluate_list(bright), weak = evaluate_list(faint);
  EXPECT_NEAR(weak.groups.back().curve_thresholds.back(), 0.01, 1e-3);
  EXPECT_NEAR(weak.groups.back().oracle().pooled_dice.mean, full.groups.back().oracle().pooled_dice.mean, 0.02);
}

TEST(EvaluateCases, ThresholdsBroughtAlongKeepTheirValueAndTheirLabel) {
  const std::vector<ScoredCase> cases{strip("a", {.9, .8, .3, .1}, {1, 0, 1, 0}),
                                      strip("b", {.2, .6, .1, 0}, {0, 0, 0, 0})};
  EvaluationConfig config;
  config.size_edges = {0, 100};
  const auto result = evaluate_list(cases, {{"validation", 0.5}, {"calibrated 5 %", 0.7}}, config);
  const auto& all = group_of(result, "all");
  ASSERT_EQ(all.thresholds.size(), 3u);
  EXPECT_EQ(all.thresholds[0].label, "oracle");
  EXPECT_EQ(all.thresholds[1].label, "validation");
  EXPECT_EQ(all.thresholds[1].threshold, 0.5);
  EXPECT_DOUBLE_EQ(all.thresholds[1].pooled_dice.mean, 2.0 * 1 / (3 + 2));
  EXPECT_DOUBLE_EQ(all.thresholds[1].case_dice.mean, 0.5);
  EXPECT_DOUBLE_EQ(all.thresholds[1].false_positive_rate, 2.0 / 6);
  EXPECT_DOUBLE_EQ(all.thresholds[2].pooled_dice.mean, 0.5);
  EXPECT_DOUBLE_EQ(all.thresholds[2].false_positive_rate, 1.0 / 6);
  EXPECT_EQ(result.cases[0].dice.size(), 3u);
  EXPECT_DOUBLE_EQ(result.cases[0].dice[1], 0.5);
  ASSERT_EQ(result.cases[1].dice.size(), 3u);
  for (const double dice : result.cases[1].dice) EXPECT_TRUE(std::isnan(dice));  // without a lesion there is none
  EXPECT_EQ(result.groups[0].group, "1-100 px");
}

TEST(EvaluateCases, LesionsAndFalseAlarmsAreCountedPerCase) {
  const std::vector<ScoredCase> cases{strip("a", {.9, 0, .2, 0, .6}, {1, 0, 1, 0, 0}),
                                      strip("b", {.7, 0, .7, 0, 0}, {0, 0, 0, 0, 0})};
  const auto all = evaluate_list(cases, {{"half", 0.5}, {"low", 0.1}, {"high", 0.8}}).groups.back();
  EXPECT_DOUBLE_EQ(all.thresholds[1].lesion_recall, 0.5);
  EXPECT_DOUBLE_EQ(all.thresholds[1].lesion_precision, 1.0 / 4);
  EXPECT_DOUBLE_EQ(all.thresholds[1].lesion_f1, 2.0 / (2 + 3 + 1));
  EXPECT_DOUBLE_EQ(all.thresholds[2].lesion_recall, 1);
  EXPECT_DOUBLE_EQ(all.thresholds[3].lesion_precision, 1);
  ASSERT_EQ(all.froc_recall.size(), 101u);
  for (size_t i = 0; i < 101; ++i) {
    const double t = all.curve_thresholds[i];
    EXPECT_DOUBLE_EQ(all.froc_fp_per_case[i], ((.6f > t) + 2 * (.7f > t)) / 2.0) << t;
    EXPECT_DOUBLE_EQ(all.froc_recall[i], ((.9f > t) + (.2f > t)) / 2.0) << t;
  }
}

TEST(EvaluateCases, EqualCasesLeaveNoUncertainty) {
  std::vector<ScoredCase> cases(4, noisy_case(1, 4));
  for (size_t i = 0; i < cases.size(); ++i) cases[i].name = std::to_string(i);
  const auto oracle = evaluate_list(cases).groups.back().oracle();
  EXPECT_DOUBLE_EQ(oracle.pooled_dice.low, oracle.pooled_dice.mean);
  EXPECT_DOUBLE_EQ(oracle.pooled_dice.high, oracle.pooled_dice.mean);
  EXPECT_DOUBLE_EQ(oracle.case_dice.high, oracle.case_dice.mean);
}

TEST(EvaluateCases, WithoutALesionInTheTruthOnlyFalsePositivesAreMeasured) {
  const std::vector<ScoredCase> cases{strip("a", {.9, .8, .3, .1}, {0, 0, 0, 0}),
                                      strip("b", {.2, .6, .1, 0}, {0, 0, 0, 0})};
  const Evaluation result = evaluate_list(cases, {{"half", 0.5}});
  const GroupScores& all = result.groups.back();
  for (const ThresholdScores& one : all.thresholds) {
    EXPECT_TRUE(std::isnan(one.pooled_dice.mean)) << one.label;
    EXPECT_TRUE(std::isnan(one.pooled_dice.low)) << one.label;
    EXPECT_TRUE(std::isnan(one.case_dice.mean)) << one.label;
    EXPECT_TRUE(std::isnan(one.lesion_recall)) << one.label;
    EXPECT_TRUE(std::isnan(one.lesion_precision)) << one.label;
    EXPECT_TRUE(std::isnan(one.lesion_f1)) << one.label;
  }
  EXPECT_TRUE(std::isnan(all.oracle().threshold));
  EXPECT_EQ(all.thresholds[1].threshold, 0.5);
  EXPECT_DOUBLE_EQ(all.thresholds[1].false_positive_rate, 3.0 / 8);
  EXPECT_DOUBLE_EQ(all.froc_fp_per_case[0], 1);
  const nlohmann::json json = parse(result.to_json());
  EXPECT_TRUE(json["groups"][0]["oracle_dice"].is_null());
  EXPECT_TRUE(json["groups"][0]["oracle_threshold"].is_null());
  EXPECT_TRUE(json["groups"][0]["curve"]["dice"][0].is_null());
  EXPECT_TRUE(json["cases"][0]["dice"]["half"].is_null());
  EXPECT_EQ(json["groups"][0]["thresholds"][1]["false_positive_rate"], 3.0 / 8);
  EXPECT_THAT(result.table(), HasSubstr("no lesion in the truth"));
  EXPECT_THAT(result.table(), testing::Not(HasSubstr("0.00 ")));
}

TEST(EvaluateCases, ImageScoresAreRankedAgainstEachOther) {
  std::vector<ScoredCase> cases;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    cases.push_back(noisy_case(seed, seed % 2 ? 4 : 0));
    cases.back().score = std::vector<double>{0.1, 0.3, 0.4, 0.9}[seed];
  }
  EXPECT_DOUBLE_EQ(evaluate_list(cases).image_auroc, 0.75);
  cases.erase(cases.begin());
  cases.erase(cases.begin() + 1);
  EXPECT_TRUE(std::isnan(evaluate_list(cases).image_auroc));
}

TEST(EvaluateCases, CasesThatCannotBeComparedAreNamedAndLeftOut) {
  std::vector<ScoredCase> cases{noisy_case(0, 4), noisy_case(1, 4), noisy_case(2, 4), noisy_case(3, 4)};
  cases[0].problem = "no map";
  cases[1].map[0][0] = NAN;
  cases[2].truth = at::zeros({24, 25});
  const Evaluation result = evaluate_list(cases);
  EXPECT_EQ(result.cases.size(), 1u);
  ASSERT_EQ(result.left_out.size(), 3u);
  EXPECT_EQ(result.left_out[0].reason, "no map");
  EXPECT_THAT(result.left_out[1].reason, HasSubstr("not finite"));
  EXPECT_THAT(result.left_out[2].reason, HasSubstr("[24, 25]"));
  cases.pop_back();
  try {
    evaluate_list(cases);
    FAIL() << "compared nothing";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input);
    EXPECT_THAT(error.what(), HasSubstr("none of the 3 cases can be compared; the first, 'case 0': no map"));
  }
}

TEST(EvaluateCases, ALesionThatFallsBetweenThePixelsIsNoted) {
  std::vector<ScoredCase> cases{noisy_case(0, 4), noisy_case(1, 0)};
  cases[1].lesion_pixels = 1;
  const Evaluation result = evaluate_list(cases);
  ASSERT_EQ(result.notes.size(), 1u);
  EXPECT_THAT(result.notes[0].reason, HasSubstr("between the pixels"));
}

TEST(EvaluateCases, RestorationIsAveragedOverTheCasesThatHaveIt) {
  std::vector<ScoredCase> cases{noisy_case(0, 4), noisy_case(1, 4), noisy_case(2, 4)};
  EXPECT_TRUE(std::isnan(evaluate_list(cases).restoration.mae.mean));
  for (size_t i : {0, 2}) {
    cases[i].image = at::full({24, 24}, 0.5);
    cases[i].pseudo_healthy = at::full({24, 24}, i ? 0.6 : 0.9);
  }
  EXPECT_NEAR(evaluate_list(cases).restoration.mae.mean, 0.25, 1e-6);
}

TEST(EvaluateCases, SizeEdgesMustIncrease) {
  EvaluationConfig config;
  config.size_edges = {3, 71, 71};
  try {
    evaluate_list({noisy_case(0, 4)}, {}, config);
    FAIL() << "took the edges";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Usage);
    EXPECT_THAT(error.what(), HasSubstr("evaluation.size_edges"));
  }
}

TEST(EvaluateCases, LabelsTellThresholdsApart) {
  const std::vector<ScoredCase> cases{noisy_case(0, 4)};
  EXPECT_THROW(evaluate_list(cases, {{"a", 0.5}, {"a", 0.6}}), Error);
  EXPECT_THROW(evaluate_list(cases, {{"oracle", 0.5}}), Error);
  EXPECT_THROW(evaluate_list(cases, {{"a", NAN}}), Error);
}

TEST(PairedDifference, IsNarrowWhereTwoMethodsDifferAlikeOnEveryCase) {
  std::vector<ScoredCase> good, bad;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    good.push_back(noisy_case(seed, 2 + static_cast<int64_t>(seed % 6)));
    bad.push_back(good.back());
    bad.back().map = at::zeros({24, 24});
  }
  EvaluationConfig config;
  config.size_edges = {0, 10000};
  const std::vector<NamedThreshold> half{{"half", 0.5}};
  Evaluation a = evaluate_list(good, half, config), b = evaluate_list(bad, half, config);
  const Interval mean = a.groups.back().thresholds[1].case_dice, difference = paired_difference(a, b, 1, config);
  EXPECT_DOUBLE_EQ(difference.mean, mean.mean);
  EXPECT_GT(difference.low, 0);
  for (CaseScores& one : b.cases) one.dice = a.cases[static_cast<size_t>(&one - b.cases.data())].dice;
  for (CaseScores& one : b.cases) one.dice[1] -= 0.125;
  const Interval shifted = paired_difference(a, b, 1, config);
  EXPECT_NEAR(shifted.low, 0.125, 1e-12);
  EXPECT_NEAR(shifted.high, 0.125, 1e-12);
}

TEST(PairedDifference, OfAGroupCountsThatGroupsCasesOnly) {
  Evaluation a, b;
  for (const char* group : {"small", "large"}) {
    CaseScores one;
    one.name = one.group = group;
    one.lesion = true;
    one.dice = {0.5};
    a.cases.push_back(one);
    one.dice = {one.group == "small" ? 0.25 : 0.75};
    b.cases.push_back(one);
  }
  EXPECT_DOUBLE_EQ(paired_difference(a, b, 0, {}, "small").mean, 0.25);
  EXPECT_DOUBLE_EQ(paired_difference(a, b, 0, {}, "large").mean, -0.25);
  EXPECT_DOUBLE_EQ(paired_difference(a, b, 0, {}).mean, 0);
  EXPECT_THROW(paired_difference(a, b, 0, {}, "medium"), Error);
}

TEST(PairedDifference, NeedsCasesThatBothHave) {
  const EvaluationConfig config;
  EXPECT_THROW(paired_difference(evaluate_list({noisy_case(0, 4)}), evaluate_list({noisy_case(1, 4)}), 0, config),
               Error);
}

TEST(EvaluateCases, RankTheirOwnPixelsInTheHead) {
  Tensor image = at::zeros({64, 64}), truth = at::zeros({64, 64}), map = at::zeros({64, 64});
  image.narrow(0, 16, 32).narrow(1, 16, 32).fill_(0.7);
  truth.narrow(0, 20, 8).narrow(1, 20, 8).fill_(1);
  map.narrow(0, 20, 8).narrow(1, 20, 4).fill_(1);    // half of the lesion above all else
  map.narrow(0, 40, 4).narrow(1, 40, 8).fill_(0.5);  // as many healthy pixels above its other half
  map.narrow(0, 0, 8).narrow(1, 0, 64).fill_(9);     // the air does not count
  ScoredCase sick;
  sick.name = "sick";
  sick.map = map;
  sick.truth = truth;
  sick.image = image;
  sick.lesion_pixels = 64;
  ScoredCase misled = sick;
  misled.name = "misled";
  misled.map = 1 - map.clamp_max(1);
  const std::vector<ScoredCase> cases{sick, misled};
  EvaluationConfig config;
  config.resamples = 10;
  const Evaluation result = evaluate_cases(
      2, [&](size_t i) { return cases[i]; }, config);
  const CaseRanking& ranking = result.cases[0].ranking;
  EXPECT_NEAR(ranking.prevalence, 64.0 / 1024, 1e-9);
  EXPECT_EQ(ranking.peak, 1);
  // Half of the lesion is first; the other half ties with 928 of 960 healthy pixels behind 32 of them.
  EXPECT_NEAR(ranking.auroc, 0.5 + 0.5 * (928.0 / 2) / 960, 1e-6);
  EXPECT_EQ(result.cases[1].ranking.peak, 0);
  EXPECT_EQ(result.ranking.peak.mean, 0.5);
  EXPECT_NE(result.table().find("highest value in the lesion 50.00 %"), std::string::npos) << result.table();
}

}  // namespace
}  // namespace thor
