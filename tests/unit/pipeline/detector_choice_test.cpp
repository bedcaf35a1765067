// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/detector_choice.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/unit/pipeline/tiny_model.h"
#include "thor/base/error.h"

namespace thor {
namespace {

using ::testing::HasSubstr;

nlohmann::json knobs_of(const std::vector<std::string>& sets, const std::string& detector = "thor",
                        const Model& model = test::tiny_model()) {
  return parse(choose_detector(model, detector, sets).config);
}

TEST(DetectorChoice, AKnobThatIsSetWinsOverTheSpeedWhereverItStands) {
  const nlohmann::json fast = knobs_of({"detector.speed=fast"});
  EXPECT_NE(fast, knobs_of({}));
  const nlohmann::json one_seed = knobs_of({"detector.seeds=1", "detector.speed=fast"});
  EXPECT_EQ(one_seed["seeds"], 1);
  EXPECT_EQ(one_seed["sampler"], fast["sampler"]);
  EXPECT_EQ(knobs_of({"detector.speed=fast", "detector.speed=full"}), knobs_of({}));
}

TEST(DetectorChoice, ASpeedIsNoMoreThanItsSettings) {
  EXPECT_EQ(knobs_of({"detector.speed=fast"}), knobs_of(speed_settings("thor", "fast")));
}

TEST(DetectorChoice, ASpeedWinsOverWhatTheModelRecommends) {
  Model model = test::tiny_model();
  model.detector = json_text({{"name", "thor"}, {"sampler", {{"kind", "dpmpp_2m"}}}, {"map", {{"sigma", 3}}}});
  const nlohmann::json fast = knobs_of({"detector.speed=fast"}, "", model);
  EXPECT_NE(fast["sampler"]["kind"], "dpmpp_2m");
  EXPECT_EQ(fast["map"]["sigma"], 3);
  EXPECT_EQ(knobs_of({}, "", model)["sampler"]["kind"], "dpmpp_2m");
}

TEST(DetectorChoice, AModelMayRecommendShortChainsAndTheFullOneIsStillThere) {
  Model model = test::tiny_model();
  nlohmann::json recommended = knobs_of({"detector.speed=fast"});
  recommended["name"] = "thor";
  model.detector = json_text(recommended);
  EXPECT_EQ(knobs_of({}, "", model), knobs_of({"detector.speed=fast"}));
  EXPECT_EQ(knobs_of({"detector.speed=full"}, "", model), knobs_of({}));
  EXPECT_EQ(knobs_of({"detector.speed=full", "detector.seeds=3"}, "", model)["seeds"], 3);
}

TEST(DetectorChoice, AskedForStepsItForgetsRecommendedTimesteps) {
  Model model = test::tiny_model();
  model.detector = json_text({{"name", "thor"}, {"sampler", {{"timesteps", {350, 100, 0}}}}});
  const nlohmann::json sampler = knobs_of({"detector.sampler.steps=35"}, "", model)["sampler"];
  EXPECT_EQ(sampler["steps"], 35);
  EXPECT_TRUE(sampler["timesteps"].empty());
  model.detector = json_text({{"name", "thor"}, {"sampler", {{"steps", 70}}}});
  EXPECT_EQ(knobs_of({"detector.speed=full"}, "", model), knobs_of({}));
}

TEST(DetectorChoice, AMethodThatIsFastAlreadyHasNothingToChange) {
  EXPECT_EQ(knobs_of({"detector.speed=fast"}, "pddpm"), knobs_of({}, "pddpm"));
}

TEST(DetectorChoice, NamesTheSpeedsThereAre) {
  try {
    knobs_of({"detector.speed=quick"});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Usage);
    EXPECT_THAT(error.what(), HasSubstr("'quick', expected fast, faster, full, fastest"));
  }
}

}  // namespace
}  // namespace thor
