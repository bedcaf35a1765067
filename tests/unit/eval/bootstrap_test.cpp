// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/bootstrap.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tests/support.h"
#include "thor/base/random.h"

namespace thor {
namespace {

EvaluationConfig with_seed(int64_t seed, int64_t resamples = 2000) {
  EvaluationConfig config;
  config.seed = seed;
  config.resamples = resamples;
  return config;
}

TEST(Bootstrap, DrawsTheFourResamplesOfTwoCasesEquallyOften) {
  std::map<std::vector<size_t>, int> seen;
  bootstrap(
      2, [&](const std::vector<size_t>& drawn) { return ++seen[drawn], 0.0; }, with_seed(0, 4000));
  ASSERT_EQ(seen.size(), 4u);
  --seen[{0, 1}];  // the sample itself
  for (const auto& [drawn, times] : seen) EXPECT_NEAR(times, 1000, 4 * std::sqrt(4000 * 0.25 * 0.75));
}

TEST(Bootstrap, IntervalsAreThoseWorkedOutByHand) {
  // Two cases: means 0, 1/2, 1 with probabilities 1/4, 1/2, 1/4.
  const Interval two = bootstrap_mean({0, 1}, with_seed(0));
  EXPECT_EQ(two.mean, 0.5);
  EXPECT_EQ(two.low, 0);
  EXPECT_EQ(two.high, 1);
  // Four cases, one of them 1: the mean is 1 in 0.4 % of the draws and 3/4 in 4.7 %; 0 in 32 %.
  const Interval four = bootstrap_mean({0, 0, 1, 0}, with_seed(3));
  EXPECT_EQ(four.mean, 0.25);
  EXPECT_EQ(four.low, 0);
  EXPECT_EQ(four.high, 0.75);
}

TEST(Bootstrap, CoversTheTrueMeanAboutAsOftenAsItSays) {
  Random random({5, 0, 0, Purpose::Sample, 0});
  int covered = 0;
  constexpr int kTrials = 400;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values;
    for (int i = 0; i < 40; ++i) values.push_back(random.normal());
    const Interval interval = bootstrap_mean(values, with_seed(trial, 400));
    covered += interval.low <= 0 && 0 <= interval.high;
  }
  EXPECT_GT(covered, 0.90 * kTrials);
  EXPECT_LT(covered, 0.98 * kTrials);
}

TEST(Bootstrap, TheSameSeedGivesTheSameInterval) {
  std::vector<double> values;
  for (int i = 0; i < 30; ++i) values.push_back(std::sin(i * i));
  const Interval once = bootstrap_mean(values, with_seed(1)), again = bootstrap_mean(values, with_seed(1));
  const Interval other = bootstrap_mean(values, with_seed(2));
  EXPECT_EQ(once.low, again.low);
  EXPECT_EQ(once.high, again.high);
  EXPECT_NE(once.low, other.low);
}

TEST(Bootstrap, DrawsWithoutAValueDoNotCount) {
  const auto defined_without_case_0 = [](const std::vector<size_t>& drawn) {
    return std::count(drawn.begin(), drawn.end(), 0u) > 0 ? NAN : 7.0;
  };
  const Interval interval = bootstrap(3, defined_without_case_0, with_seed(0));
  EXPECT_TRUE(std::isnan(interval.mean));
  EXPECT_EQ(interval.low, 7);
  EXPECT_EQ(interval.high, 7);
  EXPECT_TRUE(std::isnan(bootstrap_mean({}, with_seed(0)).mean));
}

}  // namespace
}  // namespace thor
