// SPDX-License-Identifier: Apache-2.0
#include "thor/results/sidecar.h"

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support.h"

namespace thor {
namespace {

using ::testing::HasSubstr;

Sidecar example() {
  Sidecar about;
  about.version = "0.1.0";
  about.detector = "thor";
  about.detector_config.text = R"({"start_step":300})";
  about.model_sha256 = "feed";
  about.perceptual = "ssim";
  about.network_calls = 29;
  about.network_size = 64;
  about.input = "scans/a.nii.gz";
  about.name = "a";
  about.map = "a_map.nii.gz";
  about.pseudo_healthy = "a_pseudo_healthy.nii.gz";
  about.score = 0.25;
  about.calibration =
      SidecarCalibration{{0.05, 0}, 0.4, {{0.01, 0.7}, {0.05, 0.4}}, 0.02, "the volume", 99, "promised"};
  about.slices = {{"", {3, 20, true, 0, {}}}, {"", {4, 23, false, 0.25, 0.02}}};
  SidecarVolume volume;
  volume.native = {{10, 8, 6}, scaling({2, 2, 3})};
  volume.steps.text = R"([{"step":"n4"}])";
  volume.native_from_steps = translation({1, 2, 3});
  volume.examined = Grid{{9, 7, 2}, scaling({2, 2, 2})};
  about.volume = volume;
  return about;
}

TEST(Sidecar, IsReadBackAsItWasWritten) {
  const Sidecar about = example();
  const Sidecar read = parse_sidecar(sidecar_text(about)).value();
  EXPECT_EQ(read.version, about.version);
  EXPECT_EQ(read.detector, about.detector);
  EXPECT_EQ(read.detector_config, about.detector_config);
  EXPECT_EQ(read.model_sha256, about.model_sha256);
  EXPECT_EQ(read.perceptual, about.perceptual);
  EXPECT_EQ(read.network_calls, about.network_calls);
  EXPECT_EQ(read.network_size, about.network_size);
  EXPECT_EQ(read.input, about.input);
  EXPECT_EQ(read.map, about.map);
  EXPECT_EQ(read.pseudo_healthy, about.pseudo_healthy);
  EXPECT_EQ(read.score, about.score);
  EXPECT_EQ(read.calibration->thresholds, about.calibration->thresholds);
  EXPECT_EQ(read.calibration->p_value_of, "the volume");
  EXPECT_EQ(read.calibration->promise, "promised");
  ASSERT_EQ(read.slices.size(), 2u);
  EXPECT_TRUE(read.slices[0].found.blank);
  EXPECT_EQ(read.slices[1].found.index, 4);
  EXPECT_EQ(read.slices[1].found.p_value, 0.02);
  EXPECT_EQ(read.volume->native_from_steps.rows, about.volume->native_from_steps.rows);
  EXPECT_EQ(read.volume->examined->size, about.volume->examined->size);
  EXPECT_EQ(read.volume->steps, about.volume->steps);
  EXPECT_EQ(sidecar_text(read).empty(), false);
}

TEST(Sidecar, NamesOfFilesMayBeAnyBytes) {
  Sidecar about = example();
  about.input = "scans/\xfc.nii.gz";
  EXPECT_EQ(parse_sidecar(sidecar_text(about))->input, about.input);
}

TEST(Sidecar, OfAnOlderVersionHasTheUsualValuesAndNoScore) {
  const auto read = parse_sidecar(R"({"input": "a.png", "map": "a_map.png"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->map_full_scale, 1);
  EXPECT_EQ(read->network_size, 128);
  EXPECT_TRUE(std::isnan(read->score));
  EXPECT_FALSE(read->calibration);
  EXPECT_FALSE(read->volume);
}

TEST(Sidecar, JsonOfAnotherKindIsNone) {
  EXPECT_FALSE(parse_sidecar(R"({"auroc": 0.9})"));
  EXPECT_FALSE(parse_sidecar("[]"));
}

TEST(Sidecar, ABrokenOneIsRefusedWithTheField) {
  const auto reason = [](const std::string& text) {
    try {
      parse_sidecar(text);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(reason("{"), HasSubstr("not valid JSON"));
  EXPECT_THAT(reason(R"({"map": "a"})"), HasSubstr("no text 'input'"));
  EXPECT_THAT(reason(R"({"input": "a", "map": 3})"), HasSubstr("'map' is not a text"));
  EXPECT_THAT(reason(R"({"input": "a", "map": "b", "score": "high"})"), HasSubstr("'score'"));
  EXPECT_THAT(reason(R"({"input": "a", "map": "b", "calibration": {"thresholds": {"2": 1}}})"), HasSubstr("'2'"));
}

TEST(Sidecar, AVolumeThatCannotBeUnderstoodIsAProblemOfTheVolumeAlone) {
  const auto read = parse_sidecar(R"({"input": "a", "map": "b", "volume": {"native_from_chain": "none"}})");
  ASSERT_TRUE(read);
  EXPECT_THAT(read->volume_problem, HasSubstr("not as thor writes it"));
}

}  // namespace
}  // namespace thor
