// SPDX-License-Identifier: Apache-2.0
// The whole way through the program itself: phantoms, training, detection, evaluation; and a training that dies.
#include <ATen/ATen.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/program.h"
#include "thor/detect/detector.h"
#include "thor/nn/weights/safetensors.h"

namespace thor::test {
namespace {

const char* const kConfig = R"(
model: {channels: [16, 32], attention: [false, true], head_channels: 16, norm_groups: 8}
preprocess: {size: 32}
train: {steps: 250, batch: 8, learning_rate: 0.002, warmup: 10, ema: 0.98, precision: fp32, sample_every: 0,
        validate_every: 0, checkpoint_every: 0}
detector: {name: thor, start_step: 250, harmonize_at: [200, 100, 50], map_every: 50, perceptual: unet}
)";

class System : public testing::Test {
 protected:
  void SetUp() override { write_file(folder_ / "tiny.yaml", kConfig); }
  Outcome run(const std::string& line) { return run_in(folder_.path(), line); }
  void must(const std::string& line) {
    const Outcome outcome = run(line);
    ASSERT_EQ(outcome.code, 0) << line << "\n" << outcome.err;
  }
  TemporaryFolder folder_;
};

double oracle_dice(const std::string& evaluation, const std::string& group) {
  const auto parsed = nlohmann::json::parse(evaluation);
  for (const auto& row : parsed.at("groups"))
    if (row.at("group") == group) return row.at("oracle_dice");
  ADD_FAILURE() << "no group " << group << " in " << evaluation;
  return 0;
}

/// Loss of every step of a run.
std::map<int64_t, double> losses(const std::string& log) {
  std::map<int64_t, double> by_step;
  std::istringstream lines(file_content(log));
  for (std::string line; std::getline(lines, line);) {
    const auto entry = nlohmann::json::parse(line);
    if (!entry.contains("loss")) continue;
    EXPECT_TRUE(by_step.emplace(entry["step"], entry["loss"]).second) << line;
  }
  return by_step;
}

TEST_F(System, FindsLesionsItHasNeverSeen) {
  must(
      "thor synthesize phantom ph --set phantom.size=32 --set phantom.train=48 --set phantom.val=2 --set "
      "phantom.test=12");
  must("thor train tiny.yaml --data ph/train.csv --out run");
  must("thor detect run/model.safetensors ph/test.csv -o maps --batch 12");
  const Outcome found = run("thor evaluate --maps maps --truth ph/test.csv --json");
  ASSERT_EQ(found.code, 0) << found.err;
  // Calling everything a lesion gives 0.13; these 250 steps give 0.30.
  EXPECT_GT(oracle_dice(found.out, "large"), 0.2);
}

TEST_F(System, RestoresInOneCallWhatItsTrainingDidNotPaint) {
  const std::string as_restorer =
      " --set diffusion.process=corruption --set detector.name=restorer --set detector.map.median=1";
  write_file(folder_ / "restorer.yaml", std::string(kConfig).substr(0, std::string(kConfig).find("detector:")));
  must(
      "thor synthesize phantom ph --set phantom.size=32 --set phantom.train=48 --set phantom.val=12 --set "
      "phantom.test=3");
  must("thor synthesize paint ph/val.csv -o painted");
  must("thor train restorer.yaml --data ph/train.csv --out run" + as_restorer);
  must("thor detect run/model.safetensors painted/index.csv -o maps --batch 12");
  const Outcome found = run("thor evaluate --maps maps --truth painted/index.csv --json");
  ASSERT_EQ(found.code, 0) << found.err;
  // A network that changes nothing gives 0.11; these 250 steps give 0.46.
  EXPECT_GT(oracle_dice(found.out, "all"), 0.3);
  // A diffusion detector would answer, and mean nothing.
  const Outcome refused = run("thor detect run/model.safetensors painted/index.csv -o none --detector ddpm");
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("--detector restorer"), std::string::npos) << refused.err;
}

TEST_F(System, DrawsHealthyImagesThatAreDetectedLikeAnyOthers) {
  must(
      "thor synthesize phantom ph --set phantom.size=32 --set phantom.train=8 --set phantom.val=1 --set "
      "phantom.test=1");
  must("thor train tiny.yaml --data ph/train.csv --out run --set train.steps=3 --set detector.sampler.steps=4");
  const Outcome drawn =
      run("thor synthesize sample run/model.safetensors -o drawn --count 2 --set sample.sampler.steps=3");
  ASSERT_EQ(drawn.code, 0) << drawn.err;
  EXPECT_EQ(drawn.out, "drawn/index.csv\n");
  EXPECT_EQ(file_content(folder_ / "drawn/index.csv"), "image\nsample_0000.png\nsample_0001.png\n");
  must("thor detect run/model.safetensors drawn/index.csv -o maps");
}

const char* const kShortDemo =
    " demo out --config tiny.yaml --set train.steps=3 --set phantom.train=8 --set phantom.val=1 --set phantom.test=3"
    " --set detector.sampler.steps=4";

TEST_F(System, ShowsWhatTheModelThatShipsFindsBeforeItTrains) {
  must(
      "thor synthesize phantom ph --set phantom.size=32 --set phantom.train=8 --set phantom.val=20 --set "
      "phantom.test=3");
  must("thor train tiny.yaml --data ph/train.csv --out run --set train.steps=3 --set detector.sampler.steps=4");
  must("thor calibrate run/model.safetensors --data ph/val.csv");
  // Whatever is installed under the name is what the demo shows.
  must("mkdir -p home/models && cp run/model.safetensors home/models/brain-t1-axial.safetensors");
  must("cp -r ph home/models/demo && mv home/models/demo/test.csv home/models/demo/index.csv");
  must("thor" + std::string(kShortDemo));
  const std::string page = file_content(folder_ / "out/index.html");
  const size_t brains = page.find("A trained network on brains"), phantoms = page.find("The whole way on phantoms");
  ASSERT_NE(brains, std::string::npos);
  EXPECT_LT(brains, phantoms);
  EXPECT_NE(page.find("mask, 0.4 % threshold"), std::string::npos);
  EXPECT_NE(page.find("DDPM: map"), std::string::npos);
  EXPECT_EQ(page.find("Under way"), std::string::npos);
}

TEST_F(System, ShowsPhantomsWhereNoModelIsInstalled) {
  must("mkdir -p program/bin && cp \"$THOR\" program/bin/thor");
  const Outcome shown = run("program/bin/thor" + std::string(kShortDemo));
  ASSERT_EQ(shown.code, 0) << shown.err;
  EXPECT_NE(shown.err.find("going on without brains"), std::string::npos) << shown.err;
  const std::string page = file_content(folder_ / "out/index.html");
  EXPECT_EQ(page.find("A trained network on brains"), std::string::npos);
  EXPECT_NE(page.find("The whole way on phantoms"), std::string::npos);
}

TEST_F(System, ResumesAKilledTrainingToTheSameWeightsAndLosses) {
  const std::string train =
      "thor train tiny.yaml --data ph/train.csv --set train.steps=30 --set "
      "train.checkpoint_every=5 --out ";
  must(
      "thor synthesize phantom ph --set phantom.size=32 --set phantom.train=16 --set phantom.val=1 --set "
      "phantom.test=3");
  must(train + "whole");
  // Killed as soon as the first checkpoint is there, that is, somewhere in the steps after it.
  const Outcome killed = run(
      "\"$THOR\"" + train.substr(4) +
      "killed & i=0; while [ ! -e killed/checkpoint.safetensors ] && [ $i -lt 5000 ]; do sleep 0.02; i=$((i+1)); done; "
      "kill -9 $!; wait $!");
  ASSERT_EQ(killed.code, 128 + 9) << killed.err;
  must(train + "killed --resume");

  const auto whole = read_safetensors(folder_ / "whole/model.safetensors").tensors;
  const auto resumed = read_safetensors(folder_ / "killed/model.safetensors").tensors;
  ASSERT_EQ(whole.size(), resumed.size());
  for (const auto& [name, tensor] : whole) EXPECT_TRUE(tensor.equal(resumed.at(name))) << name;
  EXPECT_EQ(losses(folder_ / "whole/log.jsonl").size(), 30u);
  EXPECT_EQ(losses(folder_ / "whole/log.jsonl"), losses(folder_ / "killed/log.jsonl"));
}

TEST_F(System, ResumesATrainingOnPatchesToTheSameWeights) {
  must(
      "thor synthesize phantom ph --set phantom.size=32 --set phantom.train=16 --set phantom.val=3 --set "
      "phantom.test=3");
  const std::string train =
      "thor train tiny.yaml --data ph/train.csv --val ph/val.csv --set train.patch=12 --set train.loss=l1 "
      "--set diffusion.prediction=sample --set diffusion.schedule=cosine --set noise.kind=simplex "
      "--set train.validate_every=5 ";
  must(train + "--out whole --set train.steps=12");
  must(train + "--out halved --set train.steps=7");
  must(train + "--out halved --set train.steps=12 --resume");
  const auto whole = read_safetensors(folder_ / "whole/model.safetensors").tensors;
  const auto resumed = read_safetensors(folder_ / "halved/model.safetensors").tensors;
  for (const auto& [name, tensor] : whole) EXPECT_TRUE(tensor.equal(resumed.at(name))) << name;
}

TEST_F(System, DetectsWithEveryMethodOfTheTable) {
  must(
      "thor synthesize phantom ph --set phantom.size=32 --set phantom.train=8 --set phantom.val=1 --set "
      "phantom.test=1");
  must("thor train tiny.yaml --data ph/train.csv --out run --set train.steps=3");
  for (const DetectorRow& row : detectors()) {
    if (make_detector(row.name, NoiseKind::Gaussian)->undoes() == Process::Corruption)
      continue;                     // see RestoresInOneCall...
    if (row.name == "normative") {  // it needs the brain of the training slices, and a phantom has none
      const Outcome refused = run("thor detect run/model.safetensors ph/test.csv -o normative --detector normative");
      EXPECT_NE(refused.code, 0);
      EXPECT_NE(refused.err.find("'thor pack' with --match-to adds them"), std::string::npos) << refused.err;
      continue;
    }
    must("thor detect run/model.safetensors ph/test.csv -o " + row.name + " --detector " + row.name);
    const Outcome found = run("thor evaluate --maps " + row.name + " --truth ph/test.csv --json");
    EXPECT_EQ(found.code, 0) << row.name << ": " << found.err;
  }
}

}  // namespace
}  // namespace thor::test
