// SPDX-License-Identifier: Apache-2.0
#include "bench/targets.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "bench/work.h"
#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/file.h"

using namespace thor;
using namespace thor::bench;

namespace {

Results results_of(const nlohmann::json& cases) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "bench.json";
  const nlohmann::json memory{{"memory", 2e9}};
  write_text_atomically(
      path, nlohmann::json{{"environment", nlohmann::json::object()}, {"cases", cases}, {"program", {{"fp32", memory}}}}
                .dump());
  return Results(path);
}

nlohmann::json timed(const std::string& side, const std::string& name, double seconds, double operations = 1e9) {
  return {{"side", side}, {"name", name}, {"seconds", seconds}, {"operations", operations}};
}

/// The last cell of the row that begins so.
std::string verdict(const Rows& rows, const std::string& what) {
  for (const auto& row : rows)
    if (row[0] == what) return row.back();
  return "no such row";
}

TEST(Work, OfThePapersNetworkIsWhatItsDescriptionSays) {
  const Work work = work_of(network_config("paper"), 1, 128);
  EXPECT_NEAR((work.convolutions + work.linears) / 1e9, 130, 1);
  // Three attentions over 64 x 64 pixels and four over 32 x 32, each two products of pixels x pixels x 256.
  EXPECT_DOUBLE_EQ(work.attention, 4 * 256 * (3 * 4096.0 * 4096 + 4 * 1024.0 * 1024));
  EXPECT_NEAR(work.weights / 1e6, 18.5, 0.5);
}

TEST(Work, GrowsWithTheBatchAndFourfoldWithTheSideButSixteenfoldInAttention) {
  const UNetConfig network = network_config("paper");
  const Work one = work_of(network, 1, 64), two = work_of(network, 2, 64), large = work_of(network, 1, 128);
  EXPECT_DOUBLE_EQ(two.operations(), 2 * one.operations());
  EXPECT_DOUBLE_EQ(large.convolutions, 4 * one.convolutions);
  EXPECT_DOUBLE_EQ(large.attention, 16 * one.attention);
}

TEST(Targets, AreMetWhereTheRatioReachesThemAndMissedBelow) {
  const std::string fp32 = "network step, float32, against the peer's float32";
  const nlohmann::json slow{timed("ours", "step/paper/b1/s128/fp32", 0.6), timed("peer", "step/paper/b1/s128/fp32", 1)};
  const nlohmann::json fast{timed("ours", "step/paper/b1/s128/fp32", 0.5), timed("peer", "step/paper/b1/s128/fp32", 1)};
  EXPECT_EQ(verdict(target_rows(results_of(slow)), fp32), "missed");
  EXPECT_EQ(verdict(target_rows(results_of(fast)), fp32), "met");
}

TEST(Targets, OfWhatWasNotTimedAreNeitherMetNorMissed) {
  const Rows rows = target_rows(results_of(nlohmann::json::array()));
  EXPECT_EQ(verdict(rows, "network step, bfloat16, against the peer's float32"), "");
  EXPECT_EQ(verdict(rows, "simplex field, 128 x 128, 6 octaves, one core"), "");
}

TEST(Targets, NameTheMemoryThatIsTooMuch) {
  EXPECT_EQ(verdict(target_rows(results_of(nlohmann::json::array())),
                    "`thor detect` of one image, paper's network, fp32: peak memory"),
            "missed");
}

TEST(Targets, TakeTheFastestConvolutionOfTheSamePrecisionForThePeak) {
  const nlohmann::json cases{timed("ours", "peak/conv3x3/a/bf16", 1, 5e9), timed("ours", "peak/conv3x3/b/bf16", 1, 8e9),
                             timed("ours", "peak/conv3x3/b/fp32", 1, 9e9)};
  EXPECT_DOUBLE_EQ(results_of(cases).peak("peak/conv3x3", "bf16"), 8e9);
}

TEST(Targets, SayWhichFileIsNotABenchmarksResult) {
  const test::TemporaryFolder folder;
  write_text_atomically(folder / "bench.json", "{}");
  try {
    Results(folder / "bench.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("bench.json"));
  }
}

}  // namespace
