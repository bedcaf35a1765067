// SPDX-License-Identifier: Apache-2.0
#include "thor/train/batch.h"

#include <cmath>
#include <set>

#include "tests/support.h"
#include "thor/train/loss.h"

namespace thor {
namespace {

ExperimentConfig small_experiment() {
  ExperimentConfig config;
  config.train.batch = 4;
  config.train.augment.enabled = false;
  return config;
}

TEST(TrainingBatch, IsAPureFunctionOfTheStep) {
  const ExperimentConfig config = small_experiment();
  const Diffusion diffusion(config.model.diffusion);
  const Tensor slices = at::rand({6, 16, 16});
  const Batch once = training_batch(config, diffusion, slices, 9), again = training_batch(config, diffusion, slices, 9);
  EXPECT_TRUE(at::equal(once.xt, again.xt));
  EXPECT_TRUE(at::equal(once.target, again.target));
  EXPECT_FALSE(at::equal(once.xt, training_batch(config, diffusion, slices, 10).xt));
}

TEST(TrainingBatch, AnEpochSeesEveryImageOnce) {
  ExperimentConfig config = small_experiment();
  config.model.diffusion.prediction = Prediction::Sample;  // the target tells which image it was
  const Diffusion diffusion(config.model.diffusion);
  const Tensor slices = (at::arange(8, at::kFloat) / 8).view({8, 1, 1}).expand({8, 16, 16}).contiguous();
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    std::set<float> seen;
    for (int64_t step = 2 * epoch; step < 2 * epoch + 2; ++step)
      for (int64_t i = 0; i < 4; ++i)
        seen.insert(training_batch(config, diffusion, slices, step).target[i].mean().item<float>());
    EXPECT_EQ(seen.size(), 8u);
  }
}

TEST(TrainingBatch, TellsTheHeightsOfItsImagesAsOftenAsAsked) {
  ExperimentConfig config = small_experiment();
  config.model.diffusion.prediction = Prediction::Sample;  // the target tells which image it was
  config.train.z_share = 0.75;
  const Diffusion diffusion(config.model.diffusion);
  const Tensor z = at::arange(8, at::kFloat) * 10 - 30, unit = at::arange(8, at::kFloat) / 8;
  const TrainingSlices data(unit.view({8, 1, 1}).expand({8, 16, 16}).contiguous(), z);
  int64_t told = 0;
  for (int64_t step = 0; step < 50; ++step) {
    const Batch batch = training_batch(config, diffusion, data, step);
    for (int64_t i = 0; i < 4; ++i) {
      const float height = batch.z_mm[i].item<float>();
      if (std::isnan(height)) continue;
      ++told;
      const double of_image = diffusion.to_unit(batch.target[i]).mean().item<double>();
      EXPECT_NEAR(height, 80 * of_image - 30, 1e-2);
    }
  }
  EXPECT_NEAR(static_cast<double>(told) / 200, 0.75, 0.1);
  EXPECT_TRUE(training_batch(config, diffusion, data.slices, 0).z_mm.isnan().all().item<bool>());
  const Tensor of_validation = validation_batch(config, diffusion, data, 2, 3).z_mm;
  EXPECT_TRUE(of_validation.equal(z.narrow(0, 2, 3)));
}

TEST(TrainingBatch, KeepsTimestepsBelowTMax) {
  ExperimentConfig config = small_experiment();
  config.train.t_max = 10;
  const Diffusion diffusion(config.model.diffusion);
  for (int64_t step = 0; step < 20; ++step)
    EXPECT_LT(training_batch(config, diffusion, at::rand({4, 16, 16}), step).t.max().item<int64_t>(), 10);
}

ExperimentConfig patched_experiment(int64_t patch) {
  ExperimentConfig config = small_experiment();
  config.model.diffusion.prediction = Prediction::Sample;  // the target is the clean image
  config.train.patch = patch;
  return config;
}

TEST(TrainingBatch, NoisesAndCountsOnePatchAndLeavesTheRestClean) {
  const ExperimentConfig config = patched_experiment(8), whole = patched_experiment(0);
  const Diffusion diffusion(config.model.diffusion);
  const Tensor slices = at::rand({6, 16, 16});
  const Batch batch = training_batch(config, diffusion, slices, 9), full = training_batch(whole, diffusion, slices, 9);
  const Tensor inside = batch.counted > 0;
  EXPECT_TRUE(at::equal(batch.counted.sum({1, 2, 3}), at::full({4}, 64.F)));
  EXPECT_TRUE(at::equal(batch.xt, at::where(inside, full.xt, batch.target)));
  EXPECT_FALSE(at::equal(full.xt, batch.target));
  EXPECT_TRUE(at::equal(batch.counted, training_batch(config, diffusion, slices, 9).counted));
}

TEST(TrainingBatch, NoisesEveryPatchOfTheGridInTurn) {
  const ExperimentConfig config = patched_experiment(10);
  const Diffusion diffusion(config.model.diffusion);
  Tensor times = at::zeros({16, 16});
  for (int64_t step = 0; step < 50; ++step)
    times += training_batch(config, diffusion, at::rand({4, 16, 16}), step).counted.sum(0)[0];
  // Of 200 patches a quarter begins in each corner; all four share the middle.
  for (const Tensor& corner : {times[0][0], times[0][15], times[15][0], times[15][15]})
    EXPECT_NEAR(corner.item<double>(), 50, 25);
  EXPECT_EQ(times[8][8].item<double>(), 200);
}

TEST(TrainingBatch, APatchAsLargeAsTheImageIsTheWholeImage) {
  const ExperimentConfig config = patched_experiment(48), whole = patched_experiment(0);
  const Diffusion diffusion(config.model.diffusion);
  const Tensor slices = at::rand({6, 16, 16});
  const Batch batch = training_batch(config, diffusion, slices, 2), full = training_batch(whole, diffusion, slices, 2);
  EXPECT_TRUE(at::equal(batch.xt, full.xt));
  EXPECT_TRUE(at::equal(batch.counted, at::ones_like(full.xt)));
  EXPECT_FALSE(full.counted.defined());
}

TEST(TrainingLoss, LooksAtTheNoisedPatchOnly) {
  const ExperimentConfig config = patched_experiment(8);
  const Diffusion diffusion(config.model.diffusion);
  const Batch batch = training_batch(config, diffusion, at::rand({6, 16, 16}), 0);
  const Tensor off = batch.target + 0.5 * batch.counted, wild = off + 7 * (1 - batch.counted);
  EXPECT_NEAR(training_loss(LossKind::Mse, off, batch).item<double>(), 0.25, 1e-5);
  EXPECT_NEAR(training_loss(LossKind::L1, off, batch).item<double>(), 0.5, 1e-5);
  EXPECT_NEAR(training_loss(LossKind::Mse, wild, batch).item<double>(), 0.25, 1e-5);
}

TEST(TrainingLoss, OfWholeImagesIsTheMeanOverAllPixels) {
  Batch batch;
  batch.target = at::zeros({1, 1, 1, 4});
  const Tensor output = at::tensor({0.F, 1.F, -2.F, 3.F}).view({1, 1, 1, 4});
  EXPECT_NEAR(training_loss(LossKind::Mse, output, batch).item<double>(), 14.0 / 4, 1e-6);
  EXPECT_NEAR(training_loss(LossKind::L1, output, batch).item<double>(), 6.0 / 4, 1e-6);
}

TEST(ValidationBatch, TakesPatchesInTurn) {
  const ExperimentConfig config = patched_experiment(8);
  const Diffusion diffusion(config.model.diffusion);
  const Batch batch = validation_batch(config, diffusion, at::rand({6, 16, 16}), 1, 4);
  EXPECT_TRUE(at::equal(batch.counted.sum(0)[0], at::ones({16, 16})));
}

TEST(ValidationBatch, NeverChanges) {
  const ExperimentConfig config = small_experiment();
  const Diffusion diffusion(config.model.diffusion);
  const Tensor slices = at::rand({6, 16, 16});
  const Batch all = validation_batch(config, diffusion, slices, 0, 6),
              tail = validation_batch(config, diffusion, slices, 4, 2);
  EXPECT_TRUE(at::equal(all.xt.slice(0, 4, 6), tail.xt));
  EXPECT_TRUE(at::equal(all.t.slice(0, 4, 6), tail.t));
}

}  // namespace
}  // namespace thor
