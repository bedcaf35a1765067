// SPDX-License-Identifier: Apache-2.0
// Commands that make something of models and lists: pack, combine, curves, diagnose, simulate.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/refusals.h"
#include "tests/program.h"
#include "thor/base/file.h"
#include "thor/image/image.h"
#include "thor/nn/weights/safetensors.h"

namespace thor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const char* const kTwoModels = R"(
model: {channels: [8, 16], attention: [false, true], head_channels: 16, norm_groups: 4}
preprocess: {size: 32}
train: {steps: 3, batch: 2, learning_rate: 0.01, warmup: 0, ema: 0, precision: fp32, sample_every: 0,
        validate_every: 1}
detector: {name: ddpm, start_step: 100, sampler: {steps: 20}}
)";

/// A folder with phantoms and two models that differ in their seed, trained for three steps.
class ModelCommands : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    write_file(*folder_ / "tiny.yaml", kTwoModels);
    must(
        "thor synthesize phantom ph --set phantom.size=32 --set phantom.train=4 --set phantom.val=2 --set "
        "phantom.test=3");
    const std::string train = "thor train tiny.yaml --data ph/train.csv --val ph/val.csv --out ";
    must(train + "one");
    must(train + "two --set train.seed=5");
    must("thor detect one/model.safetensors ph/test.csv -o one-maps");
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static Outcome run(const std::string& line) { return run_in(folder_->path(), line); }
  /// What a line that must go well prints.
  static std::string must(const std::string& line) {
    const Outcome outcome = run(line);
    EXPECT_EQ(outcome.code, 0) << line << "\n" << outcome.err;
    return outcome.out;
  }
  static nlohmann::json json_of(const std::string& line) {
    return nlohmann::json::parse(must(line), nullptr, /*allow_exceptions=*/false);
  }
  static at::Tensor picture(const std::string& path) { return read_image(*folder_ / path).voxels; }
  static std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(*folder_ / folder)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  /// How far the maps of two folders are apart, and the largest value among the first ones, both of a white of 1.
  struct Difference {
    double largest = 0, highest = 0;
  };
  static Difference difference_of_maps(const std::string& a, const std::string& b) {
    Difference difference;
    for (const std::string& name : names_in(a)) {
      if (name.find("_map.png") == std::string::npos) continue;
      const at::Tensor one = picture(a + "/" + name) / 65535, other = picture(b + "/" + name) / 65535;
      difference.largest = std::max(difference.largest, max_abs_diff(one, other));
      difference.highest = std::max(difference.highest, one.max().item<double>());
    }
    return difference;
  }

  static inline TemporaryFolder* folder_ = nullptr;
};

/// Bytes of a safetensors file behind its header.
uint64_t bytes_of_tensors(const std::string& path) {
  const std::string content = file_content(path);
  uint64_t header = 0;
  for (int i = 7; i >= 0; --i) header = header << 8 | static_cast<unsigned char>(content.at(static_cast<size_t>(i)));
  return content.size() - 8 - header;
}

/// What a model file says under a name of its metadata.
nlohmann::json said_in(const std::string& path, const std::string& name) {
  return nlohmann::json::parse(read_safetensors(path).metadata.at(name));
}

TEST_F(ModelCommands, PackHalvesTheWeightsAndHardlyChangesWhatIsFound) {
  const std::string one = *folder_ / "one/model.safetensors", packed = *folder_ / "packed.safetensors";
  EXPECT_EQ(must("thor pack one/model.safetensors -o packed.safetensors"), "packed.safetensors\n");
  EXPECT_EQ(2 * bytes_of_tensors(packed), bytes_of_tensors(one));
  const Safetensors whole = read_safetensors(one);
  for (const auto& [name, tensor] : read_safetensors(packed).tensors)
    EXPECT_TRUE(at::equal(tensor, whole.tensors.at(name).to(at::kBFloat16))) << name;
  EXPECT_EQ(said_in(packed, "thor.training")["packed_from"], sha256_of_file(one));
  EXPECT_EQ(said_in(packed, "thor.detector"), said_in(one, "thor.detector"));

  must("thor detect packed.safetensors ph/test.csv -o packed-maps");
  const Difference difference = difference_of_maps("one-maps", "packed-maps");
  EXPECT_LT(difference.largest, difference.highest / 256);  // 8 bits are what bfloat16 keeps of a weight
  EXPECT_GT(difference.largest, 0);
}

TEST_F(ModelCommands, PackKeepsEveryBitAndChangesTheDetectorWhereItIsTold) {
  must(
      "thor pack one/model.safetensors -o exact.safetensors --store fp32 --detector thor --set detector.start_step=60");
  const Safetensors whole = read_safetensors(*folder_ / "one/model.safetensors");
  for (const auto& [name, tensor] : read_safetensors(*folder_ / "exact.safetensors").tensors)
    EXPECT_TRUE(at::equal(tensor, whole.tensors.at(name))) << name;
  const auto detector = said_in(*folder_ / "exact.safetensors", "thor.detector");
  EXPECT_EQ(detector["name"], "thor");
  EXPECT_EQ(detector["start_step"], 60);
  expect_refusals(folder_->path(), {{"thor pack one/model.safetensors -o x.safetensors --set detector.start_step=5000",
                                     2, "detector.start_step"}});
  EXPECT_FALSE(fs::exists(*folder_ / "x.safetensors"));
}

TEST_F(ModelCommands, CombineMakesAnEnsembleThatNamesItsMembersAndDetects) {
  const std::string members = "thor combine a=one/model.safetensors b=two/model.safetensors ";
  EXPECT_EQ(must(members + "--data ph/val.csv -o both.safetensors"), "both.safetensors\n");
  const auto info = json_of("thor info both.safetensors --json");
  ASSERT_EQ(info["members"].size(), 2u);
  EXPECT_EQ(info["members"]["a"]["training"]["config"]["seed"], 0);
  EXPECT_EQ(info["members"]["b"]["training"]["config"]["seed"], 5);
  EXPECT_EQ(info["members"]["b"]["detector"]["name"], "ddpm");
  EXPECT_EQ(info["members"]["b"]["model"]["kind"], "unet");
  EXPECT_EQ(info["detector"]["name"], "ensemble");
  EXPECT_EQ(info["file"]["networks"], 2);
  EXPECT_FALSE(info.contains("model"));
  EXPECT_EQ(info["training"]["healthy_scans"], 2);
  // Its maps are evidence in units of its own, not residuals as a member alone has them.
  must("thor detect both.safetensors ph/test.csv -o both-maps");
  EXPECT_EQ(names_in("both-maps"), names_in("one-maps"));
  EXPECT_GT(difference_of_maps("both-maps", "one-maps").largest, 0.01);
  expect_refusals(folder_->path(), {{members + "--data ph/test.csv -o y.safetensors", 1, "list healthy scans only"},
                                    {"thor train tiny.yaml --data ph/train.csv -o r --from both.safetensors", 2,
                                     "--from takes one network"}});
  EXPECT_FALSE(fs::exists(*folder_ / "y.safetensors"));
}

TEST_F(ModelCommands, CalibrateMakesTheReferencesOfAnEnsembleAnewForEachFold) {
  must(
      "thor combine a=one/model.safetensors b=two/model.safetensors --data ph/val.csv -o both.safetensors "
      "--set reference.blur=1");
  EXPECT_EQ(json_of("thor info both.safetensors --json")["training"]["reference"]["blur"], 1);
  const std::string calibrate = "thor calibrate both.safetensors --data ph/val.csv --json -o ";
  const auto within = json_of(calibrate + "within.safetensors")["calibration"],
             crossed = json_of(calibrate + "crossed.safetensors --folds 2")["calibration"];
  EXPECT_EQ(crossed["cases"], within["cases"]);
  // What is found in a scan is rarer where its own maps were not among the healthy ones.
  EXPECT_GT(crossed["scores"][1], within["scores"][1]);
  expect_refusals(folder_->path(),
                  {{calibrate + "x.safetensors --folds 3", 2, "3 folds of 2 healthy scans"},
                   {calibrate + "x.safetensors --folds -2", 2, "-2 folds"},
                   {"thor calibrate one/model.safetensors --data ph/val.csv --folds 2", 2, "is one network"},
                   {"thor calibrate both.safetensors --site ph/val.csv --folds 2", 2, "needs --data"}});
  EXPECT_FALSE(fs::exists(*folder_ / "x.safetensors"));
}

/// The last validation loss of a training, as a page shows it.
std::string last_validation_loss(const std::string& log) {
  std::istringstream lines(file_content(log));
  double loss = NAN;
  for (std::string line; std::getline(lines, line);)
    if (const auto entry = nlohmann::json::parse(line); entry.contains("validation_loss"))
      loss = entry["validation_loss"];
  return fmt::format("{:.5f}", loss);
}

TEST_F(ModelCommands, CurvesNamesTheRunsOnAPageAndInAPicture) {
  EXPECT_EQ(must("thor curves one two -o curves.html"), "curves.html\n");
  const std::string page = file_content(*folder_ / "curves.html");
  for (const char* text : {"<td>one</td>", "<td>two</td>", "Validation loss", "<svg"})
    EXPECT_THAT(page, HasSubstr(text));
  for (const char* name : {"one", "two"})
    EXPECT_THAT(page, HasSubstr(last_validation_loss(*folder_ / name + "/log.jsonl"))) << name;
  must("thor curves one two -o curves.svg");
  const std::string picture = file_content(*folder_ / "curves.svg");
  EXPECT_THAT(picture, StartsWith("<svg xmlns="));
  for (const char* text : {">one</text>", ">two</text>", "</svg>"}) EXPECT_THAT(picture, HasSubstr(text));
  EXPECT_THAT(picture, Not(HasSubstr("nan")));
}

TEST_F(ModelCommands, CurvesNamesTheLineOfALogThatIsNone) {
  write_file(*folder_ / "broken.jsonl", "{\"step\":1,\"validation_loss\":0.5}\n{\"step\":2,\n");
  expect_refusals(folder_->path(), {{"thor curves one broken.jsonl -o no.html", 1, "reading line 2 of broken.jsonl"}});
  EXPECT_FALSE(fs::exists(*folder_ / "no.html"));
}

TEST_F(ModelCommands, DiagnoseComparesSeedsAndStartSteps) {
  const std::string line = "thor diagnose one/model.safetensors --data ph/test.csv --seeds 2";
  const auto diagnosis = json_of(line + " --json");
  EXPECT_EQ(diagnosis["images"], 3);
  EXPECT_EQ(diagnosis["seeds"], 2);
  std::vector<std::string> compared;
  for (const auto& figure : diagnosis["figures"]) {
    const std::string what = figure["what"];
    compared.push_back(what);
    EXPECT_GE(figure["compared"], 3) << what;
    const bool correlation = what.rfind("map correlation", 0) == 0;
    for (const char* key : {"mean", "worst"}) {
      ASSERT_TRUE(figure[key].is_number()) << what;  // NaN would be null
      EXPECT_LE(figure[key].get<double>(), 1) << what;
      EXPECT_GE(figure[key].get<double>(), correlation ? -1 : 0) << what;
    }
    // Another seed draws other noise, so the maps are not the same.
    EXPECT_TRUE(!correlation || figure["worst"] < 0.9999) << figure;
  }
  EXPECT_THAT(compared,
              testing::ElementsAre("healthy tissue changed, share", "map correlation between seeds",
                                   "image score between seeds, sd / mean", "map correlation, start 100 and 90",
                                   "map correlation, start 100 and 110"));
  expect_refusals(folder_->path(),
                  {{"thor diagnose one/model.safetensors --data ph/test.csv --seeds 1", 2, "at least 2"}});
}

TEST_F(ModelCommands, SimulateChangesEveryPictureButNeitherItsSizeNorItsMask) {
  EXPECT_EQ(must("thor synthesize simulate ph/test.csv -o noisy --set change.kind=noise --set change.strength=0.05"),
            "noisy/index.csv\n");
  const std::string truth = file_content(*folder_ / "ph/test.csv"), index = file_content(*folder_ / "noisy/index.csv");
  const std::vector<std::string> names = names_in("noisy/images");
  ASSERT_EQ(names.size(), 3u);
  EXPECT_EQ(names_in("noisy/masks"), names);
  EXPECT_EQ(std::count(index.begin(), index.end(), '\n'), std::count(truth.begin(), truth.end(), '\n'));
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    EXPECT_THAT(index, HasSubstr("images/" + name + ",masks/" + name + ","));
    const at::Tensor before = picture("ph/images/" + name) / 255, after = picture("noisy/images/" + name) / 65535;
    ASSERT_EQ(after.sizes(), before.sizes());
    const double change = (after - before).square().mean().sqrt().item<double>();
    EXPECT_GT(change, 0.045);  // 0.05 where the slice is bright, 0.05 times the root of 2 where it is black
    EXPECT_LT(change, 0.075);
    EXPECT_TRUE(at::equal(picture("noisy/masks/" + name) > 0, picture("ph/masks/" + name) > 0));
  }
}

TEST_F(ModelCommands, SimulateMovesMasksWithTheirPicturesAndRefusesUnknownChanges) {
  must("thor synthesize simulate ph/test.csv -o moved --set change.kind=shift --set change.strength=3");
  for (const std::string& name : names_in("moved/masks"))
    EXPECT_FALSE(at::equal(picture("moved/masks/" + name) > 0, picture("ph/masks/" + name) > 0)) << name;
  expect_refusals(folder_->path(),
                  {{"thor synthesize simulate ph/test.csv -o q --set change.kind=blur", 2, "'change.kind' is 'blur'"}});
  EXPECT_FALSE(fs::exists(*folder_ / "q"));
}

}  // namespace
}  // namespace thor::test
