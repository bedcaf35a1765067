// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/benchmark.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/unit/eval/tiny_comparison.h"
#include "thor/base/error.h"
#include "thor/data/csv.h"

namespace thor {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

const char* const kBenchmark = R"(
output: out
models: [{name: tiny, file: model.safetensors}]
methods:
  - {name: THOR, detector: thor, set: [detector.start_step=6, 'detector.harmonize_at=[3]', detector.map_every=3, detector.perceptual=unet]}
  - {name: DDPM, detector: ddpm, set: [detector.start_step=6]}
datasets: [{name: squares, truth: truth.csv, healthy: healthy.csv}]
validation: val.csv
seeds: [0, 1]
evaluation: {resamples: 50}
)";

std::string with(std::string text, const std::string& part, const std::string& other) {
  const size_t at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return text.replace(at, part.size(), other);
}

BenchmarkResult run_here(const test::TinyComparison& here, const std::string& text = kBenchmark) {
  return run_benchmark(load_benchmark(here.write("benchmark.yaml", text)), test::on_cpu());
}

std::string refused(const test::TinyComparison& here, const std::string& text) {
  try {
    load_benchmark(here.write("refused.yaml", text));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Usage);
    return error.what();
  }
  return "accepted";
}

TEST(Benchmark, ComparesEveryMethodWithEverySeedAtEveryThreshold) {
  const test::TinyComparison here;
  const BenchmarkResult result = run_here(here);
  ASSERT_EQ(result.cells.size(), 2u * 2u);
  EXPECT_EQ(result.computed, 2 * 2 * 3);  // the data set, its healthy images and the validation list
  for (const CellResult& cell : result.cells) {
    const GroupScores& all = cell.evaluation.groups.back();
    EXPECT_EQ(all.cases, 6);
    ASSERT_EQ(all.thresholds.size(), 2u);
    EXPECT_EQ(all.thresholds[1].label, "validation");
    const MapSet seen = load_map_set(
        here / fmt::format("out/cells/{}__validation_{}.safetensors", cell.method == 0 ? "thor" : "ddpm", cell.seed));
    EXPECT_DOUBLE_EQ(
        all.thresholds[1].threshold,
        evaluate_set(seen, read_split(here / "val.csv"), result.config.evaluation).groups.back().oracle().threshold);
    ASSERT_EQ(cell.healthy_rates.size(), 2u);
    const MapSet healthy = load_map_set(here / fmt::format("out/cells/{}_squares_healthy_{}.safetensors",
                                                           cell.method == 0 ? "thor" : "ddpm", cell.seed));
    EXPECT_EQ(healthy.names.size(), 3u);
    EXPECT_DOUBLE_EQ(cell.healthy_rates[1],
                     healthy.maps.gt(all.thresholds[1].threshold).to(at::kDouble).mean().item<double>());
    EXPECT_EQ(maps_of(cell).names.size(), 6u);
  }
  EXPECT_EQ(result.cells_of(0, 1).size(), 2u);
  EXPECT_NE(result.cells_of(0, 1)[0]->evaluation.groups.back().auprc,
            result.cells_of(0, 1)[1]->evaluation.groups.back().auprc);
}

TEST(Benchmark, RepeatsNothingThatIsFinishedAndStillTrue) {
  const test::TinyComparison here;
  const BenchmarkResult first = run_here(here);
  EXPECT_EQ(run_here(here).computed, 0);

  std::filesystem::remove(here / "out/cells/ddpm_squares_1.safetensors");  // as if killed before it was finished
  here.write("out/cells/ddpm_squares_1.safetensors.tmp", "half a file");
  const BenchmarkResult again = run_here(here);
  EXPECT_EQ(again.computed, 1);
  EXPECT_EQ(results_csv(again.cells, {"THOR", "DDPM"}, {"squares"}).size() > 0, true);
  for (size_t i = 0; i < first.cells.size(); ++i)
    EXPECT_EQ(again.cells[i].evaluation.to_json(), first.cells[i].evaluation.to_json());

  here.write("out/cells/thor_squares_0.safetensors", "damaged");
  EXPECT_EQ(run_here(here).computed, 1);
}

TEST(Benchmark, RedoesWhatWasMadeInAnotherWay) {
  const test::TinyComparison here;
  run_here(here);
  const auto other_detector =
      with(kBenchmark, "detector: ddpm, set: [detector.start_step=6]", "detector: ddpm, set: [detector.start_step=7]");
  EXPECT_EQ(run_here(here, other_detector).computed, 2 * 3);
  Model model = test::tiny_model();
  model.training = JsonText(R"({"steps":1})");
  save_model(here / "model.safetensors", model);
  EXPECT_EQ(run_here(here, other_detector).computed, 2 * 2 * 3);
  write_png(here / "i0.png", at::rand({16, 16}), 8);
  EXPECT_EQ(run_here(here, other_detector).computed, 2 * 2);  // neither the healthy nor the validation list
}

TEST(Benchmark, WritesOneLineForEveryCellAndGroup) {
  const test::TinyComparison here;
  const BenchmarkResult result = run_here(here);
  const auto records = parse_csv(results_csv(result.cells, {"THOR", "DDPM"}, {"squares"}));
  ASSERT_EQ(records.size(), 1u + 4u * 3u);  // odd, even, all
  for (const auto& record : records) EXPECT_EQ(record.cells.size(), records[0].cells.size());
  for (const char* column : {"oracle: pooled dice", "validation: case dice high", "oracle: healthy false positive rate",
                             "auprc", "network calls", "model sha256"})
    EXPECT_THAT(records[0].cells, Contains(column));
  const nlohmann::json json = parse(benchmark_json(result));
  EXPECT_EQ(json["results"].size(), 4u);
  EXPECT_EQ(json["models"][0]["sha256"], load_model(here / "model.safetensors").hash);
  EXPECT_EQ(json["results"][0]["about"]["detector"]["config"]["start_step"], 6);
}

TEST(Benchmark, RefusesThresholdsFromTestImagesAndListsThatAreNotWhatTheyShouldBe) {
  const test::TinyComparison here;
  EXPECT_THROW(run_here(here, with(kBenchmark, "validation: val.csv", "validation: truth.csv")), Error);
  EXPECT_THROW(run_here(here, with(kBenchmark, "validation: val.csv", "calibration: healthy.csv")), Error);
  EXPECT_THROW(run_here(here, with(kBenchmark, "validation: val.csv", "validation: healthy.csv")), Error);
  EXPECT_THROW(run_here(here, with(kBenchmark, "healthy: healthy.csv", "healthy: val.csv")), Error);
  EXPECT_TRUE(std::filesystem::is_empty(here / "out/cells"));
}

TEST(Benchmark, CalibratesOnHealthyImagesOfAnotherList) {
  const test::TinyComparison here;
  here.write("calibration.csv", "image\ni8.png\n");
  here.write("healthy.csv", "image\ni6.png\ni7.png\n");
  const BenchmarkResult result =
      run_here(here, with(kBenchmark, "validation: val.csv", "calibration: calibration.csv"));
  for (const CellResult& cell : result.cells) {
    const auto& thresholds = cell.evaluation.groups.back().thresholds;
    ASSERT_EQ(thresholds.size(), 9u);
    EXPECT_EQ(thresholds[8].label, "calibrated 5 %");
    const MapSet seen = load_map_set(
        here / fmt::format("out/cells/{}__calibration_{}.safetensors", cell.method == 0 ? "thor" : "ddpm", cell.seed));
    EXPECT_LE(seen.maps.gt(thresholds[8].threshold).to(at::kDouble).mean().item<double>(), 0.05);
    EXPECT_GT(seen.maps.ge(thresholds[8].threshold).to(at::kDouble).mean().item<double>(), 0.05);
  }
}

TEST(Benchmark, TitlesThatShareWordsDoNotShareFiles) {
  const test::TinyComparison here;
  std::string text = with(kBenchmark, "name: DDPM, detector: ddpm", "name: THOR squares, detector: ddpm");
  text = with(text, "datasets: [", "datasets: [{name: squares squares, truth: val.csv}, ");
  text = with(text, "validation: val.csv\n", "");
  EXPECT_EQ(run_here(here, text).computed, 2 * 2 * 3);
  EXPECT_EQ(run_here(here, text).computed, 0);
}

TEST(Benchmark, ExaminesNothingBeforeEverySettingIsKnownToBeGood) {
  const test::TinyComparison here;
  EXPECT_THROW(run_here(here, with(kBenchmark, "detector.start_step=6]}\nd", "detector.start_stpe=20]}\nd")), Error);
  EXPECT_THROW(run_here(here, with(kBenchmark, "healthy: healthy.csv", "healthy: nowhere.csv")), Error);
  EXPECT_TRUE(std::filesystem::is_empty(here / "out/cells"));
}

TEST(Benchmark, RefusesConfigsThatNameWhatIsNotThere) {
  const test::TinyComparison here;
  EXPECT_THAT(refused(here, with(kBenchmark, "name: DDPM", "nmae: DDPM")), HasSubstr("did you mean 'name'?"));
  EXPECT_THAT(refused(here, with(kBenchmark, "methods:", "metods:")), HasSubstr("did you mean 'methods'?"));
  EXPECT_THAT(refused(here, with(kBenchmark, "name: DDPM", "name: thor!")), HasSubstr("two items of 'methods'"));
  EXPECT_THAT(refused(here, with(kBenchmark, "name: DDPM", "name: DDPM, model: tyni")),
              HasSubstr("did you mean 'tiny'?"));
  EXPECT_THAT(refused(here, with(kBenchmark, "truth: truth.csv, ", "")), HasSubstr("'squares' has no 'truth'"));
  EXPECT_THAT(refused(here, with(kBenchmark, "seeds: [0, 1]", "seeds: []")), HasSubstr("'seeds' is empty"));
  EXPECT_THAT(refused(here, "title: x"), HasSubstr("'models' is empty or missing"));
}

TEST(Benchmark, PathsStartAtTheConfig) {
  EXPECT_EQ(beside_config("a/b.yaml", "c/d.csv"), "a/c/d.csv");
  EXPECT_EQ(beside_config("a/b.yaml", "../d.csv"), "d.csv");
  EXPECT_EQ(beside_config("a/b.yaml", "/d.csv"), "/d.csv");
  EXPECT_EQ(beside_config("b.yaml", "d.csv"), "d.csv");
  EXPECT_EQ(beside_config("a/b.yaml", ""), "");
}

TEST(Benchmark, TitlesBecomeFileNames) {
  EXPECT_EQ(file_word("THOR (simplex), t0 = 250"), "thor-simplex-t0-250");
  EXPECT_EQ(file_word("../x"), "x");
}

}  // namespace
}  // namespace thor
