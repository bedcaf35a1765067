// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/ablation.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/unit/eval/tiny_comparison.h"
#include "thor/base/error.h"

namespace thor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const char* const kAblation = R"(
output: out
model: model.safetensors
detector: thor
set: [detector.start_step=20, 'detector.harmonize_at=[10]', detector.perceptual=unet]
truth: truth.csv
batch: 4
evaluation: {resamples: 50}
axes:
  - {key: detector.map_at, values: [[0, 10, 20], [0], [5, 15]]}
  - {key: detector.map.normalize, values: [max, none]}
)";

AblationResult ablate(const test::TinyComparison& here, const std::string& text = kAblation) {
  return run_ablation(load_ablation(here.write("ablation.yaml", text)), test::on_cpu());
}

std::string refused_ablation(const test::TinyComparison& here, const std::string& text) {
  try {
    load_ablation(here.write("refused.yaml", text));
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Ablation, TriesEveryCombinationAndSharesTheNetworkCalls) {
  const test::TinyComparison here;
  const AblationResult result = ablate(here);
  ASSERT_EQ(result.settings.size(), 6u);
  EXPECT_EQ(result.settings[3].name, "map_at [0], normalize none");
  EXPECT_THAT(result.settings[3].values, ElementsAre("[0]", "none"));
  ASSERT_EQ(result.cells.size(), 6u);
  EXPECT_EQ(result.computed, 6 * 2);  // two batches
  EXPECT_DOUBLE_EQ(result.computed_calls[0], 21);
  // The maps alone differ: no setting but the first uses the network.
  for (size_t i = 1; i < 6; ++i) EXPECT_DOUBLE_EQ(result.computed_calls[i], 0) << result.settings[i].name;
  for (const CellResult& cell : result.cells) {
    EXPECT_EQ(cell.network_calls, 21);
    EXPECT_EQ(cell.evaluation.cases.size(), 6u);
  }
  EXPECT_NEAR(result.correlation[0].mean, 1, 1e-9);
  EXPECT_LT(result.correlation[2].mean, 1);
}

TEST(Ablation, GivesTheMapsOfEverySettingAlone) {
  const test::TinyComparison here;
  const AblationResult together = ablate(here);
  const AblationResult alone = ablate(here, R"(
output: alone
model: model.safetensors
detector: thor
set: [detector.start_step=20, 'detector.harmonize_at=[10]', detector.perceptual=unet]
truth: truth.csv
rows: [{name: the third, set: ['detector.map_at=[5, 15]']}]
)");
  EXPECT_EQ(alone.settings[0].name, "the third");
  EXPECT_DOUBLE_EQ(alone.computed_calls[0], 21);
  EXPECT_TRUE(at::equal(maps_of(alone.cells[0]).maps, maps_of(together.cells[4]).maps));
}

TEST(Ablation, ContinuesWhereItWasStoppedAndTakesNewSettingsIn) {
  const test::TinyComparison here;
  const AblationResult first = ablate(here);
  EXPECT_EQ(ablate(here).computed, 0);
  std::filesystem::remove(first.cells[2].maps[1]);
  const AblationResult again = ablate(here);
  EXPECT_EQ(again.computed, 1);
  EXPECT_EQ(again.cells[2].evaluation.to_json(), first.cells[2].evaluation.to_json());
  std::string more = kAblation;
  more.replace(more.find("[max, none]"), 11, "[max, none, max]");  // the third is the first once more
  EXPECT_EQ(ablate(here, more).computed, 0);
  more = kAblation;
  more.replace(more.find("[0], [5, 15]"), 12, "[0], [5, 15], [3]");
  EXPECT_EQ(ablate(here, more).computed, 2 * 2);
}

TEST(Ablation, VariesTheModelToo) {
  const test::TinyComparison here;
  Model other = test::tiny_model();
  other.config.noise.kind = NoiseKind::Simplex;
  save_model(here / "simplex.safetensors", other);
  const AblationResult result = ablate(here, R"(
output: out
detector: ddpm
truth: truth.csv
axes:
  - {key: model, values: [model.safetensors, simplex.safetensors]}
  - {key: detector.start_step, values: [5, 10]}
)");
  ASSERT_EQ(result.cells.size(), 4u);
  EXPECT_EQ(result.settings[2].name, "model simplex, start_step 5");
  EXPECT_NE(parse(result.cells[0].about)["model"]["sha256"], parse(result.cells[2].about)["model"]["sha256"]);
  EXPECT_DOUBLE_EQ(result.computed_calls[2], 6);
}

TEST(Ablation, NamesModelsByWhatTellsThemApart) {
  const AblationAxis models{"model", {}}, other{"detector.kind", {}};
  EXPECT_EQ(value_label(models, {"../runs/thor-brain/model.safetensors"}), "thor-brain");
  EXPECT_EQ(value_label(models, {"runs/simplex.safetensors"}), "simplex");
  EXPECT_EQ(value_label(models, {"model.safetensors"}), "model");
  EXPECT_EQ(value_label(other, {"a/model.safetensors"}), "a/model.safetensors");
}

TEST(Ablation, GoesOnWithoutImagesThatCannotBeRead) {
  const test::TinyComparison here;
  here.write("i2.png", "no picture");
  const AblationResult result = ablate(here);
  ASSERT_EQ(result.unreadable.size(), 1u);
  EXPECT_THAT(result.unreadable[0].reason, HasSubstr("i2.png"));
  EXPECT_EQ(result.cells[0].evaluation.cases.size(), 5u);
}

TEST(Ablation, RefusesConfigsThatSayNothingToVary) {
  const test::TinyComparison here;
  const std::string base = "model: model.safetensors\ntruth: truth.csv\n";
  EXPECT_THAT(refused_ablation(here, base), HasSubstr("either 'axes' or 'rows'"));
  EXPECT_THAT(refused_ablation(here, base + "axes: [{key: a, values: []}]"), HasSubstr("needs a key and values"));
  EXPECT_THAT(refused_ablation(here, base + "axes: [{kye: a}]"), HasSubstr("did you mean 'key'?"));
  EXPECT_THAT(refused_ablation(here, "truth: truth.csv\nrows: [{}]"), HasSubstr("'model' is missing"));
  EXPECT_THROW(ablate(here, base + "axes: [{key: detector.start_stpe, values: [3]}]"), Error);
}

TEST(Ablation, ComparesWithAReferenceAndWithItsOwnOtherSeed) {
  const test::TinyComparison here;
  const AblationResult result = ablate(here, R"(
output: out
model: model.safetensors
detector: ddpm
truth: truth.csv
evaluation: {resamples: 50}
reference:
  - {name: long, set: [detector.start_step=8]}
  - {name: long once more, set: [detector.start_step=8], seed: 1}
axes:
  - key: length
    values: [{name: as the reference, set: [detector.start_step=8]}, {name: short, set: [detector.start_step=4, detector.seeds=2]}]
  - {key: detector.map.power, values: [1, 2]}
)");
  ASSERT_EQ(result.settings.size(), 2u + 4u);
  EXPECT_EQ(result.settings[1].name, "long once more");
  EXPECT_EQ(result.settings[4].name, "length short, power 1");
  EXPECT_THAT(result.settings[4].values, ElementsAre("short", "1"));
  EXPECT_TRUE(at::equal(maps_of(result.cells[2]).maps, maps_of(result.cells[0]).maps));
  EXPECT_EQ(result.cells[4].network_calls, 2 * 5);
  EXPECT_NEAR(result.correlation[2].mean, 1, 1e-9);
  for (const size_t other : {1u, 4u}) {
    EXPECT_LT(result.correlation[other].mean, 1);
    EXPECT_LE(result.correlation[other].low, result.correlation[other].mean);
  }
}

TEST(Ablation, RefusesValuesWithoutAName) {
  const test::TinyComparison here;
  const std::string base = "model: model.safetensors\ntruth: truth.csv\n";
  EXPECT_THAT(refused_ablation(here, base + "axes: [{key: length, values: [{set: [detector.start_step=4]}]}]"),
              HasSubstr("needs a name"));
}

TEST(Ablation, CorrelatesMapsOfTheSameCasesOnly) {
  const EvaluationConfig config;
  MapSet a, b;
  a.names = {"x", "y"};
  a.maps = at::rand({2, 4, 4});
  b.names = {"y", "x"};
  b.maps = at::stack({a.maps[1] * 2 + 1, a.maps[0] * 3});  // each map on its own scale
  EXPECT_NEAR(map_correlation(a, b, config).mean, 1, 1e-6);
  b.names = {"p", "q"};
  EXPECT_TRUE(std::isnan(map_correlation(a, b, config).mean));
  b.names = a.names;
  b.maps = at::rand({2, 8, 8});
  EXPECT_TRUE(std::isnan(map_correlation(a, b, config).mean));
  b.maps = at::zeros({2, 4, 4});
  EXPECT_TRUE(std::isnan(map_correlation(a, b, config).mean));
}

}  // namespace
}  // namespace thor
