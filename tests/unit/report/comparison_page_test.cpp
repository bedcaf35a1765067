// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "tests/unit/eval/tiny_comparison.h"
#include "thor/base/file.h"
#include "thor/image/image.h"
#include "thor/report/ablation_page.h"
#include "thor/report/benchmark_page.h"

namespace thor {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

size_t how_often(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

std::string benchmark_written_to(const test::TinyComparison& here) {
  write_benchmark(run_benchmark(load_benchmark(here.write("benchmark.yaml", R"(
title: Squares & co
output: out
models: [{name: tiny, file: model.safetensors}]
methods:
  - {name: THOR, detector: thor, set: [detector.start_step=4, 'detector.harmonize_at=[2]', detector.map_every=2, detector.perceptual=ssim]}
  - {name: <DDPM>, detector: ddpm, set: [detector.start_step=4]}
datasets: [{name: squares, truth: truth.csv, healthy: healthy.csv}]
seeds: [0, 3]
evaluation: {resamples: 20}
)")),
                                test::on_cpu()));
  return read_text_file(here / "out/index.html", 1 << 26);
}

std::string ablation_written_to(const test::TinyComparison& here, const std::string& varied) {
  write_ablation(run_ablation(load_ablation(here.write("ablation.yaml", R"(
output: out
model: model.safetensors
detector: ddpm
truth: truth.csv
evaluation: {resamples: 20}
)" + varied)),
                              test::on_cpu()));
  return read_text_file(here / "out/index.html", 1 << 26);
}

TEST(BenchmarkPage, SaysWhatWasComparedHowAndWithWhat) {
  const test::TinyComparison here;
  const std::string html = benchmark_written_to(here);
  const std::string hash = load_model(here / "model.safetensors").hash;
  for (const std::string& text :
       {std::string("<title>Squares &amp; co</title>"), std::string("seeds 0, 3"), std::string("Oracle: the best of"),
        std::string("even (3 cases)"), std::string("Dice %, oracle"), std::string("case Dice % minus THOR"),
        std::string("oracle, healthy images"), std::string("not a medical device"), hash})
    EXPECT_THAT(html, HasSubstr(text));
  EXPECT_THAT(html, Not(HasSubstr("<DDPM>")));
  EXPECT_FALSE(std::regex_search(html, std::regex("[^A-Za-z0-9+/]nan[^A-Za-z0-9+/]")));  // pictures may spell it
}

TEST(BenchmarkPage, HoldsCurvesAndTheBestMedianAndWorstCase) {
  const test::TinyComparison here;
  const std::string html = benchmark_written_to(here);
  EXPECT_EQ(how_often(html, "<svg"), 2u * 3u + 2u);  // two for each group, FROC, size
  for (const char* title : {"Best of THOR", "Median of THOR", "Worst of THOR"}) EXPECT_THAT(html, HasSubstr(title));
  EXPECT_EQ(how_often(html, "<figure>"), 3u * (2u + 2u * 2u));
  for (const char* foreign : {"http:", "https:", "<script", "url("}) EXPECT_THAT(html, Not(HasSubstr(foreign)));
}

TEST(BenchmarkPage, StandsBesideTheTableAndTheJson) {
  const test::TinyComparison here;
  benchmark_written_to(here);
  EXPECT_EQ(how_often(read_text_file(here / "out/results.csv", 1 << 20), "\n"), 1u + 2u * 2u * 3u);
  EXPECT_THAT(read_text_file(here / "out/tables.md", 1 << 20), HasSubstr("| THOR |"));
  EXPECT_EQ(nlohmann::json::parse(read_text_file(here / "out/results.json", 1 << 22)).at("results").size(), 4u);
}

TEST(BenchmarkPage, LaysTheBestMedianAndWorstCasesOfEveryMethodOnASheet) {
  const test::TinyComparison here;
  benchmark_written_to(here);
  const int64_t side = 16;  // of the tiny model's images
  for (const char* method : {"THOR", "DDPM"}) {
    const Image sheet = read_image(here / ("out/sheets/squares_" + file_word(method) + ".png"));
    EXPECT_EQ(sheet.voxels.size(1), 4 * side) << method;  // six cases: one band of four pictures each
    EXPECT_EQ(sheet.voxels.size(2), 6 * side) << method;
    EXPECT_GT(sheet.voxels.max().item<double>(), sheet.voxels.min().item<double>()) << method;
  }
}

TEST(AblationPage, DrawsALineOverNumbersAndAHeatMapOverTwoAxes) {
  const test::TinyComparison here;
  const std::string line = ablation_written_to(here, "axes: [{key: detector.start_step, values: [2, 4, 6]}]");
  EXPECT_THAT(line, HasSubstr("Oracle Dice over detector.start_step"));
  const std::string grid = ablation_written_to(
      here, "axes: [{key: detector.start_step, values: [2, 4]}, {key: detector.map.power, values: [1, 2]}]");
  EXPECT_THAT(grid, HasSubstr("oracle Dice %, mean over groups"));
  EXPECT_EQ(how_often(grid, "<rect"), 1u + 4u);
  for (const char* title : {"correlation with the first", "really computed", "network calls"})
    EXPECT_THAT(grid, HasSubstr(title));
}

TEST(AblationPage, ShowsWhatANetworkCallBuysBesideAReference) {
  const test::TinyComparison here;
  const std::string html =
      ablation_written_to(here,
                          "reference: [{name: long, set: [detector.start_step=5]}]\n"
                          "axes: [{key: detector.start_step, values: [2, 4]}, {key: detector.seeds, values: [1, 2]}]");
  for (const char* title : {"Network calls and oracle Dice %: odd", "Network calls and correlation with the first",
                            "all: case Dice % minus long", "correlation with the first, %"})
    EXPECT_THAT(html, HasSubstr(title));
}

TEST(AblationPage, ComparesNamedRowsGroupByGroup) {
  const test::TinyComparison here;
  const std::string html = ablation_written_to(
      here, "rows: [{name: short, set: [detector.start_step=2]}, {name: long, set: [detector.start_step=5]}]");
  EXPECT_EQ(how_often(html, "<rect"), 1u + 2u * 3u);  // two settings; odd, even, all
  EXPECT_THAT(html, HasSubstr("Best of short"));
}

}  // namespace
}  // namespace thor
