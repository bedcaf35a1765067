// SPDX-License-Identifier: Apache-2.0
// Command lines, what they must answer and with which exit code.
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/hostile_files.h"
#include "tests/cli/refusals.h"
#include "tests/program.h"
#include "thor/image/image.h"

namespace thor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

const char* const kConfig = R"(
model: {channels: [8, 16], attention: [false, true], head_channels: 16, norm_groups: 4}
preprocess: {size: 32}
train: {steps: 3, batch: 2, warmup: 0, precision: fp32, sample_every: 0, validate_every: 0}
detector: {name: ddpm, start_step: 6}
)";

/// A folder with phantoms, a model that was trained for three steps, and damaged files of every kind.
class Cli : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    write_file(*folder_ / "tiny.yaml", kConfig);
    const Outcome made =
        run("thor synthesize phantom ph --set phantom.size=32 --set phantom.train=4 --set phantom.val=2 "
            "--set phantom.test=3 && \"$THOR\" train tiny.yaml --data ph/train.csv --out run");
    ASSERT_EQ(made.code, 0) << made.err;
    first_image_ = first_file(*folder_ / "ph/images");
    write_damaged_images();
    write_damaged_models();
    write_lists_and_configs();
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static Outcome run(const std::string& line) { return run_in(folder_->path(), line); }

  static std::string first_file(const std::string& folder) {
    std::string first;
    for (const auto& entry : fs::directory_iterator(folder))
      if (first.empty() || entry.path().string() < first) first = entry.path().string();
    return first;
  }

  static void write_damaged_images() {
    fs::create_directory(*folder_ / "bad");
    const std::string good = file_content(first_image_);
    write_file(*folder_ / "bad/empty.png", "");
    write_file(*folder_ / "bad/text.png", "this is not a picture");
    write_file(*folder_ / "bad/cut.png", good.substr(0, good.size() / 2));
    write_file(*folder_ / "bad/huge.png", png_header(20000));
    at::Tensor voxels = at::rand({32, 32});
    voxels[3][4] = std::nan("");
    write_nifti(*folder_ / "bad/nan.nii", voxels, {});
    fs::create_directory(*folder_ / "odd");
    write_png(*folder_ / "odd/constant.png", at::full({32, 32}, 0.5), 8);
    write_png(*folder_ / "odd/one.png", at::full({1, 1}, 0.5), 8);
    write_png_rgb(*folder_ / "odd/colour.png", at::rand({3, 40, 30}));
    fs::create_directory(*folder_ / "mixed");
    fs::copy_file(first_image_, *folder_ / "mixed/a good one.png");
    fs::copy_file(first_image_, *folder_ / "mixed/größe.png");
    write_file(*folder_ / "mixed/cut.png", good.substr(0, good.size() / 2));
  }

  static void write_damaged_models() {
    const std::string model = file_content(*folder_ / "run/model.safetensors");
    write_file(*folder_ / "cut.safetensors", model.substr(0, model.size() / 2));
    write_file(*folder_ / "empty.safetensors", "");
    write_file(*folder_ / "noise.safetensors", std::string(1000, 'x'));
    write_file(*folder_ / "hugeheader.safetensors", little_endian(uint64_t{1} << 60) + "{}");
    write_file(*folder_ / "overlap.safetensors",
               safetensors_bytes(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                                 R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                                 12));
    write_file(*folder_ / "offsets.safetensors",
               safetensors_bytes(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9000000000]}})", 8));
    write_file(*folder_ / "dtype.safetensors",
               safetensors_bytes(R"({"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}})", 8));
    write_file(*folder_ / "foreign.safetensors",
               safetensors_bytes(R"({"encoder.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8));
    write_file(*folder_ / "evil.pt", evil_pickle());
  }

  static void write_lists_and_configs() {
    const std::string image = "ph/images/" + fs::path(first_image_).filename().string();
    write_file(*folder_ / "column.csv", "picture,mask\n" + image + ",\n");
    write_file(*folder_ / "missing.csv", "image\n" + image + "\nnowhere.png\n");
    write_file(*folder_ / "twice.csv", "image\n" + image + "\n" + image + "\n");
    write_file(*folder_ / "norows.csv", "image\n");
    write_file(*folder_ / "windows.csv",
               "\xef\xbb\xbfimage,group\r\n\"mixed/a good one.png\",x\r\nmixed/größe.png,y\r\n");
    write_file(*folder_ / "badimage.csv", "image\nbad/cut.png\n");
    write_file(*folder_ / "key.yaml", "train: {bacth: 3}\n");
    write_file(*folder_ / "type.yaml", "train: {batch: many}\n");
    write_file(*folder_ / "range.yaml", "train: {batch: -1}\n");
    write_file(*folder_ / "syntax.yaml", "train: {batch: [\n");
    write_file(*folder_ / "list.yaml", "- 1\n- 2\n");
  }

  static void expect_refusals(const std::vector<Refusal>& refusals) {
    test::expect_refusals(folder_->path(), refusals);
  }

  static inline TemporaryFolder* folder_ = nullptr;
  static inline std::string first_image_;
};

TEST_F(Cli, AnswersQuestionsAboutItself) {
  EXPECT_EQ(run("thor").code, 2);
  EXPECT_EQ(run("thor --help").code, 0);
  EXPECT_THAT(run("thor --help").out, HasSubstr("detect"));
  EXPECT_THAT(run("thor --version").out, StartsWith("thor "));
  const Outcome help = run("thor detect --help");
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("examples:"));
  EXPECT_EQ(help.err, "");
}

TEST_F(Cli, RefusesBadCommandLines) {
  expect_refusals({
      {"thor detetc", 2, "did you mean 'detect'"},
      {"thor --hepl", 2, "did you mean '--help'"},
      {"thor detect --seedd 3", 2, "did you mean '--seed'"},
      {"thor train tiny.yaml --data ph/train.csv", 2, "--out"},
      {"thor detect run/model.safetensors ph/images", 2, "--out"},
      {"thor detect run/model.safetensors ph/images -o maps --seed three", 2, "whole number"},
      {"thor detect run/model.safetensors ph/images -o maps --batch 0", 2, "batch"},
      {"thor detect run/model.safetensors ph/images -o maps --detector ddmp", 2, "did you mean 'ddpm'"},
      {"thor detect run/model.safetensors ph/images -o maps --precision fp16", 2, "expected one of: fp32, bf16"},
      {"thor detect run/model.safetensors ph/images -o maps --device gpu", 2, "device"},
      {"thor detect run/model.safetensors ph/images -o maps --speed fasst", 2, "is 'fasst', expected full, fast"},
      {"thor detect run/model.safetensors ph/images -o maps --speed 10", 2, "expected a number and ms, s or m"},
      {"thor detect run/model.safetensors ph/images -o maps --speed 10s --set detector.speed=full", 2,
       "give one of them"},
      {"thor calibrate run/model.safetensors --data ph/val.csv --speed 10s", 2, "expected a name, full or fast"},
      {"thor info run/model.safetensors twice", 2, "does not expect 'twice'"},
      {"thor detect run/model.safetensors ph/images -o maps --member a", 2, "not an ensemble"},
      {"thor prepare ph/images -o x.safetensors --pictures ph/images", 2, "a folder of its own"},
      {"thor import run/model.safetensors --as lpips -o x", 2, "expected one of"},
      {"thor import run/model.safetensors --as lpips-alex --store bf16 -o x", 2, "belong to --as unet"},
  });
}

TEST_F(Cli, RefusesBadConfigs) {
  expect_refusals({
      {"thor train nowhere.yaml --data ph/train.csv -o r", 1, "nowhere.yaml"},
      {"thor train key.yaml --data ph/train.csv -o r", 2,
       "unknown config key 'train.bacth'; did you mean 'train.batch'"},
      {"thor train type.yaml --data ph/train.csv -o r", 2, "'train.batch' is 'many', expected a whole number"},
      {"thor train range.yaml --data ph/train.csv -o r", 2, "outside its range"},
      {"thor train syntax.yaml --data ph/train.csv -o r", 2, "syntax.yaml"},
      {"thor train list.yaml --data ph/train.csv -o r", 2, "mapping"},
      {"thor train tiny.yaml --data ph/train.csv -o r --set train.batch", 2, "key=value"},
      {"thor train tiny.yaml --data ph/train.csv -o r --set batch=3", 2, "did you mean 'train.batch'"},
      {"thor train tiny.yaml --data ph/train.csv -o r --set model.channels=[8,17]", 2, "norm_groups"},
      {"thor train tiny.yaml --data ph/train.csv -o r --set model.kind=unet3", 2, "did you mean 'unet'"},
      {"thor train tiny.yaml --data ph/train.csv -o r --set model.slices=3", 2, "unknown config key 'model.slices'"},
      {"thor train tiny.yaml --data ph/train.csv -o r --set model.kind=unet25d", 2, "sees 3 neighbouring slices"},
      {"thor detect run/model.safetensors ph/images -o m --set start_step=3", 2, "detector.start_step"},
      {"thor detect run/model.safetensors ph/images -o m --set detector.start_stp=3", 2, "detector.start_step"},
      {"thor detect run/model.safetensors ph/images -o m --set detector.start_step=5000", 2, "start_step"},
      {"thor detect run/model.safetensors ph/images -o m --set detector.name=thor", 2, "--detector"},
      {"thor synthesize phantom p --set phantom.sise=3", 2, "did you mean 'phantom.size'"},
      {"thor synthesize paint ph/train.csv -o p --set paint.groups=[tiny]", 2, "small, medium, large"},
      {"thor synthesize paint ph/test.csv -o p", 1, "list healthy scans only"},
      {"thor synthesize sample run/model.safetensors -o s --count 0", 2, "expected 1 or more"},
      {"thor synthesize sample run/model.safetensors -o s --set sample.start_step=400", 2, "--start-image"},
      {"thor synthesize sample run/model.safetensors -o s --set sample.sampler.kind=dimm", 2, "ddim"},
      {"thor detect run/model.safetensors ph/images -o m --detector restorer", 2, "undoes corruption"},
      {"thor train tiny.yaml --data ph/train.csv -o r --set diffusion.process=corruption", 2, "--detector restorer"},
  });
  EXPECT_FALSE(fs::exists(*folder_ / "r"));
  EXPECT_FALSE(fs::exists(*folder_ / "m"));
}

TEST_F(Cli, RefusesBadLists) {
  expect_refusals({
      {"thor train tiny.yaml --data nowhere.csv -o r", 1, "nowhere.csv"},
      {"thor train tiny.yaml --data column.csv -o r", 1, "columns found: picture, mask"},
      {"thor train tiny.yaml --data missing.csv -o r", 1, "nowhere.png"},
      {"thor train tiny.yaml --data twice.csv -o r", 1, "listed twice, on lines 2 and 3"},
      {"thor prepare norows.csv -o r.safetensors", 1, "no rows"},
      {"thor prepare badimage.csv -o r.safetensors", 1, "cut.png"},
      {"thor detect run/model.safetensors missing.csv -o m", 1, "nowhere.png"},
      {"thor detect run/model.safetensors nowhere -o m", 1, "nowhere"},
      {"thor evaluate --maps nowhere --truth ph/test.csv", 1, "nowhere"},
      {"thor evaluate --maps nowhere --truth ph/test.csv --threshold validation", 2, "LABEL=VALUE"},
      {"thor evaluate --maps nowhere --truth ph/test.csv --set evaluation.size_edge=[1]", 2, "size_edges"},
      {"thor evaluate --maps ph/images --truth windows.csv", 1, "holds no maps"},
  });
  EXPECT_FALSE(fs::exists(*folder_ / "r.safetensors"));
}

TEST_F(Cli, RefusesDamagedModels) {
  expect_refusals({
      {"thor info nowhere.safetensors", 1, "nowhere.safetensors"},
      {"thor info empty.safetensors", 1, "empty.safetensors"},
      {"thor info cut.safetensors", 1, "cut.safetensors"},
      {"thor info noise.safetensors", 1, "noise.safetensors"},
      {"thor info hugeheader.safetensors", 1, "hugeheader.safetensors"},
      {"thor info overlap.safetensors", 1, "overlap"},
      {"thor info offsets.safetensors", 1, "offsets.safetensors"},
      {"thor info dtype.safetensors", 1, "F99"},
      {"thor info foreign.safetensors", 1, "thor import"},
      {"thor detect evil.pt ph/images -o m", 1, "evil.pt"},
      {"thor import foreign.safetensors -o x.safetensors", 1, "encoder.weight"},
      {"thor import foreign.safetensors --as lpips-squeeze", 1, "foreign.safetensors"},
      {"thor import evil.pt -o x.safetensors", 1, "os.system"},
      {"thor import run/model.safetensors --set model.channels=[8,32] -o x.safetensors", 1, "file ["},
      {"thor import run/model.safetensors", 2, "--out"},
  });
  EXPECT_FALSE(fs::exists(*folder_ / "pwned"));
  EXPECT_FALSE(fs::exists(*folder_ / "x.safetensors"));
}

TEST_F(Cli, RefusesImagesWithNothingToSee) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"bad/empty.png", "empty"}, {"bad/text.png", "text.png"}, {"bad/cut.png", "cut.png"},
      {"bad/huge.png", "20000"},  {"bad/nan.nii", "NaN"},       {"odd/constant.png", "everywhere"},
      {"odd/one.png", "1 x 1"}};
  for (const auto& [file, message] : rows) {
    SCOPED_TRACE(file);
    const Outcome outcome = run("thor detect run/model.safetensors -o m " + file);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr(file));
    EXPECT_THAT(outcome.err, HasSubstr(message));
  }
}

TEST_F(Cli, ConvertsColourWithANote) {
  const Outcome outcome = run("thor detect run/model.safetensors odd/colour.png -o odd-maps");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("luminance"));
  EXPECT_TRUE(fs::exists(*folder_ / "odd-maps/colour_map.png"));
  EXPECT_TRUE(fs::exists(*folder_ / "odd-maps/colour.json"));
}

TEST_F(Cli, FinishesTheRestWhenOneImageIsBad) {
  const Outcome outcome = run("thor detect run/model.safetensors mixed -o mixed-maps --json");
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("1 of 3 inputs failed"));
  const auto result = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(result["cases"].size(), 2u);
  ASSERT_EQ(result["failed"].size(), 1u);
  EXPECT_THAT(result["failed"][0]["input"].get<std::string>(), HasSubstr("cut.png"));
  for (const auto& done : result["cases"]) EXPECT_TRUE(fs::exists(*folder_ / done["map"].get<std::string>()));
}

TEST_F(Cli, ReadsListsFromWindowsWithUmlautsAndSpaces) {
  const Outcome outcome = run("thor detect run/model.safetensors windows.csv -o 'maps of größe'");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(fs::exists(*folder_ / "maps of größe/größe_map.png"));
}

TEST_F(Cli, LeavesReadOnlyFoldersWithAnError) {
  expect_refusals({
      {"thor synthesize phantom /proc/thor", 1, "/proc/thor"},
      {"thor detect run/model.safetensors ph/images -o /proc/thor", 1, "/proc/thor"},
      {"thor detect run/model.safetensors ph/images -o tiny.yaml", 1, "tiny.yaml"},
      {"thor train tiny.yaml --data ph/train.csv --out /proc/thor", 1, "/proc/thor"},
      {"thor prepare ph/train.csv -o /proc/thor.safetensors", 1, "/proc/thor.safetensors"},
      {"thor import run/model.safetensors -o /proc/thor.safetensors", 1, "/proc/thor.safetensors"},
      {"thor info run/model.safetensors > /dev/full", 1, "standard output"},
  });
}

TEST_F(Cli, ComparesMapsWithTruth) {
  ASSERT_EQ(run("thor detect run/model.safetensors ph/test.csv -o maps").code, 0);
  const Outcome outcome = run("thor evaluate --maps maps --truth ph/test.csv --json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_FALSE(nlohmann::json::parse(outcome.out).empty());
  EXPECT_THAT(run("thor evaluate --maps maps --truth ph/test.csv").out, HasSubstr("small"));
}

TEST_F(Cli, ComparesMethodsAndSettingsInOneCommandEach) {
  write_file(*folder_ / "compare.yaml",
             "models: [{name: tiny, file: run/model.safetensors}]\n"
             "methods: [{name: short, detector: ddpm, set: [detector.start_step=3]}, {name: long, detector: ddpm}]\n"
             "datasets: [{name: phantoms, truth: ph/test.csv}]\n");
  write_file(*folder_ / "ablate.yaml",
             "model: run/model.safetensors\ndetector: ddpm\ntruth: ph/test.csv\n"
             "axes: [{key: detector.map.power, values: [1, 2]}]\n");
  for (const std::string line : {"thor benchmark compare.yaml -o compared", "thor ablate ablate.yaml -o ablated"}) {
    const Outcome outcome = run(line);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("/index.html"));
  }
  for (const char* file : {"compared/index.html", "compared/results.csv", "ablated/results.json"})
    EXPECT_TRUE(fs::exists(*folder_ / file)) << file;
  write_file(*folder_ / "misspelt.yaml", "methds: []\n");
  expect_refusals({{"thor benchmark misspelt.yaml", 2, "did you mean 'methods'?"},
                   {"thor ablate misspelt.yaml", 2, "unknown config key"},
                   {"thor benchmark nowhere.yaml", 1, "nowhere.yaml"},
                   {"thor ablate ablate.yaml -o /proc/thor", 1, "/proc/thor"}});
}

TEST_F(Cli, LeavesFinishedSetsOfMapsWhenABenchmarkIsStopped) {
  write_file(*folder_ / "long.yaml",
             "models: [{name: tiny, file: run/model.safetensors}]\n"
             "methods: [{name: short, detector: ddpm}, {name: long, detector: ddpm, set: [detector.start_step=999]}]\n"
             "datasets: [{name: phantoms, truth: ph/test.csv}]\n");
  const Outcome outcome = run(
      "\"$THOR\" benchmark long.yaml -o stopped-benchmark & while kill -0 $! && ! ls stopped-benchmark/cells/short*; "
      "do sleep 0.1; done; sleep 0.3; kill -INT $!; wait $!");
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  size_t cells = 0;
  for (const auto& entry : fs::directory_iterator(*folder_ / "stopped-benchmark/cells")) {
    EXPECT_EQ(entry.path().filename(), "short_phantoms_0.safetensors");
    ++cells;
  }
  EXPECT_EQ(cells, 1u);
}

TEST_F(Cli, ImportsWhatItExports) {
  const Outcome outcome = run("thor import run/model.safetensors -o again.safetensors --set model.norm_groups=4");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("assumed"));
  EXPECT_THAT(outcome.err, testing::Not(HasSubstr("model.norm_groups=")));
  const auto info = nlohmann::json::parse(run("thor info again.safetensors --json").out);
  EXPECT_EQ(info["model"]["channels"], (std::vector<int>{8, 16}));
  EXPECT_EQ(info["training"]["imported_from"], "model.safetensors");
}

TEST_F(Cli, TrainsFromAPreparedArchive) {
  ASSERT_EQ(run("thor prepare ph/train.csv -o train.safetensors --config tiny.yaml").code, 0);
  EXPECT_EQ(run("thor train tiny.yaml --data train.safetensors --out run2").code, 0);
  EXPECT_EQ(file_content(*folder_ / "run/model.safetensors").size() > 1000, true);
}

TEST_F(Cli, GivesAModelTheChainOfAnExperiment) {
  const Outcome outcome =
      run("thor import run/model.safetensors -o chained.safetensors --config tiny.yaml "
          "--set 'preprocess.steps=[{step: reorient, to: RPS}]'");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const auto info = nlohmann::json::parse(run("thor info chained.safetensors --json").out);
  EXPECT_EQ(info["preprocess"]["steps"][0], "{step: reorient, to: RPS}");
  EXPECT_FALSE(info["training"].contains("imported_from"));
}

TEST_F(Cli, WillNotTrainOverARun) {
  expect_refusals({
      {"thor train tiny.yaml --data ph/train.csv --out run", 2, "--resume"},
      {"thor train tiny.yaml --data ph/train.csv --out fresh --resume", 2, "nothing to resume"},
      {"thor train tiny.yaml --data ph/train.csv --out run --resume --set train.learning_rate=0.5", 2, "learning_rate"},
  });
}

TEST_F(Cli, LeavesACheckpointOnCtrlC) {
  const Outcome outcome =
      run("\"$THOR\" train tiny.yaml --data ph/train.csv --out stopped --set train.steps=1000000 & "
          "while kill -0 $! && [ ! -s stopped/log.jsonl ]; do sleep 0.1; done; sleep 0.5; kill -INT $!; wait $!");
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  EXPECT_TRUE(fs::exists(*folder_ / "stopped/checkpoint.safetensors"));
  EXPECT_EQ(run("thor info stopped/model.safetensors").code, 0);
}

TEST_F(Cli, LeavesWholeFilesWhenDetectionIsStopped) {
  const Outcome outcome = run(
      "\"$THOR\" detect run/model.safetensors ph/images -o partly --batch 1 --set "
      "detector.start_step=900 & while kill -0 $! && ! ls partly/*.json; do sleep 0.1; done; kill -INT $!; wait $!");
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  for (const auto& entry : fs::directory_iterator(*folder_ / "partly")) {
    const std::string name = entry.path().filename().string();
    EXPECT_GT(fs::file_size(entry), 0u) << name;
    if (entry.path().extension() == ".json") {
      EXPECT_NO_THROW(nlohmann::json::parse(file_content(entry.path()))) << name;
    }
    EXPECT_EQ(name.find("tmp"), std::string::npos) << name;
  }
}

TEST_F(Cli, ExaminesItsInstallation) {
  const Outcome outcome = run("thor doctor --json");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const auto report = nlohmann::json::parse(outcome.out);
  for (const auto& check : report["checks"]) EXPECT_TRUE(check["ok"].get<bool>()) << check;
}

}  // namespace
}  // namespace thor::test
