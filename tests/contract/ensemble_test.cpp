// SPDX-License-Identifier: Apache-2.0
// What an ensemble promises, whichever detectors its members have.
#include "thor/detect/ensemble.h"

#include "tests/contract/small_world.h"
#include "tests/support.h"

namespace thor::test {
namespace {

std::unique_ptr<Detector> short_chain(const std::string& name) {
  auto detector = make_detector(name, NoiseKind::Gaussian);
  Fields fields(*detector);
  const std::vector<std::pair<std::string, std::string>> knobs{
      {"start_step", "60"}, {"map_every", "20"}, {"resample_step", "20"}, {"threshold", "0.02"}, {"patch", "6"}};
  for (const auto& [knob, value] : knobs)
    if (fields.has(knob)) fields.set(knob, value);
  return detector;
}

/// An ensemble of a detector and of ddpm, each in a small world of its own.
class EveryEnsemble : public ::testing::TestWithParam<std::string> {
 protected:
  Detection detect(const Images& images, uint64_t seed = 1, bool turned = false) {
    std::vector<SmallWorld> worlds(3, SmallWorld(NoiseKind::Gaussian, seed));
    Context context = worlds[2].context();
    context.denoise = [](const Images&, const Tensor&, int64_t) -> Tensor {
      throw std::logic_error("it has no network of its own");
    };
    for (size_t i = 0; i < members.size(); ++i) {
      const size_t one = turned ? members.size() - 1 - i : i;
      context.members.push_back(
          {[this, one, &worlds](const Images& of) { return members[one]->detect(worlds[one].context(), of); },
           references[one]});
    }
    return Ensemble(EnsembleConfig()).detect(context, images);
  }

  const std::vector<std::unique_ptr<Detector>> members = [] {
    std::vector<std::unique_ptr<Detector>> both;
    both.push_back(short_chain(GetParam()));
    both.push_back(short_chain("ddpm"));
    return both;
  }();
  const std::vector<HealthyReference> references{
      {on_device(at::linspace(0.5, 1.5, 256).view({1, 16, 16})), on_device(at::linspace(0, 0.2, 100)), at::zeros({1})},
      {on_device(at::ones({1, 16, 16})), on_device(at::linspace(0, 0.3, 100)), at::zeros({1})}};
};

TEST_P(EveryEnsemble, GivesTheSameMapAloneAndInABatchInAnotherOrder) {
  const Images images = some_images(5);
  const std::vector<int64_t> order{4, 2, 0, 1, 3};
  const Detection batch = detect(images), shuffled = detect(chosen(images, order));
  for (int64_t i = 0; i < 5; ++i) {
    const Detection alone = detect(chosen(images, {order[static_cast<size_t>(i)]}));
    EXPECT_LT(max_abs_diff(alone.map[0], shuffled.map[i]), 1e-4);
    EXPECT_LT(max_abs_diff(alone.map[0], batch.map[order[static_cast<size_t>(i)]]), 1e-4);
    EXPECT_LT(max_abs_diff(alone.pseudo_healthy[0], shuffled.pseudo_healthy[i]), 1e-5);
  }
}

TEST_P(EveryEnsemble, GivesTheSameMapForTheSameSeedAndAnotherForAnother) {
  const Images images = some_images(2);
  const Tensor map = detect(images, 1).map;
  EXPECT_EQ(max_abs_diff(map, detect(images, 1).map), 0);
  EXPECT_GT(max_abs_diff(map, detect(images, 2).map), 1e-4);
}

TEST_P(EveryEnsemble, LeavesItsInputUnchanged) {
  const Images images = some_images(2);
  const Tensor before = images.pixels.clone();
  detect(images);
  EXPECT_EQ(max_abs_diff(images.pixels, before), 0);
}

TEST_P(EveryEnsemble, GivesFiniteMapsPicturesAndScores) {
  const Images images = some_images(3);
  const Detection found = detect(images);
  EXPECT_EQ(found.map.sizes(), images.pixels.sizes());
  EXPECT_TRUE(found.map.isfinite().all().item<bool>());
  EXPECT_GE(found.map.min().item<double>(), 0);
  EXPECT_GT(found.map.max().item<double>(), 0);
  EXPECT_EQ(found.pseudo_healthy.sizes(), images.pixels.sizes());
  EXPECT_GE(found.pseudo_healthy.min().item<double>(), 0);
  EXPECT_LE(found.pseudo_healthy.max().item<double>(), 1);
  EXPECT_LT(max_abs_diff(found.score, found.map.mean({1, 2, 3})), 1e-6);
}

TEST_P(EveryEnsemble, GivesTheSameMapWhicheverMemberIsFirstAndThePictureOfTheFirst) {
  const Images images = some_images(2);
  const Detection found = detect(images), turned = detect(images, 1, true);
  EXPECT_LT(max_abs_diff(found.map, turned.map), 1e-5);
  SmallWorld world;
  EXPECT_EQ(max_abs_diff(turned.pseudo_healthy, members[1]->detect(world.context(), images).pseudo_healthy), 0);
}

std::vector<std::string> all_detectors() {
  std::vector<std::string> names;
  for (const DetectorRow& row : detectors()) names.push_back(row.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Table, EveryEnsemble, ::testing::ValuesIn(all_detectors()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace thor::test
