// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/evaluation.h"

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/utf8.h"
#include "thor/image/image.h"
#include "thor/image/resample.h"
#include "thor/results/map_folder.h"

namespace thor {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Images, masks and maps of 128 x 128 pixels on disk, as `detect` leaves them.
class Evaluating : public testing::Test {
 protected:
  Evaluating() { make_folder(maps()); }
  std::string maps() const { return folder_ / "maps"; }
  std::string csv() const { return folder_ / "truth.csv"; }

  /// 1 in a square of the given side whose corner is at (20, 30).
  static Tensor square(int64_t side) {
    Tensor mask = at::zeros({128, 128});
    mask.narrow(0, 20, side).narrow(1, 30, side).fill_(1);
    return mask;
  }
  /// One case: its image, mask (side 0 = none) and map; a row of the table.
  void add(const std::string& name, int64_t side, const Tensor& map, const std::string& group = "") {
    make_folder(std::filesystem::path(folder_ / name).parent_path().string());
    write_png(folder_ / (name + ".png"), at::rand({128, 128}), 8);
    if (side > 0) write_png(folder_ / (name + "_mask.png"), square(side), 8);
    if (map.defined()) write_map(name, map);
    rows_ += name + ".png," + (side > 0 ? name + "_mask.png" : "") + "," + group + "\n";
    write_text_atomically(csv(), "image,mask,group\n" + rows_);
  }
  void write_map(const std::string& name, const Tensor& map, double full_scale = 2) {
    const std::string stem = stem_of(name);
    write_png(maps() + "/" + stem + "_map.png", map / full_scale, 16);
    sidecar(stem, {{"input", folder_ / (name + ".png")},
                   {"map", stem + "_map.png"},
                   {"map_full_scale", full_scale},
                   {"score", map.mean().item<double>()}});
  }
  void sidecar(const std::string& stem, const nlohmann::json& about) {
    write_text_atomically(maps() + "/" + stem + ".json", about.dump());
  }
  Evaluation evaluate_now(bool native = false) const {
    EvaluationConfig config;
    config.resamples = 200;
    return evaluate_folder(maps(), csv(), config, thresholds_, native);
  }
  std::string error() const {
    try {
      evaluate_now();
    } catch (const Error& caught) {
      EXPECT_EQ(caught.kind(), ErrorKind::Input);
      return caught.what();
    }
    return "no error";
  }

  test::TemporaryFolder folder_;
  std::string rows_;
  std::vector<NamedThreshold> thresholds_;
};

const GroupScores& group(const Evaluation& evaluation, const std::string& name) {
  for (const GroupScores& one : evaluation.groups)
    if (one.group == name) return one;
  throw std::runtime_error("no group " + name);
}

TEST_F(Evaluating, PerfectMapsGetFullMarks) {
  add("a", 5, square(5) * 0.8);
  add("b", 15, square(15) * 0.9);
  add("c", 40, square(40) * 0.7);
  const Evaluation result = evaluate_now();
  ASSERT_EQ(result.groups.size(), 4u);
  for (const char* name : {"small", "medium", "large", "all"}) {
    EXPECT_DOUBLE_EQ(group(result, name).oracle().pooled_dice.mean, 1) << name;
    EXPECT_DOUBLE_EQ(group(result, name).auprc, 1) << name;
    EXPECT_DOUBLE_EQ(group(result, name).auroc, 1) << name;
    EXPECT_DOUBLE_EQ(group(result, name).oracle().case_dice.mean, 1) << name;
  }
  EXPECT_EQ(result.groups.back().cases, 3);
  EXPECT_EQ(result.cases[1].lesion_pixels, 225);
  EXPECT_EQ(result.cases[1].group, "medium");
}

TEST_F(Evaluating, AMaskStoredInAnotherOrientationIsTheSameTruth) {
  Image slice;
  slice.medical = true;
  slice.geometry.ras_from_voxel = translation({-30, 20, 5}) * scaling({2, 2, 4});
  Image mask = slice;
  slice.voxels = at::rand({1, 40, 50});
  mask.voxels = at::zeros({1, 40, 50});
  mask.voxels[0].narrow(0, 3, 9).narrow(1, 31, 12).fill_(1);
  write_nifti(folder_ / "s.nii.gz", slice.voxels, slice.geometry);
  write_nifti(maps() + "/s_map.nii.gz", mask.voxels * 0.5 + slice.voxels * 0.1, slice.geometry);
  sidecar("s", {{"input", folder_ / "s.nii.gz"}, {"map", "s_map.nii.gz"}, {"score", 0.1}});
  write_text_atomically(csv(), "image,mask\ns.nii.gz,m.nii.gz\n");
  for (const char* orientation : {"RAS", "LAS", "RPS", "LPI"})
    for (const bool native : {false, true}) {
      const Image stored = reorient(mask, order_to(mask.geometry.ras_from_voxel, orientation));
      write_nifti(folder_ / "m.nii.gz", stored.voxels, stored.geometry);
      const Evaluation result = evaluate_now(native);
      EXPECT_GT(group(result, "all").oracle().pooled_dice.mean, native ? 0.9999 : 0.9) << orientation;
      EXPECT_GT(group(result, "all").auroc, 0.999) << orientation;
      EXPECT_TRUE(result.notes.empty()) << orientation << ": " << result.notes[0].reason;
    }
}

TEST_F(Evaluating, MapsAboveOneKeepTheirScale) {
  add("a", 10, square(10) * 1.6 + 0.3);
  EXPECT_NEAR(read_map(*MapFolder(maps()).find({folder_ / "a.png", "", "", "a.png", 2}, {})).max().item<float>(), 1.9,
              1e-4);
}

TEST_F(Evaluating, ThresholdsReachTheLargestValueAboveOneToo) {
  add("a", 10, square(10) * 1.6 + 1.2);
  EXPECT_DOUBLE_EQ(group(evaluate_now(), "all").oracle().pooled_dice.mean, 1);
}

TEST_F(Evaluating, HealthyCasesCountIntoAllOnlyAndOnlyHurt) {
  add("ill", 10, square(10) * 0.5);
  const double alone = group(evaluate_now(), "all").oracle().pooled_dice.mean;
  add("healthy", 0, square(10) * 0.9);
  const Evaluation result = evaluate_now();
  EXPECT_EQ(group(result, "medium").cases, 1);
  EXPECT_EQ(group(result, "all").cases, 2);
  EXPECT_DOUBLE_EQ(alone, 1);
  EXPECT_NEAR(group(result, "all").oracle().pooled_dice.mean, 2.0 * 100 / 300, 1e-12);
  EXPECT_DOUBLE_EQ(group(result, "all").oracle().case_dice.mean, 1);
}

TEST_F(Evaluating, TheGroupColumnWinsOverThePixelCount) {
  add("a", 5, square(5), "large");
  add("b", 5, square(5), "metal");
  const Evaluation result = evaluate_now();
  EXPECT_EQ(result.cases[0].group, "large");
  EXPECT_EQ(group(result, "metal").cases, 1);
}

TEST_F(Evaluating, MapsAreFoundByStemWhereTheImagesHaveMoved) {
  add("a", 10, square(10));
  sidecar("a", {{"input", "/elsewhere/a.png"}, {"map", "a_map.png"}});
  EXPECT_TRUE(evaluate_now().left_out.empty());
}

TEST_F(Evaluating, AnImageOfTheSameNameInAnotherFolderGetsNoForeignMap) {
  add("one/a", 10, square(10));
  add("two/a", 10, Tensor());
  const Evaluation result = evaluate_now();
  ASSERT_EQ(result.left_out.size(), 1u);
  EXPECT_EQ(result.left_out[0].name, "two/a.png");
  ASSERT_EQ(result.cases.size(), 1u);
  EXPECT_EQ(result.cases[0].name, "one/a.png");
}

TEST_F(Evaluating, SameNamesInTwoFoldersEachGetTheirOwnMap) {
  add("one/a", 10, Tensor());
  add("two/a", 10, Tensor());
  write_png(maps() + "/x_map.png", at::zeros({128, 128}), 16);
  write_png(maps() + "/y_map.png", square(10), 16);
  sidecar("x", {{"input", folder_ / "one/a.png"}, {"map", "x_map.png"}});
  sidecar("y", {{"input", folder_ / "two/a.png"}, {"map", "y_map.png"}});
  const Evaluation result = evaluate_now();
  EXPECT_EQ(result.cases[0].dice[0], 0);
  EXPECT_EQ(result.cases[1].dice[0], 1);
}

TEST_F(Evaluating, TheNativeGridComparesEveryPixel) {
  write_png(folder_ / "w.png", at::rand({60, 90}), 8);
  Tensor mask = at::zeros({60, 90});
  mask[10][51] = 1;  // between the pixels that a grid of 32 takes
  write_png(folder_ / "m.png", mask, 8);
  write_png(maps() + "/w_map.png", mask * 0.6, 16);
  sidecar("w", {{"input", folder_ / "w.png"}, {"map", "w_map.png"}, {"network_size", 32}});
  write_text_atomically(csv(), "image,mask\nw.png,m.png\n");
  EXPECT_EQ(group(evaluate_now(true), "all").oracle().pooled_dice.mean, 1);
  EXPECT_TRUE(std::isnan(group(evaluate_now(), "all").oracle().pooled_dice.mean));
}

TEST_F(Evaluating, ReportsSayWhichThresholdWasUsed) {
  add("a", 10, square(10));
  add("lost", 10, Tensor());
  const Evaluation result = evaluate_now();
  EXPECT_THAT(result.table(), AllOf(HasSubstr("best of 101 on this very set"), HasSubstr("medium"), HasSubstr("100.00"),
                                    HasSubstr("left out: 'lost.png': no map")));
  const nlohmann::json json = parse(result.to_json());
  EXPECT_EQ(json["left_out"][0]["name"], "lost.png");
  EXPECT_EQ(json["groups"].back()["oracle_dice"], 1);
  EXPECT_EQ(json["cases"][0]["dice"]["oracle"], 1);
  EXPECT_EQ(json["groups"].back()["group"], "all");
  EXPECT_EQ(json["cases"][0]["lesion_pixels_128"], 100);
}

TEST_F(Evaluating, OnlyHealthyCasesHaveNoAreasUnderCurves) {
  add("healthy", 0, square(10));
  const Evaluation result = evaluate_now();
  ASSERT_EQ(result.groups.size(), 1u);
  EXPECT_TRUE(std::isnan(result.groups[0].auprc));
  EXPECT_TRUE(parse(result.to_json())["groups"][0]["auroc"].is_null());
}

TEST_F(Evaluating, TruthThatCannotBeUsedIsLeftOutByNameAndTheRestGoesOn) {
  add("good", 10, square(10));
  add("small", 10, square(10));
  write_png(folder_ / "small_mask.png", at::zeros({64, 64}), 8);
  add("torn", 10, square(10));
  write_text_atomically(folder_ / "torn_mask.png", "not a picture");
  write_map("stranger", square(10));
  const Evaluation result = evaluate_now();
  ASSERT_EQ(result.cases.size(), 1u);
  ASSERT_EQ(result.left_out.size(), 3u);
  EXPECT_EQ(result.left_out[0].name, "small.png");
  EXPECT_THAT(result.left_out[0].reason, AllOf(HasSubstr("[64, 64]"), HasSubstr("[128, 128]")));
  EXPECT_EQ(result.left_out[1].name, "torn.png");
  EXPECT_THAT(result.left_out[1].reason, HasSubstr("torn_mask.png"));
  EXPECT_THAT(result.left_out[2].name, HasSubstr("stranger.png"));
  EXPECT_THAT(result.left_out[2].reason, HasSubstr("no row"));
}

TEST_F(Evaluating, OddMasksCountAndAreNoted) {
  add("labels", 10, square(10));
  write_png(folder_ / "labels_mask.png", square(10) * (1.0 / 255) + square(4) * (1.0 / 255), 8);  // 0, 1, 2
  add("empty", 10, square(10) * 0.1);
  write_png(folder_ / "empty_mask.png", at::zeros({128, 128}), 8);
  const Evaluation result = evaluate_now();
  EXPECT_EQ(result.cases[0].lesion_pixels, 100);
  EXPECT_FALSE(result.cases[1].lesion);
  ASSERT_EQ(result.notes.size(), 2u);
  EXPECT_THAT(result.notes[0].reason, HasSubstr("more than two values"));
  EXPECT_THAT(result.notes[1].reason, HasSubstr("empty; counts as healthy"));
  EXPECT_EQ(result.image_auroc, 1);
}

TEST_F(Evaluating, CalibratedThresholdsOfTheMapsAreUsedWhereAllAgree) {
  for (const char* name : {"a", "b"}) {
    add(name, 10, square(10));
    sidecar(name, {{"input", folder_ / (std::string(name) + ".png")},
                   {"map", std::string(name) + "_map.png"},
                   {"calibration", {{"thresholds", {{"0.05", 0.25}, {"0.01", 0.5}}}}}});
  }
  thresholds_ = {{"calibrated 1 %", 0.75}};
  const auto& used = group(evaluate_now(), "all").thresholds;
  ASSERT_EQ(used.size(), 3u);
  EXPECT_EQ(used[1].label, "calibrated 1 %");
  EXPECT_EQ(used[1].threshold, 0.75);
  EXPECT_EQ(used[2].label, "calibrated 5 %");
  EXPECT_EQ(used[2].threshold, 0.25);
  // A scan that got no mask leaves the thresholds of the others; one of another calibration does not.
  sidecar("b", {{"input", folder_ / "b.png"}, {"map", "b_map.png"}});
  EXPECT_EQ(group(evaluate_now(), "all").thresholds.size(), 3u);
  sidecar("b", {{"input", folder_ / "b.png"},
                {"map", "b_map.png"},
                {"calibration", {{"thresholds", {{"0.05", 0.2}, {"0.01", 0.5}}}}}});
  EXPECT_EQ(group(evaluate_now(), "all").thresholds.size(), 2u);
}

TEST_F(Evaluating, RestorationIsMeasuredInTheUnitsTheNetworkSaw) {
  Tensor image = at::full({128, 128}, 0.5);
  image[0][0] = 1;
  write_png(folder_ / "x.png", image, 8);
  write_png(maps() + "/x_map.png", square(10), 16);
  write_png(maps() + "/x_pseudo_healthy.png", at::full({128, 128}, 0.75), 16);
  sidecar("x", {{"input", folder_ / "x.png"},
                {"map", "x_map.png"},
                {"pseudo_healthy", "x_pseudo_healthy.png"},
                {"preprocess", {{"size", 128}, {"intensity", "full_range"}, {"percentile", 98.0}}}});
  write_text_atomically(csv(), "image\nx.png\n");
  const RestorationScores restored = evaluate_now().restoration;
  EXPECT_NEAR(restored.mae.mean, 0.25, 0.005);
  EXPECT_NEAR(restored.changed_share, 1, 1e-3);
  sidecar("x", {{"input", folder_ / "x.png"},
                {"map", "x_map.png"},
                {"pseudo_healthy", "x_pseudo_healthy.png"},
                {"preprocess", {{"size", 64}}}});
  const Evaluation other = evaluate_now();
  EXPECT_TRUE(std::isnan(other.restoration.mae.mean));
  EXPECT_THAT(other.notes.at(0).reason, AllOf(HasSubstr("restoration is not measured"), HasSubstr("[64, 64]")));
}

TEST_F(Evaluating, RanksInTheHeadAlsoWhereNothingWasRestored) {
  Tensor image = at::zeros({128, 128});
  image.narrow(0, 16, 64).narrow(1, 16, 64).fill_(0.5);
  write_png(folder_ / "x.png", image, 8);
  write_png(folder_ / "x_mask.png", square(10), 8);
  write_png(maps() + "/x_map.png", square(10), 16);
  sidecar("x", {{"input", folder_ / "x.png"},
                {"map", "x_map.png"},
                {"preprocess", {{"size", 128}, {"intensity", "full_range"}, {"percentile", 98.0}}}});
  write_text_atomically(csv(), "image,mask\nx.png,x_mask.png\n");
  const Evaluation found = evaluate_now();
  EXPECT_NEAR(found.ranking.prevalence, 100.0 / (64 * 64), 1e-3);
  EXPECT_TRUE(std::isnan(found.restoration.mae.mean));
}

TEST_F(Evaluating, FindsMapsOfFilesWhoseNamesAreNotUtf8) {
  add("M\xfcller", 10, Tensor());
  write_png(maps() + "/M\xfcller_map.png", square(10) / 2, 16);
  write_text_atomically(maps() + "/M\xfcller.json",
                        dump_json({{"input", folder_ / "M\xfcller.png"}, {"map", "M\xfcller_map.png"}, {"score", 1}}));
  const Evaluation result = evaluate_now();
  ASSERT_EQ(result.cases.size(), 1u);
  EXPECT_TRUE(result.left_out.empty());
}

TEST_F(Evaluating, SaysWhatDoesNotFitTogether) {
  add("a", 10, square(10));
  write_png(folder_ / "a_mask.png", at::zeros({64, 64}), 8);
  EXPECT_THAT(error(), AllOf(HasSubstr("a_mask.png"), HasSubstr("[64, 64]"), HasSubstr("[128, 128]")));
  sidecar("a", {{"input", "b.png"}, {"map", "a_map.png"}});
  EXPECT_THAT(error(), HasSubstr("none of the 1 images"));
  sidecar("a", {{"input", "a.png"}, {"map", "../truth.csv"}});
  EXPECT_THAT(error(), HasSubstr("not the name of a file beside it"));
  sidecar("a", {{"input", "a.png"}, {"map", "a_map.png"}, {"calibration", {{"thresholds", {{"5 %", 0.1}}}}}});
  EXPECT_THAT(error(), HasSubstr("false-positive rate '5 %'"));
  sidecar("a", {{"input", "a.png"}, {"map", "a_map.png"}, {"pseudo_healthy", "/etc/passwd"}});
  EXPECT_THAT(error(), HasSubstr("not the name of a file beside it"));
  sidecar("a", {{"input", "a.png"}, {"map", "a_map.png"}, {"network_size", 1e9}});
  EXPECT_THAT(error(), HasSubstr("network_size"));
  write_text_atomically(maps() + "/a.json", "{");
  EXPECT_THAT(error(), HasSubstr("not valid JSON"));
  std::filesystem::remove(maps() + "/a.json");
  EXPECT_THAT(error(), HasSubstr("holds no maps"));
}

}  // namespace
}  // namespace thor
