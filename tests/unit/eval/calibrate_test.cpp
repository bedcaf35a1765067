// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/calibrate.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "tests/unit/results/volume_world.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/random.h"
#include "thor/image/image.h"

namespace thor {
namespace {

using ::testing::HasSubstr;

/// Scans of one scanner: maps with exponential values around a level of the scan's own, scores their means.
MapSet scans(int64_t count, uint64_t seed, double scale = 1) {
  constexpr int64_t kSide = 24;
  MapSet set;
  set.maps = at::empty({count, kSide, kSide});
  float* value = set.maps.data_ptr<float>();
  for (int64_t i = 0; i < count; ++i) {
    Random random({seed, static_cast<uint64_t>(i), 0, Purpose::Phantom, 0});
    const double level = scale * random.uniform(0.5, 1.5);
    for (int64_t k = 0; k < kSide * kSide; ++k) *value++ = static_cast<float>(-level * std::log(1 - random.uniform()));
    set.names.push_back(std::to_string(i));
    set.scores.push_back(set.maps[i].mean().item<double>());
  }
  set.images = set.maps.clamp(0, 1);
  set.about = json_text({{"detector", {{"name", "thor"}, {"config", {{"start_step", 350}}}}}, {"perceptual", "unet"}});
  return set;
}

TEST(Calibrating, ThresholdIsTheSmallestValueThatEnoughPixelsStayBelow) {
  const Tensor values = at::tensor({0.1f, 0.5f, 0.2f, 0.4f, 0.3f, 0.9f, 0.6f, 0.8f, 0.7f, 1.0f});
  EXPECT_FLOAT_EQ(threshold_at(values, 0.2), 0.8f);
  EXPECT_FLOAT_EQ(threshold_at(values, 0.29), 0.8f);
  EXPECT_FLOAT_EQ(threshold_at(values, 0.3), 0.7f);
  EXPECT_FLOAT_EQ(threshold_at(values, 0.05), 1.0f);
  EXPECT_FLOAT_EQ(threshold_at(values, 0.95), 0.1f);
}

TEST(Calibrating, ThresholdKeepsTheRateWithTiesAndAgainstRounding) {
  const Tensor ties = at::tensor({0.0f, 0.0f, 0.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f});
  EXPECT_FLOAT_EQ(threshold_at(ties, 0.3), 1.0f);
  EXPECT_FLOAT_EQ(threshold_at(ties, 0.7), 0.0f);
  EXPECT_FLOAT_EQ(threshold_at(at::zeros({100}), 0.05), 0.0f);
  const Tensor hundred = at::arange(100, at::kFloat);
  for (int64_t percent = 1; percent < 100; ++percent)
    EXPECT_EQ(hundred.gt(threshold_at(hundred, static_cast<double>(percent) / 100)).sum().item<int64_t>(), percent);
}

TEST(Calibrating, CountsOnlyTheRegionThatTheMapsAreAbout) {
  MapSet healthy = scans(10, 1);
  healthy.region = at::zeros(healthy.maps.sizes(), at::kBool);
  healthy.region.narrow(2, 0, 12).fill_(true);
  const Calibration calibration = calibrate(healthy, {0.05});
  EXPECT_EQ(calibration.pixels, 10 * 24 * 12);
  EXPECT_EQ(calibration.threshold(0.05), threshold_at(healthy.maps.narrow(2, 0, 12), 0.05));
  const CalibrationCheck check = check_calibration(calibration, healthy);
  EXPECT_NEAR(check.pixels[0].realized, 0.05, 1e-3);
}

TEST(SiteCalibration, IsTheLargestOfTheScansOwnQuantiles) {
  const MapSet healthy = scans(6, 1);
  const Calibration calibration = calibrate_site(healthy, {0.01});
  double largest = 0;
  for (int64_t i = 0; i < 6; ++i) largest = std::max(largest, threshold_at(healthy.maps[i], 0.01));
  EXPECT_EQ(calibration.threshold(0.01), largest);
  EXPECT_TRUE(calibration.site);
  EXPECT_THAT(calibration.promise({0.01, 0}),
              HasSubstr("more than 1 % of the region is marked with probability at most 1 in 7"));
}

TEST(SiteCalibration, ANewScanExceedsTheRateWithProbabilityOneInNPlusOneAtMost) {
  constexpr int64_t kDraws = 400, kScans = 9;
  int64_t exceeded = 0;
  for (int64_t draw = 0; draw < kDraws; ++draw) {
    const MapSet all = scans(kScans + 1, 100 + static_cast<uint64_t>(draw));
    MapSet healthy = all;
    healthy.maps = all.maps.narrow(0, 0, kScans);
    healthy.images = all.images.narrow(0, 0, kScans);
    healthy.names.pop_back();
    healthy.scores.pop_back();
    const double threshold = calibrate_site(healthy, {0.01}).threshold(0.01);
    exceeded += all.maps[kScans].gt(threshold).to(at::kDouble).mean().item<double>() > 0.01 ? 1 : 0;
  }
  // 40 are expected, give or take 3 standard deviations of 6.
  EXPECT_LE(exceeded, 58);
  EXPECT_GE(exceeded, 22) << "the bound is far from tight: thresholds are too high";
}

TEST(SiteCalibration, ASickScanAmongTheHealthyOnlyRaisesThresholds) {
  MapSet healthy = scans(6, 1);
  const double before = calibrate_site(healthy, {0.01}).threshold(0.01);
  healthy.maps[3].mul_(5);
  EXPECT_GT(calibrate_site(healthy, {0.01}).threshold(0.01), before);
}

TEST(SiteCalibration, IsRefusedForFewerThanFiveScans) {
  try {
    calibrate_site(scans(4, 1), {0.01});
    FAIL() << "4 scans were enough";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input);
    EXPECT_THAT(error.what(), HasSubstr("4 healthy scans can be used; a calibration for a scanner needs at least 5"));
  }
}

TEST(SiteCalibration, TheCheckCountsScansThatExceedTheRate) {
  const CalibrationCheck check = check_calibration(calibrate_site(scans(19, 1), {0.01, 0.05}), scans(100, 2));
  ASSERT_EQ(check.exceeded.size(), 2u);
  for (const RealizedRate& rate : check.exceeded) {
    EXPECT_NEAR(rate.requested, 0.05, 1e-12);
    EXPECT_TRUE(rate.holds()) << rate.realized;
  }
  EXPECT_THAT(check.table(), HasSubstr("scans with more than 1 % above (at most)"));
}

TEST(Calibrating, KeepsTheDetectorsSettingAndSortsTheScores) {
  const MapSet healthy = scans(7, 1);
  const Calibration calibration = calibrate(healthy, calibration_rates(0.1));
  EXPECT_EQ(calibration.setting.detector, "thor");
  EXPECT_EQ(calibration.setting.config, JsonText(R"({"start_step":350})"));
  EXPECT_EQ(calibration.setting.perceptual, "unet");
  EXPECT_EQ(calibration.pixels, 7 * 24 * 24);
  EXPECT_EQ(calibration.thresholds.size(), 9u);
  EXPECT_TRUE(std::is_sorted(calibration.scores.begin(), calibration.scores.end()));
  EXPECT_NE(calibration.data_sha256, calibrate(scans(7, 2), {0.05}).data_sha256);
  for (const auto& [rate, threshold] : calibration.thresholds)
    EXPECT_LE(healthy.maps.gt(threshold).to(at::kDouble).mean().item<double>(), rate);
}

TEST(Calibrating, TheRequestedRateLiesInTheIntervalOnFreshHealthyScans) {
  const Calibration calibration = calibrate(scans(400, 1), calibration_rates(0.05));
  const CalibrationCheck check = check_calibration(calibration, scans(200, 2));
  ASSERT_EQ(check.pixels.size(), 8u);
  for (const RealizedRate& rate : check.pixels) {
    EXPECT_TRUE(rate.holds()) << rate.requested << ": " << rate.realized << " in " << rate.low << " to " << rate.high;
    EXPECT_LT(rate.high - rate.low, rate.requested);
  }
  EXPECT_TRUE(check.p_values.holds()) << check.p_values.realized;
  EXPECT_EQ(parse(check.to_json()).at("pixels").size(), 8u);
  EXPECT_THAT(check.table(), HasSubstr("holds"));
}

TEST(Calibrating, AnotherScannerIsFoundOut) {
  const Calibration calibration = calibrate(scans(400, 1), calibration_rates(0.05));
  const CalibrationCheck check = check_calibration(calibration, scans(200, 2, 1.5));
  for (const RealizedRate& rate : check.pixels) EXPECT_FALSE(rate.holds());
  EXPECT_FALSE(check.p_values.holds());
  EXPECT_THAT(check.table(), HasSubstr("differs"));
}

TEST(Calibrating, ConformalPValuesKeepTheirPromiseForFewScansToo) {
  int64_t small = 0, all = 0;
  for (uint64_t draw = 0; draw < 200; ++draw) {
    const Calibration calibration = calibrate(scans(19, 10 + 2 * draw), {0.05});
    for (const double score : scans(5, 11 + 2 * draw).scores) {
      small += calibration.p_value(score) <= 0.05 ? 1 : 0;
      ++all;
    }
  }
  EXPECT_NEAR(static_cast<double>(small) / static_cast<double>(all), 0.05, 0.03);
}

TEST(Calibrating, TheTableSaysHowManyScansAScoreThresholdNeeds) {
  const std::string table = calibration_table(calibrate(scans(20, 1), calibration_rates(0.05)));
  EXPECT_THAT(table, HasSubstr("needs 99 scans"));
  EXPECT_THAT(table, HasSubstr("needs 49 scans"));
  EXPECT_THAT(table, ::testing::Not(HasSubstr("needs 19 scans")));
}

TEST(Calibrating, RefusesRatesThatAreNone) {
  for (const double rate : {0.0, 1.0, -0.1, std::nan("")}) EXPECT_THROW(calibration_rates(rate), Error) << rate;
  EXPECT_EQ(calibration_rates(0.03), (std::vector<double>{0.0005, 0.001, 0.002, 0.004, 0.005, 0.01, 0.02, 0.03, 0.05}));
}

/// The same with `slices` of each scan: a scan's slices have its level.
MapSet sliced(MapSet set, int64_t slices) {
  for (size_t i = 0; i < set.names.size(); ++i) set.names[i] = std::to_string(static_cast<int64_t>(i) / slices);
  return set;
}

TEST(Calibrating, OfSlicesOfVolumesCountsScansBesideSlices) {
  const Calibration calibration = calibrate(sliced(scans(24, 1), 8), {0.05});
  EXPECT_EQ(calibration.scores.size(), 24u);
  EXPECT_EQ(calibration.scans, 3);
  EXPECT_TRUE(calibration.several_slices_a_scan());
  EXPECT_THAT(calibration_table(calibration), HasSubstr("24 healthy slices of 3 scans"));
  EXPECT_EQ(parse_calibration(json_of(calibration)).scans, 3);
  const Calibration pictures = calibrate(scans(24, 1), {0.05});
  EXPECT_FALSE(parse(json_of(pictures)).contains("scans"));
  EXPECT_EQ(parse_calibration(json_of(pictures)).scans, 24);
  nlohmann::json wrong = parse(json_of(calibration));
  wrong["scans"] = 25;
  EXPECT_THROW(parse_calibration(json_text(wrong)), Error);
}

TEST(Calibrating, ACheckOnVolumesIsAsSureAsItsScansAreMany) {
  const Calibration calibration = calibrate(scans(99, 1), {0.05});
  const MapSet fresh = scans(40, 2);
  const CalibrationCheck pictures = check_calibration(calibration, fresh);
  const CalibrationCheck volumes = check_calibration(calibration, sliced(fresh, 10));
  EXPECT_EQ(volumes.scans, 4);
  EXPECT_NEAR(volumes.pixels[0].realized, pictures.pixels[0].realized, 1e-12);
  EXPECT_EQ(volumes.p_values.realized, pictures.p_values.realized);
  EXPECT_GT(volumes.p_values.high - volumes.p_values.low, 2 * (pictures.p_values.high - pictures.p_values.low));
  EXPECT_FALSE(pictures.volumes);
  ASSERT_TRUE(volumes.volumes);
  EXPECT_TRUE(volumes.volumes->holds());
  EXPECT_THAT(volumes.table(), ::testing::AllOf(HasSubstr("40 fresh healthy slices of 4 scans"),
                                                HasSubstr("volumes with p <= 0.05 (at most)")));
}

TEST(Calibrating, OneScanSaysNothingOfTheSpread) {
  const CalibrationCheck check = check_calibration(calibrate(scans(99, 1), {0.05}), sliced(scans(10, 2), 10));
  EXPECT_TRUE(std::isnan(check.pixels[0].low));
  EXPECT_TRUE(parse(check.to_json()).at("pixels").at(0).at("holds").is_null());
  EXPECT_THAT(check.table(), HasSubstr("one scan does not say"));
}

/// Healthy volumes go the way that `detect` takes.
class CalibrationVolumes : public test::VolumeFiles {};

TEST_F(CalibrationVolumes, SlicesForACalibrationAreThoseThatDetectExamines) {
  Image half = test::head_stored_as("LPS");
  half.voxels.narrow(0, 0, 8).zero_();
  scan("half.nii.gz", half);
  write_png(in + "/slice.png", at::rand({20, 20}), 8);
  const Pipeline pipeline(model, std::make_unique<test::ThreeStepDetector>(), test::on_cpu());
  const MapSet set =
      detect_slices(pipeline, {"three", {}}, {{in + "/half.nii.gz", "half", {}}, {in + "/slice.png", "slice", {}}},
                    test::on_cpu(0, 3));
  EXPECT_THAT(set.failed, ::testing::IsEmpty());
  detect(std::make_unique<test::ThreeStepDetector>());
  std::vector<double> scores;
  const nlohmann::json about = sidecar("half");
  for (const auto& slice : about.at("slices"))
    if (!slice.contains("blank")) scores.push_back(slice.at("score"));
  ASSERT_EQ(set.names.size(), scores.size() + 1);
  for (size_t i = 0; i < scores.size(); ++i) {
    EXPECT_EQ(set.names[i], "half");
    EXPECT_NEAR(set.scores[i], scores[i], 1e-6);
  }
  EXPECT_EQ(set.names.back(), "slice");
}

TEST_F(CalibrationVolumes, AVolumeThatShowsNothingIsNoHealthyScan) {
  Image empty = test::head();
  empty.voxels.zero_();
  empty.voxels[8][3][3] = 1;
  scan("empty.nii.gz", empty);
  const Pipeline pipeline(model, std::make_unique<test::ThreeStepDetector>(), test::on_cpu());
  const MapSet set = detect_slices(pipeline, {"three", {}}, {{in + "/empty.nii.gz", "empty", {}}}, test::on_cpu());
  ASSERT_EQ(set.failed.size(), 1u);
  EXPECT_THAT(set.failed[0].message, HasSubstr("nothing to see in the 16 slices"));
}

TEST(Calibrating, TakesHealthyScansOnly) {
  const test::TemporaryFolder folder;
  for (const char* name : {"a", "b"}) write_png(folder / (std::string(name) + ".png"), at::rand({16, 16}), 8);
  write_png(folder / "empty.png", at::zeros({16, 16}), 8);
  Tensor lesion = at::zeros({16, 16});
  lesion[3][3] = 1;
  write_png(folder / "lesion.png", lesion, 8);
  write_text_atomically(folder / "healthy.csv", "image,mask\na.png,empty.png\nb.png,\n");
  EXPECT_EQ(read_healthy(folder / "healthy.csv").size(), 2u);
  write_text_atomically(folder / "sick.csv", "image,mask\na.png,empty.png\nb.png,lesion.png\n");
  try {
    read_healthy(folder / "sick.csv");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input);
    EXPECT_THAT(error.what(), HasSubstr("b.png"));
  }
}

}  // namespace
}  // namespace thor
