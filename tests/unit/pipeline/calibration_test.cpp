// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/calibration.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_model.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/nn/weights/safetensors.h"

namespace thor {
namespace {

using ::testing::HasSubstr;

Calibration three_scans(const std::string& detector = "thor") {
  Calibration calibration;
  calibration.setting = {detector, json_text({{"start_step", 350}, {"map", {{"sigma", 2.0}}}}), "unet"};
  calibration.thresholds = {{0.01, 0.75}, {0.02, 0.5}, {0.05, 0.1f}};
  calibration.scores = {1, 2, 3};
  calibration.pixels = 768;
  calibration.data_sha256 = "abc";
  return calibration;
}

std::string story_of_parsing(const nlohmann::json& json) {
  Model model;
  model.calibration = json_text(json);
  try {
    calibrations_of(model);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input);
    return error.what();
  }
  return "accepted";
}

TEST(Calibration, PValueCountsTheHealthyScoresAtLeastAsHigh) {
  const Calibration calibration = three_scans();
  EXPECT_DOUBLE_EQ(calibration.p_value(0.5), 1);
  EXPECT_DOUBLE_EQ(calibration.p_value(1), 1);
  EXPECT_DOUBLE_EQ(calibration.p_value(2), 3.0 / 4);
  EXPECT_DOUBLE_EQ(calibration.p_value(2.5), 2.0 / 4);
  EXPECT_DOUBLE_EQ(calibration.p_value(3.5), 1.0 / 4);
}

TEST(Calibration, HasAThresholdForEveryOperatingPointItWasMadeFor) {
  Calibration calibration = three_scans();
  calibration.lesion_thresholds = {{1, 0.6}};
  EXPECT_EQ(calibration.threshold(OperatingPoint{0.02, 0}), 0.5);
  EXPECT_EQ(calibration.threshold(OperatingPoint{0, 1}), 0.6);
  EXPECT_EQ(calibration.threshold(OperatingPoint{}), calibration.threshold(calibration.default_rate()));
  for (const OperatingPoint& wrong : {OperatingPoint{0, 2}, {0.02, 1}, {1.5, 0}, {0, -1}})
    EXPECT_THROW(calibration.threshold(wrong), Error) << wrong.fpr << " " << wrong.false_lesions;
  EXPECT_THAT(calibration.promise({0, 1}), HasSubstr("No more than 1 false lesions are expected"));
}

TEST(Calibration, KeepsLesionThresholdsAndLooksInTheFile) {
  Calibration calibration = three_scans();
  calibration.lesion_thresholds = {{0.5, 0.8}, {1, 0.6}};
  calibration.looks = {{-1.5, -4}, {-1.25, -4.5}};
  calibration.scans = 3;
  const Calibration back = parse_calibration(json_of(calibration));
  EXPECT_EQ(back.lesion_thresholds, calibration.lesion_thresholds);
  ASSERT_EQ(back.looks.size(), 2u);
  EXPECT_EQ(back.looks[1].strangeness, -1.25);
  EXPECT_EQ(back.looks[1].grain, -4.5);
}

TEST(Calibration, ScoreThresholdIsWhereThePValueReachesTheRate) {
  Calibration calibration = three_scans();
  for (const double rate : {0.25, 0.5, 0.75}) {
    const double threshold = calibration.score_threshold(rate).value();
    EXPECT_LE(calibration.p_value(threshold + 1e-9), rate);
    EXPECT_GT(calibration.p_value(threshold), rate);
  }
  EXPECT_DOUBLE_EQ(calibration.score_threshold(0.5).value(), 2);
  EXPECT_FALSE(calibration.score_threshold(0.24));
  calibration.scores.assign(18, 0);
  EXPECT_FALSE(calibration.score_threshold(0.05));
  calibration.scores.assign(19, 0);
  EXPECT_TRUE(calibration.score_threshold(0.05));
}

TEST(Calibration, ThresholdOfAnotherRateNamesTheRatesThereAre) {
  EXPECT_DOUBLE_EQ(three_scans().threshold(0.05), 0.1f);
  try {
    three_scans().threshold(0.03);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Usage);
    EXPECT_THAT(error.what(), HasSubstr("0.01, 0.02, 0.05"));
  }
}

TEST(Calibration, SurvivesTheModelFileToTheLastBit) {
  const test::TemporaryFolder folder;
  Model model = test::tiny_model();
  put_calibration(model, three_scans());
  save_model(folder / "m", model);
  const Model loaded = load_model(folder / "m");
  const auto found = find_calibration(loaded, three_scans().setting);
  ASSERT_TRUE(found);
  EXPECT_EQ(json_of(*found), json_of(three_scans()));
  EXPECT_EQ(found->thresholds, three_scans().thresholds);
  EXPECT_EQ(found->scores, three_scans().scores);
}

TEST(Calibration, HoldsForItsOwnSettingOnly) {
  Model model;
  EXPECT_FALSE(find_calibration(model, three_scans().setting));
  put_calibration(model, three_scans());
  for (int what = 0; what < 3; ++what) {
    CalibrationSetting other = three_scans().setting;
    if (what == 0) other.detector = "ddpm";
    if (what == 1) other.config = json_text({{"start_step", 351}, {"map", {{"sigma", 2.0}}}});
    if (what == 2) other.perceptual = "lpips";
    EXPECT_FALSE(find_calibration(model, other)) << what;
  }
}

TEST(Calibration, ThatIsMissingSaysWhatWouldHaveToBeDifferent) {
  Model model;
  CalibrationSetting wanted = three_scans().setting;
  EXPECT_EQ(missing_calibration(model, wanted), "it is not calibrated");
  put_calibration(model, three_scans());
  wanted.config = json_text({{"start_step", 350}, {"map", {{"sigma", 3.0}}}});
  wanted.perceptual = "lpips";
  EXPECT_EQ(missing_calibration(model, wanted),
            "it is calibrated for thor, but with the perceptual distance unet instead of lpips, map.sigma 2.0 instead "
            "of 3.0");
  wanted.detector = "ddpm";
  EXPECT_EQ(missing_calibration(model, wanted), "it is calibrated for thor, not for ddpm");
}

TEST(Calibration, ReplacesTheOneOfTheSameSettingAndKeepsTheOthers) {
  Model model;
  put_calibration(model, three_scans("thor"));
  put_calibration(model, three_scans("ddpm"));
  Calibration again = three_scans("thor");
  again.scores = {7};
  put_calibration(model, again);
  const auto all = calibrations_of(model);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].setting.detector, "ddpm");
  EXPECT_EQ(all[1].scores, std::vector<double>{7});
}

TEST(Calibration, ThatCannotBeOneIsRefused) {
  const auto changed = [](const char* key, const nlohmann::json& value) {
    nlohmann::json json = parse(json_of(three_scans()));
    json[key] = value;
    return nlohmann::json{{"entries", {json}}};
  };
  EXPECT_EQ(story_of_parsing(nlohmann::json::object()), "accepted");
  EXPECT_EQ(story_of_parsing(changed("pixels", 5)), "accepted");
  for (const nlohmann::json& broken : {nlohmann::json{{"fpr_5", 0.25}},
                                       nlohmann::json{{"entries", 3}},
                                       nlohmann::json{{"entries", {3}}},
                                       changed("thresholds", nlohmann::json::object()),
                                       changed("thresholds", {{"1.5", 0.1}}),
                                       changed("thresholds", {{"0.05x", 0.1}}),
                                       changed("thresholds", {{"0.05", nullptr}}),
                                       changed("scores", {3, 2}),
                                       changed("scores", nlohmann::json::array()),
                                       changed("scores", "many"),
                                       changed("detector", 1),
                                       changed("config", 1),
                                       changed("pixels", 0),
                                       changed("lesion_thresholds", {{1, 2, 3}}),
                                       changed("lesion_thresholds", {{-1, 2}}),
                                       changed("lesion_thresholds", {{1, 2}, {1, 3}}),
                                       changed("lesion_thresholds", "many"),
                                       changed("looks", {{1, true}}),
                                       changed("looks", {{1e300, 0}}),
                                       changed("looks", {{0, 0}, {0, 0}, {0, 0}, {0, 0}})})
    EXPECT_THAT(story_of_parsing(broken), HasSubstr("thor calibrate")) << broken.dump();
}

TEST(Calibration, ABrokenOneIsReplacedByANewOne) {
  Model model;
  model.calibration = JsonText(R"({"fpr_5":0.25})");
  put_calibration(model, three_scans());
  EXPECT_EQ(calibrations_of(model).size(), 1u);
}

TEST(Calibration, IsWrittenIntoTheModelFileWithoutTouchingTheRest) {
  const test::TemporaryFolder folder;
  save_model(folder / "m", test::tiny_model());
  Safetensors halved = read_safetensors(folder / "m");
  for (auto& [name, tensor] : halved.tensors) tensor = tensor.to(at::kHalf);
  halved.metadata["from.elsewhere"] = "kept";
  write_safetensors(folder / "half", halved);

  Model model = load_model(folder / "half");
  put_calibration(model, three_scans());
  save_calibration(folder / "half", folder / "half", model);
  const Safetensors written = read_safetensors(folder / "half");
  EXPECT_EQ(written.metadata.at("from.elsewhere"), "kept");
  ASSERT_EQ(written.tensors.size(), halved.tensors.size());
  for (const auto& [name, tensor] : halved.tensors) {
    EXPECT_EQ(written.tensors.at(name).scalar_type(), at::kHalf) << name;
    EXPECT_TRUE(at::equal(written.tensors.at(name), tensor)) << name;
  }
  EXPECT_TRUE(find_calibration(load_model(folder / "half"), three_scans().setting));
}

TEST(Calibration, IsNotWrittenIntoAFileThatHasChangedMeanwhile) {
  const test::TemporaryFolder folder;
  save_model(folder / "m", test::tiny_model());
  Model model = load_model(folder / "m");
  Model other = test::tiny_model();
  other.training = JsonText(R"({"steps":1})");
  save_model(folder / "m", other);
  put_calibration(model, three_scans());
  EXPECT_THROW(save_calibration(folder / "m", folder / "m", model), Error);
  EXPECT_TRUE(load_model(folder / "m").calibration.empty());
}

}  // namespace
}  // namespace thor
