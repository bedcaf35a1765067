// SPDX-License-Identifier: Apache-2.0
// What every row of the table of detectors promises.
#include "thor/detect/detector.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/contract/small_world.h"
#include "tests/support.h"
#include "thor/base/error.h"

namespace thor::test {
namespace {

struct Case {
  std::string detector;
  NoiseKind noise;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.detector << " with " << name_of(c.noise) << " noise"; }

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const auto& row : detectors())
    for (const NoiseKind noise : {NoiseKind::Gaussian, NoiseKind::Simplex}) cases.push_back({row.name, noise});
  return cases;
}

class EveryDetector : public ::testing::TestWithParam<Case> {
 protected:
  EveryDetector() : detector(make_detector(GetParam().detector, GetParam().noise)) {
    Fields fields(*detector);
    // Short chains, and knobs for a world whose images are 16 pixels wide and whose residuals are small.
    const std::vector<std::pair<std::string, std::string>> knobs{
        {"start_step", "60"}, {"map_every", "20"}, {"resample_step", "20"}, {"threshold", "0.02"}, {"patch", "6"}};
    for (const auto& [knob, value] : knobs)
      if (fields.has(knob)) fields.set(knob, value);
  }

  bool uses_network() const { return detector->network_calls(16) > 0; }
  bool walks_back_noise() const { return detector->undoes() == Process::Noise; }

  Detection detect(const Images& images, uint64_t seed = 1) {
    SmallWorld world(GetParam().noise, seed);
    return detector->detect(world.context(), images);
  }

  std::unique_ptr<Detector> detector;
};

TEST_P(EveryDetector, GivesTheSameMapAloneAndInABatchInAnotherOrder) {
  const Images images = some_images(7);
  const std::vector<int64_t> order{4, 2, 6, 0, 5, 1, 3};
  const Detection batch = detect(images), shuffled = detect(chosen(images, order));
  for (int64_t i = 0; i < 7; ++i) {
    const Detection alone = detect(chosen(images, {order[i]}));
    EXPECT_LT(max_abs_diff(alone.map[0], shuffled.map[i]), 1e-5);
    EXPECT_LT(max_abs_diff(alone.map[0], batch.map[order[i]]), 1e-5);
    EXPECT_LT(max_abs_diff(alone.score[0], shuffled.score[i]), 1e-5);
    EXPECT_LT(max_abs_diff(alone.pseudo_healthy[0], shuffled.pseudo_healthy[i]), 1e-5);
  }
}

TEST_P(EveryDetector, GivesTheSameMapForTheSameSeedAndAnotherForAnotherIfItWalksBackNoise) {
  const Images images = some_images(2);
  const auto map = detect(images, 1).map;
  EXPECT_EQ(max_abs_diff(map, detect(images, 1).map), 0);
  const double difference = max_abs_diff(map, detect(images, 2).map);
  if (walks_back_noise()) {
    EXPECT_GT(difference, 1e-4);
  } else {
    EXPECT_EQ(difference, 0);
  }
}

TEST_P(EveryDetector, LeavesItsInputUnchanged) {
  const Images images = some_images(2);
  const auto before = images.pixels.clone();
  detect(images);
  EXPECT_EQ(max_abs_diff(images.pixels, before), 0);
}

TEST_P(EveryDetector, GivesFiniteMapsPicturesAndScores) {
  const Images images = some_images(3);
  const Detection result = detect(images);
  EXPECT_EQ(result.map.sizes(), images.pixels.sizes());
  EXPECT_TRUE(result.map.isfinite().all().item<bool>());
  EXPECT_GE(result.map.min().item<double>(), 0);
  EXPECT_GT(result.map.max().item<double>(), 0);
  EXPECT_EQ(result.pseudo_healthy.sizes(), images.pixels.sizes());
  EXPECT_GE(result.pseudo_healthy.min().item<double>(), 0);
  EXPECT_LE(result.pseudo_healthy.max().item<double>(), 1);
  EXPECT_LT(max_abs_diff(result.score, result.map.mean({1, 2, 3})), 1e-6);
}

TEST_P(EveryDetector, CallsTheNetworkAsOftenAsItSays) {
  SmallWorld world(GetParam().noise);
  detector->detect(world.context(), some_images(2));
  EXPECT_EQ(world.calls, detector->network_calls(16));
}

TEST_P(EveryDetector, AveragesTheMapsOfItsChainsWhateverTheBatch) {
  if (!Fields(*detector).has("seeds")) GTEST_SKIP() << "it draws nothing";
  const Images images = some_images(3);
  const int64_t calls = detector->network_calls(16);
  const Detection first = detect(images);
  Detection sum = first;
  for (uint64_t chain = 1; chain < 3; ++chain) {
    Images other = images;
    for (ImageKey& key : other.keys) key.chain = chain;
    const Detection one = detect(other);
    EXPECT_GT(max_abs_diff(one.map, first.map), 1e-4);
    sum = {sum.map + one.map, sum.pseudo_healthy + one.pseudo_healthy, sum.score + one.score};
  }
  Fields(*detector).set("seeds", "3");
  EXPECT_EQ(detector->network_calls(16), 3 * calls);
  for (const int64_t batch : {0, 1, 2, 4}) {
    SmallWorld world(GetParam().noise);
    Context context = world.context();
    context.batch = batch;
    const Detection mean = detector->detect(context, images);
    EXPECT_LT(max_abs_diff(mean.map, sum.map / 3), 1e-6) << batch;
    EXPECT_LT(max_abs_diff(mean.pseudo_healthy, sum.pseudo_healthy / 3), 1e-6) << batch;
    EXPECT_LT(max_abs_diff(mean.score, mean.map.mean({1, 2, 3})), 1e-6) << batch;
  }
}

TEST_P(EveryDetector, HasSpeedsThatItCanBeSetToAndThatCostFewerCalls) {
  const DetectorRow& row = detector_row(GetParam().detector);
  const auto calls_with = [&](const std::vector<std::string>& sets) {
    auto fresh = row.make(GetParam().noise);
    Fields fields;
    fields.group("detector", *fresh);
    for (const std::string& set : sets) fields.assign(set);
    EXPECT_NO_THROW(fresh->check(Diffusion(DiffusionConfig())));
    return fresh->network_calls(128);
  };
  std::vector<std::string> names;
  for (const DetectorSpeed& speed : row.speeds) {
    names.push_back(speed.name);
    EXPECT_EQ(speed.sets.empty(), speed.name == "full") << speed.name;
    if (!speed.sets.empty()) {
      EXPECT_LT(4 * calls_with(speed.sets), calls_with({})) << speed.name;
    }
  }
  EXPECT_EQ(std::count(names.begin(), names.end(), "full"), 1);
}

TEST_P(EveryDetector, TellsItsStepsInTheOrderOfTheChain) {
  SmallWorld world(GetParam().noise);
  Context context = world.context();
  std::map<std::string, std::vector<int64_t>> steps;
  context.trace = [&](const char* name, int64_t t, const at::Tensor& value) {
    EXPECT_EQ(value.sizes(), (std::vector<int64_t>{2, 1, 16, 16})) << name;
    steps[name].push_back(t);
  };
  detector->detect(context, some_images(2));
  EXPECT_EQ(steps.count("x0") > 0, uses_network());
  for (const auto& [name, told] : steps) EXPECT_TRUE(std::is_sorted(told.rbegin(), told.rend())) << name;
  ASSERT_TRUE(steps.count("map"));
  EXPECT_EQ(steps["map"].back(), 0);
}

TEST_P(EveryDetector, TakesAModelTrainedForItAndRefusesToStartBeyondItsTimesteps) {
  DiffusionConfig config;
  if (detector->undoes() == Process::Corruption) config.process = Process::Corruption;
  EXPECT_NO_THROW(check_detector(*detector, Diffusion(config)));
  config.steps = 50;
  if (walks_back_noise()) {
    EXPECT_THROW(check_detector(*detector, Diffusion(config)), Error);
  }
}

TEST_P(EveryDetector, ExplainsEveryKnobAndReadsItsOwnSettingsBack) {
  Fields fields(*detector);
  ASSERT_FALSE(fields.list().empty());
  for (const auto& field : fields.list()) EXPECT_FALSE(field.help.empty()) << field.name;
  EXPECT_NO_THROW(fields.read(fields.to_json().dump()));
}

INSTANTIATE_TEST_SUITE_P(Table, EveryDetector, ::testing::ValuesIn(all_cases()),
                         [](const auto& test) { return test.param.detector + "_" + name_of(test.param.noise); });

TEST(Detectors, AnUnknownNameIsAnsweredWithTheNearest) {
  try {
    make_detector("anodpm", NoiseKind::Gaussian);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Usage);
    EXPECT_NE(std::string(error.what()).find("anoddpm"), std::string::npos);
  }
}

TEST(Detectors, HaveNamesOfTheirOwnAndNameTheirPaper) {
  std::set<std::string> names;
  for (const auto& row : detectors()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.title.empty() || row.paper.empty()) << row.name;
  }
}

}  // namespace
}  // namespace thor::test
