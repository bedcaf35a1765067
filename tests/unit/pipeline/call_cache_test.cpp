// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/call_cache.h"

#include <gtest/gtest.h>

#include "tests/unit/pipeline/tiny_model.h"
#include "thor/detect/thor.h"

namespace thor {
namespace {

/// Recalls `name` at `input`; how often the function ran so far is in `runs`.
Tensor doubled(CallCache& memory, const std::string& name, const Tensor& input, int& runs) {
  return memory.recall(name, {input}, [&](const std::vector<Tensor>& rows) {
    ++runs;
    return rows[0] * 2;
  });
}

std::unique_ptr<Detector> thor_with_maps_at(std::vector<int64_t> map_at) {
  ThorConfig config;
  config.start_step = 40;
  config.harmonize_at = {20};
  config.map_at = std::move(map_at);
  config.perceptual = PerceptualKind::Unet;
  return std::make_unique<Thor>(config);
}

void expect_equal_bits(const Detection& a, const Detection& b) {
  EXPECT_TRUE(at::equal(a.map, b.map));
  EXPECT_TRUE(at::equal(a.pseudo_healthy, b.pseudo_healthy));
  EXPECT_TRUE(at::equal(a.score, b.score));
}

TEST(CallCache, ComputesEqualCallsOnceAndTellsOthersApart) {
  CallCache memory(1 << 20);
  int runs = 0;
  const Tensor x = at::arange(6, at::kFloat);
  EXPECT_TRUE(at::equal(doubled(memory, "a", x, runs), x * 2));
  EXPECT_TRUE(at::equal(doubled(memory, "a", x.clone(), runs), x * 2));
  EXPECT_EQ(runs, 1);
  doubled(memory, "b", x, runs);
  doubled(memory, "a", x.view({2, 3}), runs);
  doubled(memory, "a", x + 1e-6, runs);
  EXPECT_EQ(runs, 4);
}

TEST(CallCache, KnowsAnImageInWhateverBatchItComes) {
  CallCache memory(1 << 20);
  const Tensor x = at::arange(12, at::kFloat).view({4, 3});
  std::vector<int64_t> computed;
  const auto ask = [&](const Tensor& rows) {
    EXPECT_TRUE(at::equal(memory.recall("a", {rows, rows + 1},
                                        [&](const std::vector<Tensor>& in) {
                                          computed.push_back(in[0].size(0));
                                          return in[0] * in[1];
                                        }),
                          rows * (rows + 1)));
  };
  ask(x.narrow(0, 0, 2));
  ask(x);
  ask(x.flip(0));
  EXPECT_EQ(computed, (std::vector<int64_t>{2, 2}));
}

TEST(CallCache, SurvivesCallersThatChangeWhatTheyGot) {
  CallCache memory(1 << 20);
  int runs = 0;
  const Tensor x = at::ones({1, 4});
  doubled(memory, "a", x, runs).zero_();
  doubled(memory, "a", x, runs).zero_();
  EXPECT_TRUE(at::equal(doubled(memory, "a", x, runs), x * 2));
  EXPECT_EQ(runs, 1);
}

TEST(CallCache, DropsWhatWasNotAskedForLongestBeyondItsLimit) {
  CallCache memory(2 * 4 * sizeof(float));
  int runs = 0;
  for (const int value : {1, 0, 1, 2}) doubled(memory, "a", at::full({1, 4}, value, at::kFloat), runs);
  EXPECT_EQ(memory.bytes(), 2 * 4 * sizeof(float));
  doubled(memory, "a", at::full({1, 4}, 1, at::kFloat), runs);
  EXPECT_EQ(runs, 3);
  doubled(memory, "a", at::full({1, 4}, 0, at::kFloat), runs);
  EXPECT_EQ(runs, 4);
  doubled(memory, "a", at::zeros({1, 100}), runs);  // larger than everything it may hold
  EXPECT_LE(memory.bytes(), 2 * 4 * sizeof(float));
  memory.clear();
  EXPECT_EQ(memory.bytes(), 0u);
}

TEST(CallCache, TwoSettingsThatDifferInTheMapStepsCostTheCallsOfOne) {
  Pipeline first(test::tiny_model(), thor_with_maps_at({0, 20, 40}), test::on_cpu());
  first.remember_calls(1 << 26);
  const Pipeline second = first.with_detector(thor_with_maps_at({10, 30}));
  const Images images = test::pictures(2);
  int64_t computed = 0;
  const auto count = [&](int64_t n) { computed += n; };
  const Detection a = first.detect(images, count);
  EXPECT_EQ(computed, 2 * 41);
  const Detection b = second.detect(images, count);
  EXPECT_EQ(computed, 2 * 41);
  EXPECT_FALSE(at::equal(a.map, b.map));

  const Pipeline plain(test::tiny_model(), thor_with_maps_at({10, 30}), test::on_cpu());
  expect_equal_bits(b, plain.detect(images));
  first.forget_calls();
  expect_equal_bits(a, first.detect(images, count));
  EXPECT_EQ(computed, 2 * 2 * 41);
}

TEST(CallCache, SharesTheChainsThatTwoNumbersOfSeedsHaveInCommon) {
  const auto ddpm_with = [](int64_t seeds) {
    auto detector = make_detector("ddpm", NoiseKind::Gaussian);
    Fields fields(*detector);
    fields.set("start_step", "5");
    fields.set("seeds", std::to_string(seeds));
    return detector;
  };
  Pipeline two(test::tiny_model(), ddpm_with(2), test::on_cpu());
  two.remember_calls(1 << 26);
  const Pipeline three = two.with_detector(ddpm_with(3));
  int64_t computed = 0;
  const auto count = [&](int64_t n) { computed += n; };
  two.detect(test::pictures(3), count);
  EXPECT_EQ(computed, 3 * 2 * 6);
  const Detection mean = three.detect(test::pictures(3), count);
  EXPECT_EQ(computed, 3 * 3 * 6);
  expect_equal_bits(mean, Pipeline(test::tiny_model(), ddpm_with(3), test::on_cpu(0, 2)).detect(test::pictures(3)));
}

TEST(CallCache, AnotherSeedSharesNothing) {
  Pipeline first(test::tiny_model(), thor_with_maps_at({0}), test::on_cpu(0));
  first.remember_calls(1 << 26);
  const Images images = test::pictures(1);
  int64_t computed = 0;
  const auto count = [&](int64_t n) { computed += n; };
  first.detect(images, count);
  const Detection other = first.with_seed(1).detect(images, count);
  EXPECT_EQ(computed, 2 * 41);
  expect_equal_bits(other, Pipeline(test::tiny_model(), thor_with_maps_at({0}), test::on_cpu(1)).detect(images));
}

}  // namespace
}  // namespace thor
