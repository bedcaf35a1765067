// SPDX-License-Identifier: Apache-2.0
#include "thor/results/detect_files.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_model.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/data/case_list.h"
#include "thor/image/image.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

using test::on_cpu;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A folder of pictures in, a folder out.
class DetectFiles : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directory(in); }
  void picture(const std::string& name, int64_t height = 20, int64_t width = 31, double phase = 0) {
    write_png(in + "/" + name,
              0.5 + 0.5 * at::sin(at::arange(height * width, at::kFloat) * 0.05 + phase).view({height, width}), 8);
  }
  void broken(const std::string& name) { std::ofstream(in + "/" + name) << "this is no picture"; }
  FolderResult detect(const RunConfig& run = on_cpu()) { return detect({in}, run); }
  FolderResult detect(const std::vector<std::string>& inputs, const RunConfig& run = on_cpu()) {
    const Pipeline pipeline(test::tiny_model(intensity), std::make_unique<test::ThreeStepDetector>(), run);
    DetectOptions options;
    options.inputs = inputs;
    options.output = out;
    options.detector_name = "three";
    options.detector_config = JsonText(R"({"start_step":300})");
    return detect_files(pipeline, options, run);
  }
  nlohmann::json sidecar(const std::string& name) {
    return nlohmann::json::parse(read_text_file(out + "/" + name + ".json", 1 << 20));
  }
  std::vector<std::string> files_out() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(out)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  test::TemporaryFolder folder;
  std::string in = folder / "in", out = folder / "out";
  Intensity intensity = Intensity::FullRange;
};

TEST_F(DetectFiles, WritesEveryResultOnThePicturesOwnGrid) {
  picture("a scan.png");
  const FolderResult result = detect(on_cpu(3));
  ASSERT_EQ(result.done.size(), 1u);
  EXPECT_EQ(result.done[0].map_path, out + "/a scan_map.png");
  EXPECT_THAT(files_out(),
              ElementsAre("a scan.json", "a scan_map.png", "a scan_overlay.png", "a scan_pseudo_healthy.png"));
  for (const char* kind : {"_map", "_pseudo_healthy"})
    EXPECT_EQ(read_image(out + "/a scan" + kind + ".png").voxels.sizes(), at::IntArrayRef({1, 20, 31}));
  EXPECT_GT(read_image(result.done[0].map_path).voxels.max().item<float>(), 0);
}

TEST_F(DetectFiles, TheSidecarSaysHowTheMapCameAbout) {
  picture("a.png");
  const FolderResult result = detect(on_cpu(3));
  const nlohmann::json about = sidecar("a");
  EXPECT_EQ(about.at("input"), in + "/a.png");
  EXPECT_EQ(about.at("score"), result.done.at(0).score);
  EXPECT_EQ(about.at("map"), "a_map.png");
  EXPECT_GE(about.at("map_full_scale").get<double>(), 1.0);
  EXPECT_EQ(about.at("detector").at("name"), "three");
  EXPECT_EQ(about.at("detector").at("config").at("start_step"), 300);
  EXPECT_EQ(about.at("perceptual"), "unet");
  EXPECT_EQ(about.at("seed"), 3);
  EXPECT_EQ(about.at("model").at("sha256"), "0123");
  EXPECT_EQ(about.at("network_size"), 16);
  EXPECT_EQ(about.at("device"), "cpu");
  EXPECT_EQ(about.at("preprocess").at("intensity"), "full_range");
  EXPECT_THAT(about.at("note").get<std::string>(), HasSubstr("not a medical device"));
}

TEST_F(DetectFiles, ABadImageIsListedAndTheRestGoesOn) {
  picture("a.png");
  broken("b.png");
  picture("c.png", 20, 31, 1);
  std::ofstream(in + "/empty.png");
  std::ofstream(in + "/notes.txt") << "not looked at";
  const FolderResult result = detect(on_cpu(0, 1));
  ASSERT_EQ(result.done.size(), 2u);
  EXPECT_EQ(result.done[1].name, "c");
  ASSERT_EQ(result.failed.size(), 2u);
  EXPECT_EQ(result.failed[0].input, in + "/b.png");
  EXPECT_THAT(result.failed[0].message, HasSubstr("b.png"));
  EXPECT_THAT(result.failed[1].message, HasSubstr("empty"));
  EXPECT_FALSE(fs::exists(out + "/b.json"));
}

TEST_F(DetectFiles, GivesTheSameMapWhateverTheFileIsCalledAndTheBatchIs) {
  picture("a.png");
  picture("b.png", 24, 24, 2);
  picture("c.png", 18, 40, 3);
  const FolderResult together = detect(on_cpu(0, 3));
  fs::rename(in + "/b.png", in + "/z.png");
  const Tensor before = read_image(out + "/b_map.png").voxels;
  const FolderResult alone = detect(on_cpu(0, 1));
  EXPECT_NEAR(alone.done.at(2).score, together.done.at(1).score, 1e-6);
  EXPECT_LE(test::max_abs_diff(read_image(out + "/z_map.png").voxels, before), 1.0);
}

TEST_F(DetectFiles, NiftiKeepsItsGeometryAndItsUnits) {
  intensity = Intensity::Percentile;
  Geometry geometry;
  geometry.ras_from_voxel.rows = {0, -2, 0, 10, 0.5, 0, 0, -20, 0, 0, 3, 30.5};
  const Tensor voxels = 1000 + 500 * at::sin(at::arange(20 * 31, at::kFloat) * 0.05).view({20, 31});
  write_nifti(in + "/t1.nii.gz", voxels, geometry);
  const FolderResult result = detect();
  ASSERT_EQ(result.done.size(), 1u) << (result.failed.empty() ? "" : result.failed[0].message);
  EXPECT_EQ(result.done[0].map_path, out + "/t1_map.nii.gz");
  for (const char* kind : {"_map", "_pseudo_healthy"}) {
    const Image image = read_image(out + "/t1" + kind + ".nii.gz");
    EXPECT_EQ(image.voxels.sizes(), at::IntArrayRef({1, 20, 31}));
    EXPECT_EQ(image.geometry.ras_from_voxel, geometry.ras_from_voxel) << kind;
  }
  EXPECT_GT(read_image(out + "/t1_pseudo_healthy.nii.gz").voxels.max().item<float>(), 50);
}

TEST_F(DetectFiles, OverwritesOldResultsAndLeavesNothingElseBehind) {
  picture("a.png");
  detect(on_cpu(1));
  const double first = sidecar("a").at("score");
  detect(on_cpu(2));
  EXPECT_NE(sidecar("a").at("score").get<double>(), first);
  EXPECT_EQ(files_out().size(), 4u);
}

TEST_F(DetectFiles, AnOutputFolderThatCannotBeOneStopsTheRun) {
  picture("a.png");
  for (const std::string& impossible : {in + "/a.png", std::string("/proc/thor")}) {
    out = impossible;
    EXPECT_THROW(detect(), Error) << impossible;
  }
}

TEST_F(DetectFiles, AnOutputThatCannotBeWrittenStopsTheRunWithoutASidecar) {
  picture("a.png");
  fs::create_directories(out + "/a_overlay.png/in the way");
  EXPECT_THROW(detect(), Error);
  EXPECT_FALSE(fs::exists(out + "/a.json"));
  for (const std::string& name : files_out()) EXPECT_EQ(name.find(".tmp"), std::string::npos) << name;
}

TEST_F(DetectFiles, NeverWritesOverItsInputs) {
  picture("a.png");
  out = in;
  EXPECT_THROW(detect(), Error);
  picture("a_map.png");
  EXPECT_THROW(detect({in + "/a.png", in + "/a_map.png"}), Error);
}

TEST_F(DetectFiles, CountsItsProgressInNetworkCalls) {
  picture("a.png");
  picture("b.png", 20, 20);
  broken("c.png");
  ProgressState last;
  RunContext context({}, [&](const ProgressState& state) { last = state; });
  const RunScope scope(&context);
  detect();
  EXPECT_EQ(last.total, 9);
  EXPECT_EQ(last.done, 9);
  EXPECT_TRUE(last.finished);
}

TEST_F(DetectFiles, CountsItsProgressInImagesWhereThereIsNoNetwork) {
  picture("a.png");
  picture("b.png", 20, 20);
  broken("c.png");
  ProgressState last;
  RunContext context({}, [&](const ProgressState& state) { last = state; });
  DetectOptions options;
  options.inputs = {in};
  options.output = out;
  const Pipeline pipeline(test::tiny_model(), make_detector("threshold", NoiseKind::Gaussian), on_cpu());
  RunConfig run = on_cpu();
  run.context = &context;
  EXPECT_EQ(detect_files(pipeline, options, run).done.size(), 2u);
  EXPECT_EQ(last.total, 3);
  EXPECT_EQ(last.done, 3);
}

TEST_F(DetectFiles, ListsFoldersInOrderAndNamesCasesApart) {
  fs::create_directories(folder / "other");
  picture("b.png");
  picture("a.PNG");
  fs::copy_file(in + "/b.png", in + "/b.nii.gz");
  fs::copy_file(in + "/b.png", folder / "other/b.png");
  std::ofstream(in + "/._b.png") << "a Mac's shadow file";
  std::vector<std::string> names;
  for (const CaseInput& one : list_cases({in, folder / "other", in + "/b.png"})) names.push_back(one.name);
  EXPECT_THAT(names, ElementsAre("a", "in_b", "in_b_2", "other_b"));
}

TEST_F(DetectFiles, TakesTheImagesOfASplit) {
  picture("b.png");
  picture("a.png", 20, 20);
  write_text_atomically(folder / "split.csv", "image\nin/b.png\nin/a.png\n");
  const FolderResult result = detect({folder / "split.csv"});
  ASSERT_EQ(result.done.size(), 2u);
  EXPECT_EQ(result.done[0].name, "b");
}

TEST_F(DetectFiles, RefusesInputsThatAreNotThere) {
  EXPECT_THROW(list_cases({}), Error);
  EXPECT_THROW(list_cases({folder / "absent.png"}), Error);
  EXPECT_THROW(list_cases({in}), Error);
}

TEST_F(DetectFiles, StopsCleanlyOnRequestAndKeepsWhatIsFinished) {
  for (const char* name : {"a.png", "b.png", "c.png"}) picture(name);
  std::string said;
  RunContext* job = nullptr;
  RunContext context([&](LogLevel, const std::string& text) { said += text; },
                     [&](const ProgressState& state) {
                       if (state.done >= 4) job->request_stop();
                     });
  job = &context;
  RunConfig run = on_cpu(0, 1);
  run.context = &context;
  DetectOptions options;
  options.inputs = {in};
  options.output = out;
  EXPECT_EQ(detect_files(test::tiny_pipeline(run), options, run).done.size(), 1u);
  EXPECT_TRUE(fs::exists(out + "/a.json"));
  EXPECT_FALSE(fs::exists(out + "/b.json"));
  EXPECT_THAT(said, HasSubstr("stopped on request: 1 of 3"));
  // The request ended with its job: another one goes on.
  EXPECT_EQ(detect_files(test::tiny_pipeline(), options, on_cpu(0, 1)).done.size(), 3u);
}

TEST(DetectFilesDeathTest, AFullDiskIsAnInputErrorThatLeavesNoHalfFile) {
  // In a process of its own, whose files may not grow: what a write sees is what a full disk shows it.
  const auto run = [] {
    const test::TemporaryFolder folder;
    fs::create_directory(folder / "in");
    write_png(folder / "in/a.png", at::rand({64, 64}), 8);
    const Pipeline pipeline = test::tiny_pipeline();
    DetectOptions options;
    options.inputs = {folder / "in"};
    options.output = folder / "out";
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{64, 64};
    setrlimit(RLIMIT_FSIZE, &small);
    int code = 1;
    try {
      detect_files(pipeline, options, on_cpu());
    } catch (const Error& e) {
      code = e.kind() == ErrorKind::Input && fs::is_empty(folder / "out") ? 0 : 2;
    }
    fs::remove_all(folder.path());
    std::_Exit(code);
  };
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace thor
