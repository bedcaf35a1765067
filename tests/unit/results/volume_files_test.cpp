// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/unit/results/volume_world.h"
#include "thor/base/error.h"
#include "thor/base/run_context.h"
#include "thor/pipeline/calibration.h"
#include "thor/pipeline/volume_id.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

using test::head;
using test::head_affine;
using test::head_stored_as;
using test::kLesionVoxel;
using test::on_cpu;
using test::VolumeFiles;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kOrientations[] = {"RAS", "LPS", "LAS", "PIR", "SAR", "IPL", "ASL"};

Affine turned(double degrees) {
  const double angle = degrees * M_PI / 180;
  Affine turn;
  turn.at(1, 1) = turn.at(2, 2) = std::cos(angle);
  turn.at(1, 2) = -std::sin(angle);
  turn.at(2, 1) = std::sin(angle);
  return turn;
}

TEST_F(VolumeFiles, ThePeakLandsOnTheLesionInEveryOrientation) {
  for (const char* orientation : kOrientations) scan(std::string(orientation) + ".nii.gz", head_stored_as(orientation));
  detect();
  for (const std::string name : kOrientations) {
    const Image map = result(name + "_map.nii.gz"), native = head_stored_as(name);
    EXPECT_EQ(map.voxels.sizes(), native.voxels.sizes()) << name;
    EXPECT_EQ(map.geometry.ras_from_voxel, native.geometry.ras_from_voxel) << name;
    EXPECT_LT(test::distance_mm(test::place_of_peak(map), head_affine()(kLesionVoxel)), 1e-3) << name;
  }
}

TEST_F(VolumeFiles, ThePeakLandsOnTheLesionOfAnObliqueAndShearedScan) {
  Image oblique = head_stored_as("LPS");
  Affine shear;
  shear.at(1, 2) = 0.2;
  oblique.geometry.ras_from_voxel = turned(20) * shear * oblique.geometry.ras_from_voxel;
  scan("oblique.nii.gz", oblique);
  detect();
  const Image map = result("oblique_map.nii.gz");
  EXPECT_LT(test::distance_mm(test::place_of_peak(map), test::place_of_peak(oblique)), 1e-3);
}

TEST_F(VolumeFiles, ResultsDoNotDependOnHowTheFileStoresTheVoxels) {
  for (const char* orientation : kOrientations) scan(std::string(orientation) + ".nii.gz", head_stored_as(orientation));
  const FolderResult found = detect(std::make_unique<test::ThreeStepDetector>());
  const Image first = result("RAS_map.nii.gz");
  EXPECT_GT(first.voxels.max().item<float>(), 0);
  for (const std::string name : kOrientations) {
    const Image map = result(name + "_map.nii.gz");
    const Image upright = reorient(map, order_to(map.geometry.ras_from_voxel, "RAS"));
    EXPECT_LT(test::max_abs_diff(upright.voxels, first.voxels), 1e-6) << name;
  }
  for (const CaseOutput& one : found.done) EXPECT_NEAR(one.score, found.done[0].score, 1e-7) << one.name;
}

TEST_F(VolumeFiles, ResultsDoNotDependOnTheBatch) {
  scan("a.nii.gz", head());
  Image other = head();
  other.voxels = other.voxels.flip(0) * 2;
  scan("b.nii.gz", other);
  detect(std::make_unique<test::ThreeStepDetector>(), on_cpu(0, 1));
  const Tensor alone = result("b_map.nii.gz").voxels;
  out = folder / "together";
  detect(std::make_unique<test::ThreeStepDetector>(), on_cpu(0, 7));
  EXPECT_LT(test::max_abs_diff(result("b_map.nii.gz").voxels, alone), 1e-6);
}

TEST_F(VolumeFiles, BlankSlicesHaveNoMapAndCostNoCalls) {
  Image half = head();
  half.voxels.narrow(0, 0, 8).zero_();
  scan("half.nii.gz", half);
  ProgressState last;
  RunContext context({}, [&](const ProgressState& state) { last = state; });
  RunConfig run = on_cpu();
  run.context = &context;
  detect(std::make_unique<test::ThreeStepDetector>(), run);
  const Tensor map = result("half_map.nii.gz").voxels;
  EXPECT_EQ(map.narrow(0, 0, 8).abs().max().item<float>(), 0);
  EXPECT_GT(map.narrow(0, 8, 8).max().item<float>(), 0);
  int64_t blank = 0;
  const nlohmann::json about = sidecar("half");
  for (const auto& slice : about.at("slices")) blank += slice.contains("blank") ? 1 : 0;
  EXPECT_GE(blank, 8);
  EXPECT_EQ(last.total, 3 * (16 - blank));
  EXPECT_EQ(last.done, last.total);
}

TEST_F(VolumeFiles, AVolumeWithOneBrightVoxelIsBlankEverywhereAndDone) {
  Image empty = head();
  empty.voxels.zero_();
  empty.voxels[3][3][3] = 1;
  scan("empty.nii.gz", empty);
  const FolderResult found = detect();
  ASSERT_EQ(found.done.size(), 1u);
  EXPECT_EQ(found.done[0].score, 0);
  EXPECT_EQ(result("empty_map.nii.gz").voxels.max().item<float>(), 0);
}

TEST_F(VolumeFiles, OutsideTheExaminedSlicesThereIsNoMapAndThePseudoHealthyVolumeIsTheScan) {
  const Image native = head_stored_as("LPS");
  scan("a.nii.gz", native);
  const double middle = head_affine()(kLesionVoxel)[2];
  options.volume.slices = {middle - 3, middle + 3};
  detect();
  const Tensor map = result("a_map.nii.gz").voxels, healthy = result("a_pseudo_healthy.nii.gz").voxels;
  for (int64_t z = 0; z < 16; ++z) {
    const bool examined = z >= 9 && z <= 11;
    EXPECT_EQ(map[z].max().item<float>() > 0, examined) << z;
    EXPECT_EQ(at::equal(healthy[z], native.voxels[z]), !examined) << z;
  }
  EXPECT_LT(std::abs(healthy[10].max().item<double>() - 500), 60);  // half of the scan, in its own intensities
  EXPECT_EQ(sidecar("a").at("slices").size(), 3u);
}

TEST_F(VolumeFiles, ThePseudoHealthyVolumeIsInNativeIntensitiesWhateverTheChainDidToThem) {
  const Image native = head_stored_as("LPS");
  scan("a.nii.gz", native);
  model.config.preprocess.steps = {{"{step: reorient, to: RAS}"},
                                   {"{step: n4, shrink: 1, iterations: 5, levels: 1}"},
                                   {"{step: intensity, black: 0, white: 100, bits: 8}"}};
  model.config.preprocess.intensity = Intensity::FullRange;
  detect();
  // The detector halves the image; rounding to 8 bit and the network's grid blur it.
  const Tensor healthy = result("a_pseudo_healthy.nii.gz").voxels, tissue = native.voxels.gt(200);
  const double ratio =
      healthy.masked_select(tissue).mean().item<double>() / native.voxels.masked_select(tissue).mean().item<double>();
  EXPECT_NEAR(ratio, 0.5, 0.05);
}

TEST_F(VolumeFiles, SeveralWindowsOfDifferentDepthAreUndoneEachByItsOwn) {
  const Image native = head_stored_as("LPS");
  scan("a.nii.gz", native);
  model.config.preprocess.steps = {{"{step: intensity, black: 0, white: 100}"},
                                   {"{step: intensity, black: 0, white: 100, bits: 8}"}};
  model.config.preprocess.intensity = Intensity::FullRange;
  detect();
  const Tensor healthy = result("a_pseudo_healthy.nii.gz").voxels, tissue = native.voxels.gt(200);
  const double ratio =
      healthy.masked_select(tissue).mean().item<double>() / native.voxels.masked_select(tissue).mean().item<double>();
  EXPECT_NEAR(ratio, 0.5, 0.05);
}

TEST_F(VolumeFiles, ASliceThinnerThanANativeOneMarksTheNativeSliceItLiesIn) {
  Image thick = head();
  thick.geometry.ras_from_voxel = translation(test::kHeadCorner) * scaling({2, 2, 5.5});
  scan("thick.nii.gz", thick);
  model.config.preprocess.steps = {{"{step: reorient, to: RAS}"}, {"{step: resample, spacing: [2, 2, 1]}"}};
  const double height = thick.geometry.ras_from_voxel(kLesionVoxel)[2] + 1;
  options.volume.slices = {height, height};
  detect();
  const Tensor map = result("thick_map.nii.gz").voxels;
  EXPECT_EQ(sidecar("thick").at("slices").size(), 1u);
  EXPECT_GT(map[10].max().item<float>(), 0.5);
  EXPECT_EQ(map.narrow(0, 0, 9).max().item<float>(), 0);
  EXPECT_EQ(map.narrow(0, 12, 4).max().item<float>(), 0);
}

TEST_F(VolumeFiles, ARangeBeyondTheVolumeIsRefusedWithTheHeightsItHas) {
  scan("a.nii.gz", head());
  options.volume.slices = {500, 510};
  const Pipeline pipeline(model, std::make_unique<test::BrightnessDetector>(), on_cpu());
  options.inputs = {in};
  options.output = out;
  const FolderResult found = detect_files(pipeline, options, on_cpu());
  ASSERT_EQ(found.failed.size(), 1u);
  EXPECT_THAT(found.failed[0].message, HasSubstr("500"));
  options.volume.slices = {3, 1};
  EXPECT_THROW(detect_files(pipeline, options, on_cpu()), Error);
}

TEST_F(VolumeFiles, TheLesionTableFindsTheLesionWithoutACalibration) {
  scan("a.nii.gz", head_stored_as("PIR"));
  options.volume.min_ml = 0;
  const FolderResult found = detect();
  ASSERT_FALSE(found.done.at(0).lesions.empty());
  const Lesion& lesion = found.done[0].lesions[0];
  EXPECT_LT(test::distance_mm(lesion.peak_mm, head_affine()(kLesionVoxel)), 1e-3);
  const nlohmann::json about = sidecar("a").at("lesions");
  EXPECT_THAT(about.at("above").get<std::string>(), HasSubstr("99.5 %"));
  EXPECT_EQ(about.at("count"), found.done[0].lesions.size());
  EXPECT_FALSE(fs::exists(out + "/a_mask.nii.gz"));
}

TEST_F(VolumeFiles, ACalibrationGivesAMaskAndAPValueThatPaysForTheSlices) {
  Calibration calibration;
  calibration.setting = {"three", json_text({{"start_step", 300}}), "none"};
  calibration.thresholds = {{0.05, 0.6}};
  for (int i = 1; i <= 999; ++i) calibration.scores.push_back(i / 2000.0);
  calibration.pixels = 768;
  put_calibration(model, calibration);
  scan("a.nii.gz", head_stored_as("LPS"));
  options.volume.min_ml = 0;
  const FolderResult found = detect();
  const Image mask = result("a_mask.nii.gz");
  EXPECT_TRUE(((mask.voxels == 0) | (mask.voxels == 1)).all().item<bool>());
  double volume = 0;
  for (const Lesion& lesion : found.done.at(0).lesions) volume += lesion.ml;
  EXPECT_GT(volume, 0);
  EXPECT_NEAR(volume, mask.voxels.sum().item<double>() * 0.012, 1e-9);
  const nlohmann::json about = sidecar("a");
  size_t seen = 0;
  for (const auto& slice : about.at("slices")) seen += slice.contains("p_value") ? 1 : 0;
  EXPECT_NEAR(*found.done[0].p_value, static_cast<double>(seen) / 1000, 1e-12);
  EXPECT_EQ(about.at("mask"), "a_mask.nii.gz");
}

TEST_F(VolumeFiles, ComponentsThatAreTooSmallLeaveTheMask) {
  Calibration calibration;
  calibration.setting = {"three", json_text({{"start_step", 300}}), "none"};
  calibration.thresholds = {{0.05, 0.6}};
  calibration.scores = {0, 0, 0};
  calibration.pixels = 768;
  put_calibration(model, calibration);
  scan("a.nii.gz", head());
  options.volume.min_ml = 100;
  EXPECT_TRUE(detect().done.at(0).lesions.empty());
  EXPECT_EQ(result("a_mask.nii.gz").voxels.max().item<float>(), 0);
}

TEST_F(VolumeFiles, TheSidecarHasTheChainAndThePageIsWrittenBeforeIt) {
  scan("a.nii.gz", head());
  bool early = false;
  options.write_page = [&](const VolumeReport& report) {
    early = !fs::exists(out + "/a.json") && fs::exists(out + "/a_map.nii.gz");
    EXPECT_EQ(report.path, out + "/a.html");
    EXPECT_EQ(report.views.size(), 3u);
  };
  detect();
  EXPECT_TRUE(early);
  const nlohmann::json about = sidecar("a");
  EXPECT_EQ(about.at("page"), "a.html");
  EXPECT_EQ(about.at("volume").at("chain").size(), 1u);
  EXPECT_EQ(about.at("volume").at("orientation"), "RAS");
  EXPECT_EQ(about.at("volume").at("size"), nlohmann::json({18, 22, 16}));
}

TEST_F(VolumeFiles, ABidsDatasetBecomesBidsDerivatives) {
  fs::create_directories(in + "/sub-01/ses-a/anat");
  fs::create_directories(in + "/sub-02/anat");
  write_text_atomically(in + "/dataset_description.json", "{}");
  scan("sub-01/ses-a/anat/sub-01_ses-a_acq-mprage_T1w.nii.gz", head());
  scan("sub-02/anat/sub-02_T1w.nii.gz", head_stored_as("LPS"));
  options.layout = ResultLayout::Bids;
  detect();
  const std::string first = out + "/sub-01/ses-a/anat/sub-01_ses-a_acq-mprage_desc-thor_";
  for (const char* file : {"map.nii.gz", "map.json", "pseudohealthy.nii.gz", "pseudohealthy.json", "overlay.png"})
    EXPECT_TRUE(fs::exists(first + file)) << file;
  EXPECT_TRUE(fs::exists(out + "/sub-02/anat/sub-02_desc-thor_map.nii.gz"));
  const auto about = nlohmann::json::parse(read_text_file(first + "map.json", 1 << 20));
  EXPECT_EQ(about.at("Sources").at(0), "bids:raw:sub-01/ses-a/anat/sub-01_ses-a_acq-mprage_T1w.nii.gz");
  const auto dataset = nlohmann::json::parse(read_text_file(out + "/dataset_description.json", 1 << 20));
  EXPECT_EQ(dataset.at("DatasetType"), "derivative");
  EXPECT_EQ(dataset.at("GeneratedBy").at(0).at("Name"), "thor");
}

TEST_F(VolumeFiles, OnlyTheNamedParticipantsAreExamined) {
  for (const char* subject : {"sub-01", "sub-02"}) {
    fs::create_directories(in + "/" + subject + "/anat");
    scan(std::string(subject) + "/anat/" + subject + "_T1w.nii.gz", head());
  }
  options.participants = {"02"};
  const FolderResult found = detect();
  ASSERT_EQ(found.done.size(), 1u);
  EXPECT_EQ(found.done[0].name, "sub-02_T1w");
}

TEST(VolumeId, DependsOnTheVoxelsButNotOnTheirOrder) {
  const Tensor voxels = head().voxels;
  EXPECT_EQ(volume_id(voxels), volume_id(voxels.flip(0).permute({2, 0, 1})));
  Tensor other = voxels.clone();
  other[3][3][3] += 1;
  EXPECT_NE(volume_id(voxels), volume_id(other));
  EXPECT_NE(volume_id(at::zeros({2, 3, 4})), volume_id(at::zeros({2, 3, 5})));
}

TEST_F(VolumeFiles, AStopLeavesWholeVolumesOnly) {
  scan("a.nii.gz", head());
  scan("b.nii.gz", head());
  RunContext* job = nullptr;
  RunContext context({}, [&](const ProgressState& state) {
    if (state.done >= 3 * 16 + 3) job->request_stop();
  });
  job = &context;
  RunConfig run = on_cpu(0, 1);
  run.context = &context;
  EXPECT_EQ(detect(std::make_unique<test::ThreeStepDetector>(), run).done.size(), 1u);
  EXPECT_TRUE(fs::exists(out + "/a.json"));
  EXPECT_FALSE(fs::exists(out + "/b.json"));
  EXPECT_FALSE(fs::exists(out + "/b_map.nii.gz"));
}

/// One job: what it hears, and its scans.
struct Job {
  std::string said;
  ProgressState last;
  RunContext context{[this](LogLevel, const std::string& text) { said += text + "\n"; },
                     [this](const ProgressState& state) { last = state; }};
  FolderResult result;
  void detect(const Model& model, const std::string& in, const std::string& out) {
    RunConfig run = on_cpu();
    run.context = &context;
    DetectOptions options;
    options.inputs = {in};
    options.output = out;
    const Pipeline pipeline(model, std::make_unique<test::ThreeStepDetector>(), run);
    result = detect_files(pipeline, options, run);
  }
};

TEST_F(VolumeFiles, WhatAReaderWarnsOfArrivesAtItsOwnJob) {
  // Read ahead on a thread of its own. Without a form nothing says which side is left.
  scan("odd.nii", head());
  std::fstream(in + "/odd.nii", std::ios::in | std::ios::out | std::ios::binary).seekp(252).write("\0\0\0\0", 4);
  const std::string other = folder / "other";
  fs::create_directory(other);
  write_nifti(other + "/plain.nii", head().voxels, head().geometry);
  Job odd, plain;
  std::thread first([&] { odd.detect(model, in, out); });
  std::thread second([&] { plain.detect(model, other, folder / "out_of_other"); });
  first.join();
  second.join();
  ASSERT_EQ(odd.result.done.size(), 1u);
  ASSERT_EQ(plain.result.done.size(), 1u);
  EXPECT_THAT(odd.said, HasSubstr("left and right may be swapped"));
  EXPECT_THAT(plain.said, Not(HasSubstr("swapped")));
  EXPECT_EQ(odd.last.done, 3 * 16);
  EXPECT_EQ(plain.last.done, 3 * 16);
}

}  // namespace
}  // namespace thor
