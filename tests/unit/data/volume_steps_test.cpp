// SPDX-License-Identifier: Apache-2.0
#include "thor/data/volume_steps.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "tests/unit/data/steps_world.h"
#include "thor/base/error.h"
#include "thor/data/preprocess_step.h"
#include "thor/image/resample.h"

namespace thor {
namespace {

using test::head;
using test::max_abs_diff;
using test::steps_of;
using testing::HasSubstr;

template <class F>
std::string story(F&& work, ErrorKind kind) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "no error";
}

PreparedVolume run(const std::vector<std::string>& steps, const Image& scan = head()) {
  return run_steps(steps_of(steps), {}, scan);
}

TEST(VolumeSteps, WithoutStepsOnlyReorientsToRas) {
  const Image scan = reorient(head(), order_to(head().geometry.ras_from_voxel, "PIL"));
  const PreparedVolume prepared = run({}, scan);
  EXPECT_EQ(orientation_of(prepared.volume.geometry.ras_from_voxel), "RAS");
  EXPECT_EQ(max_abs_diff(prepared.volume.voxels, head().voxels), 0);
  EXPECT_EQ(prepared.native_from_steps, Affine{});
  EXPECT_FALSE(prepared.template_from_native.has_value());
}

TEST(VolumeSteps, GivesEveryVoxelBackToTheBitWhereItOnlyPermutesAndPads) {
  for (const std::string orientation : {"RAS", "LPS", "PIR", "SAL", "IRA"}) {
    const Image scan = reorient(head(), order_to(head().geometry.ras_from_voxel, orientation));
    const PreparedVolume prepared = run({"{step: reorient, to: RPS}", "{step: crop_pad, size: [51, 45, 48]}"}, scan);
    const Tensor back = to_native_scan(prepared, prepared.volume.voxels, false);
    EXPECT_EQ(max_abs_diff(back, scan.voxels), 0) << orientation;
  }
}

TEST(VolumeSteps, PutsZeroWhereItHadCropped) {
  const PreparedVolume prepared = run({"{step: crop_pad, size: [36, 44, 20]}"});
  const Tensor back = to_native_scan(prepared, at::ones_like(prepared.volume.voxels), false);
  EXPECT_EQ(back.sum().item<double>(), 36. * 44 * 20);
  EXPECT_EQ(back.narrow(0, 10, 20).min().item<float>(), 1);
}

TEST(VolumeSteps, BringsAResampledHeadBackToItsPlace) {
  const Image scan = head();
  const PreparedVolume prepared = run({"{step: resample, spacing: [1.5, 1.25, 1]}"}, scan);
  EXPECT_EQ(prepared.volume.voxels.size(0), 80);
  const Tensor back = to_native_scan(prepared, prepared.volume.voxels, false);
  // Twice interpolated linearly between 2 mm and 1 to 1.5 mm, where the smallest ellipsoid has radii of 7 mm.
  EXPECT_LT(max_abs_diff(back.slice(0, 1, -1).slice(1, 1, -1).slice(2, 1, -1),
                         scan.voxels.slice(0, 1, -1).slice(1, 1, -1).slice(2, 1, -1)),
            5);
}

TEST(VolumeSteps, LooksUpABoxAlongTheBodysAxes) {
  const Image scan = reorient(head(), order_to(head().geometry.ras_from_voxel, "ASL"));
  const PreparedVolume prepared =
      run({"{step: resample, size: [3, 4, 5], corner: [-1, -3, 3], spacing: [2, 2, 2]}"}, scan);
  EXPECT_EQ(prepared.volume.geometry.ras_from_voxel({0, 0, 0}), (Point3{-1, -3, 3}));
  EXPECT_EQ(max_abs_diff(prepared.volume.voxels, head().voxels.narrow(0, 21, 5).narrow(1, 20, 4).narrow(2, 17, 3)), 0);
}

TEST(VolumeSteps, ReachesTheThickNativeSliceThatAThinChainSliceLiesIn) {
  const Image scan = test::head_on(test::centred_grid({36, 44, 14}, {2, 2, 6}));  // heights -39, -33, ... 39
  const PreparedVolume fine = run({"{step: resample, spacing: [2, 2, 1]}"}, scan);
  const auto slice = slice_at(fine, 11);  // native slice at 9 reaches from 6 to 12
  ASSERT_TRUE(slice.has_value());
  const PreparedVolume one = slices_only(fine, *slice, 1);
  const Tensor back = to_native_scan(one, at::ones_like(one.volume.voxels), false);
  EXPECT_EQ(back[8].min().item<float>(), 1);  // -39 + 8 x 6 = 9
  EXPECT_EQ(back[6].max().item<float>(), 0);
}

TEST(VolumeSteps, FindsSlicesByTheirHeight) {
  const PreparedVolume prepared = run({});  // heights -39, -37, ... 39
  EXPECT_EQ(slice_at(prepared, 23), 31);
  EXPECT_EQ(slice_at(prepared, 39.9), 39);
  EXPECT_EQ(slice_at(prepared, 40.1), std::nullopt);
  EXPECT_NEAR(height_of(prepared, 31), 23, 1e-9);
  const PreparedVolume upside_down = run({"{step: reorient, to: RAI}"});
  EXPECT_EQ(slice_at(upside_down, 23), 8);
}

TEST(VolumeSteps, TakesTheSlicesOfARange) {
  const PreparedVolume prepared = run({});
  const auto range = [&](const std::vector<double>& mm) {
    const SliceRange found = slices_in(prepared, mm);
    return std::pair(found.first, found.end);
  };
  EXPECT_EQ(range({}), std::pair(int64_t{0}, int64_t{40}));
  EXPECT_EQ(range({-3, 3}), std::pair(int64_t{18}, int64_t{22}));
  EXPECT_EQ(range({23.4, 23.4}), std::pair(int64_t{31}, int64_t{32}));
  EXPECT_THAT(story([&] { range({50, 60}); }, ErrorKind::Input), HasSubstr("from 50 to 60 mm"));
}

TEST(VolumeSteps, KnowsItsWhiteAfterTheIntensityStep) {
  const PreparedVolume prepared = run({"{step: intensity, black: 1, white: 99, bits: 8}"});
  EXPECT_EQ(prepared.volume.full_scale, 255);
  EXPECT_EQ(prepared.volume.voxels.max().item<float>(), 255);
  EXPECT_EQ(prepared.volume.voxels.min().item<float>(), 0);
  EXPECT_EQ(max_abs_diff(prepared.volume.voxels, prepared.volume.voxels.round()), 0);
  EXPECT_NEAR(prepared.volume.voxels.eq(255).to(at::kFloat).mean().item<double>(), 0.01, 0.003);
}

TEST(VolumeSteps, CountsIntensitiesOverWhatItIsTold) {
  const auto white = [](const std::string& over) {
    const PreparedVolume prepared = run({fmt::format("{{step: intensity, white: 50, over: {}}}", over)});
    return parse(prepared.record)[0]["white"].get<double>();
  };
  EXPECT_GT(white("foreground"), 2 * white("all"));
  EXPECT_THAT(story([&] { white("mask"); }, ErrorKind::Usage), HasSubstr("brain_mask"));
}

TEST(VolumeSteps, ScalesByStandardDeviations) {
  const PreparedVolume prepared = run({"{step: intensity, scale: z_score, black: -1, white: 3}"});
  const Tensor voxels = head().voxels;
  const double mean = voxels.mean().item<double>(), deviation = voxels.std(false).item<double>();
  const nlohmann::json record = parse(prepared.record);
  EXPECT_NEAR(record[0]["black"].get<double>(), mean - deviation, 1e-3);
  EXPECT_NEAR(record[0]["white"].get<double>(), mean + 3 * deviation, 1e-3);
}

TEST(VolumeSteps, RecordsEveryStepWithItsTime) {
  const PreparedVolume prepared = run({"{step: reorient, to: LPS}", "{step: intensity}"});
  const nlohmann::json record = parse(prepared.record);
  ASSERT_EQ(record.size(), 2u);
  EXPECT_EQ(record[0]["step"], "{step: reorient, to: LPS}");
  EXPECT_EQ(record[0]["from"], "RAS");
  EXPECT_GE(record[1]["seconds"].get<double>(), 0);
}

TEST(VolumeSteps, RefusesWhatItDoesNotKnow) {
  const auto refused = [](const std::string& step) { return story([&] { run({step}); }, ErrorKind::Usage); };
  EXPECT_THAT(refused("{step: resampel, spacing: [1, 1, 1]}"), HasSubstr("did you mean 'resample'?"));
  EXPECT_THAT(refused("{step: reorient, too: RAS}"), HasSubstr("did you mean 'to'?"));
  EXPECT_THAT(refused("reorient"), HasSubstr("{step: NAME, ...}"));
  EXPECT_THAT(refused("{step: resample, spacing: [1, 1]}"), HasSubstr("needs one of"));
  EXPECT_THAT(refused("{step: resample, onto: mni, spacing: [1, 1, 1]}"), HasSubstr("needs one of"));
  EXPECT_THAT(refused("{step: register}"), HasSubstr("template: NAME"));
  EXPECT_THAT(refused("{step: register, template: mni}"), HasSubstr("`template` mni=FILE"));
  EXPECT_THAT(refused("{step: brain_mask}"), HasSubstr("either"));
  EXPECT_THAT(refused("{step: intensity, black: 99, white: 2}"), HasSubstr("black < white"));
  EXPECT_THAT(refused("{step: reorient, to: RAR}"), HasSubstr("RAR"));
}

TEST(VolumeSteps, RefusesAPaddedSizeThatNoMemoryHolds) {
  EXPECT_THAT(story([&] { run({"{step: crop_pad, size: [4096, 4096, 4096]}"}); }, ErrorKind::Input),
              HasSubstr("4096 x 4096 x 4096 is too large"));
}

TEST(VolumeSteps, TakesTheBrainMaskThatLiesBesideTheScan) {
  const test::TemporaryFolder folder;
  Image scan = head();
  scan.path = folder / "sub-01_T1w.nii.gz";
  const Tensor inside = scan.voxels.gt(30).to(at::kFloat);
  write_nifti(folder / "sub-01_T1w_brain.nii.gz", inside, scan.geometry);
  const auto steps = steps_of({"{step: reorient, to: LPI}", "{step: brain_mask, beside: _brain}"});
  const PreparedVolume prepared = run_steps(steps, {}, scan);
  const Tensor back = to_native_scan(prepared, prepared.volume.voxels, false);
  const Tensor black = at::scalar_tensor(scan.voxels.min().item<float>(), at::kFloat);
  EXPECT_EQ(max_abs_diff(back, at::where(inside > 0, scan.voxels, black)), 0);
  EXPECT_THAT(story([&] { run_steps(steps_of({"{step: brain_mask, beside: _no}"}), {}, scan); }, ErrorKind::Input),
              HasSubstr("sub-01_T1w_no.nii.gz"));
}

TEST(PreprocessSteps, StandInATableWithAPurposeEach) {
  for (const auto& row : preprocess_steps()) {
    EXPECT_FALSE(row.purpose.empty());
    const auto step = row.make();
    const Fields fields(*step);
    for (const auto& field : fields.list()) EXPECT_FALSE(field.help.empty()) << row.name << "." << field.name;
  }
}

}  // namespace
}  // namespace thor
