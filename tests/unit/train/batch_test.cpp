// SPDX-License-Identifier: Apache-2.0
#include "thor/train/batch.h"

#include <set>

#include "tests/support.h"

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
  config.model.diffusion.prediction = "sample";  // the target tells which image it was
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

TEST(TrainingBatch, KeepsTimestepsBelowTMax) {
  ExperimentConfig config = small_experiment();
  config.train.t_max = 10;
  const Diffusion diffusion(config.model.diffusion);
  for (int64_t step = 0; step < 20; ++step)
    EXPECT_LT(training_batch(config, diffusion, at::rand({4, 16, 16}), step).t.max().item<int64_t>(), 10);
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
