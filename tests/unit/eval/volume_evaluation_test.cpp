// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/unit/results/volume_world.h"
#include "thor/base/error.h"
#include "thor/eval/evaluation.h"
#include "thor/eval/volume_truth.h"
#include "thor/results/map_folder.h"

namespace thor {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using Voxels = std::vector<std::pair<std::array<int64_t, 3>, double>>;  // [z,y,x] and value

Tensor volume_of(const Voxels& voxels) {
  Tensor volume = at::zeros({4, 5, 6});
  for (const auto& [at, value] : voxels) volume[at[0]][at[1]][at[2]] = value;
  return volume;
}

/// Volumes of 6 x 5 x 4 voxels of 2 x 3 x 4 mm (0.024 ml) in which the third slice was blank, as `detect` leaves them.
class VolumeEvaluation : public ::testing::Test {
 protected:
  VolumeEvaluation() {
    make_folder(maps());
    config_.resamples = 100;
    config_.size_edges_ml = {0.05, 1};
  }
  std::string maps() const { return folder_ / "maps"; }
  static Image on_grid(const Tensor& voxels) {
    Image image;
    image.voxels = voxels;
    image.geometry.ras_from_voxel = translation({-7, 11, 30}) * scaling({2, 3, 4});
    image.medical = true;
    return image;
  }
  static Image turned(const Image& image, const std::string& orientation) {
    return reorient(image, order_to(image.geometry.ras_from_voxel, orientation));
  }
  void add(const std::string& name, const Tensor& map, const Tensor& truth, const std::string& map_in = "RAS",
           const std::string& mask_in = "RAS") {
    const Image map_image = turned(on_grid(map), map_in), mask = turned(on_grid(truth), mask_in);
    write_nifti(folder_ / (name + ".nii.gz"), map_image.voxels, map_image.geometry);
    write_nifti(folder_ / (name + "_mask.nii.gz"), mask.voxels, mask.geometry);
    write_nifti(maps() + "/" + name + "_map.nii.gz", map_image.voxels, map_image.geometry);
    rows_ += name + ".nii.gz," + name + "_mask.nii.gz\n";
    write_text_atomically(folder_ / "truth.csv", "image,mask\n" + rows_);
    nlohmann::json slices = nlohmann::json::array();
    for (int64_t z = 0; z < 4; ++z) slices.push_back({{"slice", z}});
    slices[2]["blank"] = true;
    about_ = {{"input", folder_ / (name + ".nii.gz")},
              {"map", name + "_map.nii.gz"},
              {"score", 0.5},
              {"slices", slices},
              {"volume",
               {{"native_from_chain", Affine().rows},
                {"chain_grid", {{"size", {6, 5, 4}}, {"ras_from_voxel", on_grid(map).geometry.ras_from_voxel.rows}}}}}};
    write_sidecar(name);
  }
  void write_sidecar(const std::string& name) { write_text_atomically(maps() + "/" + name + ".json", about_.dump()); }
  Evaluation evaluate_now() const {
    return evaluate_folder(maps(), folder_ / "truth.csv", config_, {{"half", 0.5}, {"high", 0.75}}, false);
  }

  /// A lesion of two voxels that meet at a corner across slices, one of a single voxel, and one in the blank slice.
  const Tensor truth_ = volume_of({{{0, 0, 0}, 1}, {{1, 1, 1}, 1}, {{3, 4, 5}, 1}, {{2, 2, 2}, 1}});
  /// Sees the first well and the second faintly; two false alarms, one of them of two voxels that meet at a corner; and
  /// values in the blank slice, which must not count.
  const Tensor map_ = volume_of({{{0, 0, 0}, 0.9},
                                 {{1, 1, 1}, 0.1},
                                 {{3, 4, 5}, 0.6},
                                 {{0, 4, 5}, 0.8},
                                 {{1, 3, 4}, 0.8},
                                 {{3, 0, 0}, 0.7},
                                 {{2, 2, 2}, 0.95},
                                 {{2, 2, 3}, 0.95}});
  test::TemporaryFolder folder_;
  std::string rows_;
  nlohmann::json about_;
  EvaluationConfig config_;
};

void expect_hand_counted(const Evaluation& result) {
  EXPECT_TRUE(result.volumes);
  const GroupScores& all = result.groups.back();
  ASSERT_EQ(all.thresholds.size(), 3u);
  const ThresholdScores &half = all.thresholds[1], &high = all.thresholds[2];
  EXPECT_DOUBLE_EQ(half.pooled_dice.mean, 2.0 * 2 / (5 + 3));
  EXPECT_DOUBLE_EQ(half.case_dice.mean, 0.5);
  EXPECT_DOUBLE_EQ(half.false_positive_rate, 3.0 / (3 * 30 - 3));
  EXPECT_DOUBLE_EQ(half.lesion_recall, 1);
  EXPECT_DOUBLE_EQ(half.lesion_precision, 2.0 / (2 + 2));
  EXPECT_DOUBLE_EQ(half.lesion_f1, 2.0 * 2 / (2 + 2 + 2));
  EXPECT_DOUBLE_EQ(high.pooled_dice.mean, 2.0 * 1 / (3 + 3));
  EXPECT_DOUBLE_EQ(high.lesion_recall, 0.5);
  EXPECT_DOUBLE_EQ(high.lesion_precision, 1.0 / (1 + 1));
  // Of 3 x 87 pairs: 0.9 beats all, 0.6 all but 3, 0.1 all but 3.
  EXPECT_NEAR(all.auroc, (87 + 84 + 84) / (3 * 87.0), 1e-12);
  EXPECT_NEAR(all.curve_thresholds.back(), 0.9, 1e-6);
  ASSERT_EQ(result.cases.size(), 1u);
  EXPECT_NEAR(result.cases[0].lesion_ml, 4 * 0.024, 1e-9);
  EXPECT_NEAR(result.cases[0].unseen_ml, 0.024, 1e-9);
  EXPECT_EQ(result.cases[0].group, "0.05-1 ml");
}

TEST_F(VolumeEvaluation, CountsVoxelsAndLesionsInTheExaminedSlicesOnly) {
  add("a", map_, truth_);
  const Evaluation result = evaluate_now();
  expect_hand_counted(result);
  EXPECT_THAT(result.notes.at(0).reason, HasSubstr("0.024 of 0.096 ml"));
  EXPECT_THAT(result.table(), AllOf(HasSubstr("healthy voxels above"), HasSubstr("lesions 0.096 ml, of which 0.024 ml"),
                                    HasSubstr("each scan's own grid")));
  const nlohmann::json json = parse(result.to_json());
  EXPECT_EQ(json.at("of"), "volumes");
  EXPECT_EQ(json.at("grid"), "native");
  EXPECT_NEAR(json.at("cases").at(0).at("lesion_ml").get<double>(), 0.096, 1e-9);
  EXPECT_FALSE(json.at("cases").at(0).contains("lesion_pixels_128"));
}

TEST_F(VolumeEvaluation, IsTheSameHoweverMapAndMaskAreStored) {
  for (const char* map_in : {"RAS", "LPS", "PIR"})
    for (const char* mask_in : {"LAS", "SAR", "RAS"}) {
      SCOPED_TRACE(std::string(map_in) + " " + mask_in);
      rows_.clear();
      add("a", map_, truth_, map_in, mask_in);
      expect_hand_counted(evaluate_now());
    }
}

TEST_F(VolumeEvaluation, SaysWhereTheSidecarDoesNotTellWhatWasExamined) {
  add("a", map_, truth_);
  about_["volume"].erase("chain_grid");
  write_sidecar("a");
  const Evaluation result = evaluate_now();
  EXPECT_DOUBLE_EQ(result.groups.back().thresholds[1].pooled_dice.mean, 2.0 * 3 / (7 + 4));
  EXPECT_THAT(result.notes.at(0).reason, HasSubstr("all voxels are compared"));
}

TEST_F(VolumeEvaluation, ALesionWhereNoSliceWasExaminedIsNotAMissButSaid) {
  add("a", map_, volume_of({{{2, 2, 2}, 1}}));
  const Evaluation result = evaluate_now();
  EXPECT_FALSE(result.cases.at(0).lesion);
  EXPECT_THAT(result.notes.at(0).reason, HasSubstr("0.024 of 0.024 ml"));
}

TEST_F(VolumeEvaluation, PicturesAmongVolumesAreRefusedWithTheReason) {
  add("a", map_, truth_);
  write_png(folder_ / "b.png", at::rand({8, 8}), 8);
  write_png(maps() + "/b_map.png", at::rand({8, 8}), 16);
  write_text_atomically(maps() + "/b.json", nlohmann::json{{"input", folder_ / "b.png"}, {"map", "b_map.png"}}.dump());
  write_text_atomically(folder_ / "truth.csv", "image,mask\n" + rows_ + "b.png,\n");
  try {
    evaluate_now();
    FAIL() << "compared a picture with a volume";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("'a.nii.gz' is a volume and 'b.png' a picture")));
  }
}

TEST_F(VolumeEvaluation, HostileSidecarsAreTheCasesProblem) {
  add("a", map_, truth_);
  add("b", map_, truth_);
  const nlohmann::json good = about_;
  const auto reason_after = [&](const char* place, const nlohmann::json& value) {
    about_ = good;
    about_[nlohmann::json::json_pointer(place)] = value;
    write_sidecar("b");
    const Evaluation result = evaluate_now();
    return result.left_out.empty() ? "" : result.left_out[0].reason;
  };
  const nlohmann::json huge{1 << 20, 1 << 20, 4}, negative{-6, 5, 4}, flat{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_THAT(reason_after("/volume/chain_grid/size", huge), HasSubstr("too large"));
  EXPECT_THAT(reason_after("/volume/chain_grid/size", negative), HasSubstr("is none"));
  EXPECT_THAT(reason_after("/volume/chain_grid/size", nlohmann::json{6, 5, 3}), HasSubstr("lists 4 slices"));
  EXPECT_THAT(reason_after("/volume/chain_grid/ras_from_voxel", flat), HasSubstr("axes"));
  EXPECT_THAT(reason_after("/volume/chain_grid/ras_from_voxel", scaling({1, 1, 1e-9}).rows), HasSubstr("too thin"));
  EXPECT_THAT(reason_after("/volume/native_from_chain", "none"), HasSubstr("not as thor writes it"));
}

TEST(VolumeTruth, AVoxelsVolumeIsThatOfItsAxesEvenSheared) {
  Affine shear;
  shear.at(0, 1) = 0.3;
  EXPECT_NEAR(voxel_ml(shear * scaling({-2, 3, 4})), 0.024, 1e-12);
}

/// The same from the scan on: what `detect` writes is what `evaluate` reads.
class DetectedVolumes : public test::VolumeFiles {};

TEST_F(DetectedVolumes, ADetectedVolumeIsComparedInItsExaminedSlices) {
  Image lesion = test::head();
  lesion.voxels = lesion.voxels.gt(800).to(at::kFloat);  // 27 voxels of 0.012 ml, slices 9 to 11
  ASSERT_EQ(lesion.voxels.sum().item<double>(), 27);
  lesion = reorient(lesion, order_to(lesion.geometry.ras_from_voxel, "LSA"));
  scan("head.nii.gz", test::head_stored_as("PIR"));
  write_nifti(folder / "lesion.nii.gz", lesion.voxels, lesion.geometry);
  write_text_atomically(folder / "truth.csv", "image,mask\nin/head.nii.gz,lesion.nii.gz\n");
  options.volume.slices = {6, 11};  // slices 9 and 10 lie at 7 and 10 mm
  detect();
  const Evaluation result = evaluate_folder(out, folder / "truth.csv", {}, {}, false);
  ASSERT_EQ(result.cases.size(), 1u);
  EXPECT_NEAR(result.cases[0].lesion_ml, 0.324, 1e-6);
  EXPECT_NEAR(result.cases[0].unseen_ml, 0.108, 1e-6);
  EXPECT_EQ(result.cases[0].group, "small");
  EXPECT_GT(result.groups.back().auroc, 0.99);
  EXPECT_GT(result.groups.back().oracle().pooled_dice.mean, 0.6);
  EXPECT_EQ(result.groups.back().oracle().lesion_recall, 1);
}

}  // namespace
}  // namespace thor
