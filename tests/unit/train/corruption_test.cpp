// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/corruption.h"

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/train/batch.h"
#include "thor/train/loss.h"

namespace thor {
namespace {

using test::max_abs_diff;

/// A bright square head with some texture in black air, and other heads to take texture from.
CorruptionSource head_of(int64_t size) {
  at::manual_seed(3);
  Tensor inside = at::zeros({size, size}, at::kBool);
  inside.slice(0, size / 8, size - size / 8).slice(1, size / 8, size - size / 8).fill_(true);
  const Tensor donors = (0.5 + 0.1 * at::rand({3, size, size})) * inside;
  return {(0.5 + 0.1 * at::rand({size, size})) * inside, inside, donors};
}

StreamKey key_of(uint64_t image) { return {7, image, 0, Purpose::Corruption, 0}; }

CorruptionConfig only_lesions() {
  CorruptionConfig config;
  config.kind = CorruptionKind::Texture;
  config.lesion_share = 1;
  return config;
}

TEST(Corruption, IsAPureFunctionOfItsKey) {
  const CorruptionSource source = head_of(64);
  const CorruptionConfig config = only_lesions();
  const Corrupted once = corrupt(config, source, key_of(1)), again = corrupt(config, source, key_of(1));
  EXPECT_TRUE(at::equal(once.image, again.image));
  EXPECT_TRUE(at::equal(once.painted, again.painted));
  EXPECT_FALSE(at::equal(once.image, corrupt(config, source, key_of(2)).image));
}

TEST(Corruption, TouchesNothingOutsideTheHeadAndStaysInUnitRange) {
  const CorruptionSource source = head_of(64);
  for (const CorruptionKind kind : {CorruptionKind::CoarseNoise, CorruptionKind::Texture, CorruptionKind::Both}) {
    CorruptionConfig config = only_lesions();
    config.kind = kind;
    config.sigma = 1;
    for (uint64_t i = 0; i < 20; ++i) {
      const Corrupted one = corrupt(config, source, key_of(i));
      EXPECT_EQ(max_abs_diff(one.image * ~source.inside, source.image * ~source.inside), 0);
      EXPECT_EQ((one.painted * ~source.inside).sum().item<double>(), 0);
      EXPECT_GE(one.image.min().item<double>(), 0);
      EXPECT_LE(one.image.max().item<double>(), 1);
      EXPECT_GT(max_abs_diff(one.image, source.image), 0.01);
    }
  }
}

TEST(Corruption, ChangesOnlyWhatItSaysItPainted) {
  const CorruptionSource source = head_of(64);
  for (uint64_t i = 0; i < 20; ++i) {
    const Corrupted one = corrupt(only_lesions(), source, key_of(i));
    EXPECT_EQ(((one.image - source.image) * (1 - one.painted)).abs().max().item<double>(), 0);
    EXPECT_GT(one.painted.sum().item<double>(), 0);
  }
}

TEST(Corruption, PaintsSmallLesionsAsOftenAsLargeOnes) {
  const CorruptionSource source = head_of(128);
  CorruptionConfig config = only_lesions();
  config.lesions = 1;
  config.edge = 0;
  int64_t below = 0, above = 0;
  const double middle = std::sqrt(config.area_min * config.area_max);
  for (uint64_t i = 0; i < 200; ++i)
    (corrupt(config, source, key_of(i)).painted.sum().item<double>() < middle ? below : above) += 1;
  EXPECT_GT(below, 60);
  EXPECT_GT(above, 60);
}

TEST(Corruption, PaintsTheShareOfImagesItIsAskedTo) {
  const CorruptionSource source = head_of(32);
  CorruptionConfig config = only_lesions();
  config.lesion_share = 0.25;
  int64_t painted = 0;
  for (uint64_t i = 0; i < 200; ++i) painted += corrupt(config, source, key_of(i)).painted.any().item<bool>();
  EXPECT_NEAR(static_cast<double>(painted), 50, 20);
}

TEST(Corruption, TonesAreDarkOrBrightAndNeverInvisible) {
  const CorruptionSource source = head_of(64);
  CorruptionConfig config = only_lesions();
  config.lesions = 1;
  config.foreign = 0;
  config.alpha_min = 1;
  int64_t dark = 0, bright = 0;
  for (uint64_t i = 0; i < 100; ++i) {
    const Corrupted one = corrupt(config, source, key_of(i));
    const Tensor change = one.image - source.image;
    const double largest = change.abs().max().item<double>();
    EXPECT_GT(largest, 0.02);
    (change.sum().item<double>() < 0 ? dark : bright) += 1;
  }
  // This head is nearly white: there is less room above it than below.
  EXPECT_GT(dark, 20);
  EXPECT_GT(bright, 10);
}

TEST(Corruption, CoarseNoiseHasTheDeviationAskedForAndIsSmooth) {
  CorruptionSource source = head_of(128);
  source.image = at::full({128, 128}, 0.5);
  source.inside = at::ones({128, 128}, at::kBool);
  CorruptionConfig config;
  config.kind = CorruptionKind::CoarseNoise;
  config.sigma = 0.1;
  double squares = 0, steps = 0;
  constexpr int kImages = 20;
  for (uint64_t i = 0; i < kImages; ++i) {
    const Tensor noise = corrupt(config, source, key_of(i)).image - 0.5;
    squares += noise.square().mean().item<double>() / kImages;
    steps += (noise.slice(1, 1) - noise.slice(1, 0, 127)).square().mean().item<double>() / kImages;
  }
  // Bilinear enlargement averages: 2/3 of the deviation is left.
  EXPECT_NEAR(std::sqrt(squares), 0.1 * 0.5 * 2 / 3, 0.005);
  EXPECT_LT(steps, squares / 10);
}

TEST(Corruption, LeavesAnImageWithoutAHeadAsItIs) {
  CorruptionSource source = head_of(32);
  source.inside = at::zeros({32, 32}, at::kBool);
  const Corrupted one = corrupt(only_lesions(), source, key_of(0));
  EXPECT_TRUE(at::equal(one.image, source.image));
  EXPECT_EQ(one.painted.sum().item<double>(), 0);
}

TEST(Corruption, RefusesASmallestLesionAboveTheLargest) {
  CorruptionConfig config;
  config.area_min = 100;
  config.area_max = 10;
  EXPECT_THROW(config.check(), Error);
}

ExperimentConfig restorer_experiment() {
  ExperimentConfig config;
  config.model.diffusion.process = Process::Corruption;
  config.model.diffusion.prediction = Prediction::Sample;
  config.train.batch = 4;
  config.train.augment.enabled = false;
  config.train.corruption = only_lesions();
  return config;
}

Tensor heads(int64_t count, int64_t size) {
  const CorruptionSource source = head_of(size);
  at::manual_seed(11);
  return (0.5 + 0.1 * at::rand({count, size, size})) * source.inside;
}

TEST(CorruptedBatch, AsksForTheHealthyImageAtTimestepZero) {
  const ExperimentConfig config = restorer_experiment();
  const Diffusion diffusion(config.model.diffusion);
  const Tensor slices = heads(4, 64);
  const Batch batch = training_batch(config, diffusion, slices, 0);
  EXPECT_EQ(batch.t.abs().sum().item<int64_t>(), 0);
  const Tensor healthy = diffusion.to_unit(batch.target).squeeze(1);
  for (int64_t i = 0; i < 4; ++i)
    EXPECT_LT((slices - healthy[i]).abs().amax({1, 2}).min().item<double>(), 1e-6);  // it is one of them
  const Tensor changed = (batch.xt != batch.target), painted = batch.counted > 1;
  EXPECT_TRUE(changed.any().item<bool>());
  EXPECT_FALSE((changed.logical_and(painted.logical_not())).any().item<bool>());
  EXPECT_EQ(batch.counted.max().item<double>(), config.train.corruption.weight);
  EXPECT_EQ(batch.counted.min().item<double>(), 1);
}

TEST(CorruptedBatch, TellsTheHealthyImageWhicheverTheNetworkPredicts) {
  ExperimentConfig config = restorer_experiment();
  const Tensor slices = heads(4, 64);
  const Diffusion sample(config.model.diffusion);
  const Batch healthy = training_batch(config, sample, slices, 0);
  config.model.diffusion.prediction = Prediction::Epsilon;
  const Diffusion epsilon(config.model.diffusion);
  const Batch added = training_batch(config, epsilon, slices, 0);
  EXPECT_TRUE(at::equal(added.xt, healthy.xt));
  EXPECT_FALSE(at::equal(added.target, healthy.target));
  EXPECT_LT(max_abs_diff(epsilon.x0_from_output(added.target, added.xt, 0), healthy.target), 1e-6);
  EXPECT_LT(max_abs_diff(epsilon.x0_from_output(at::zeros_like(added.xt), added.xt, 0), added.xt), 1e-6);
}

TEST(CorruptedBatch, HasNoVelocityToPredict) {
  DiffusionConfig config = restorer_experiment().model.diffusion;
  config.prediction = Prediction::V;
  EXPECT_THROW(Diffusion{config}, Error);
}

TEST(CorruptedExperiment, RefusesPatchesAndALossUnderWhichItLearnsNothing) {
  ExperimentConfig config = restorer_experiment();
  config.detector = make_detector("restorer", NoiseKind::Gaussian);
  config.model.diffusion.prediction = Prediction::Epsilon;
  EXPECT_NO_THROW(config.check());
  config.train.loss = LossKind::L1;
  EXPECT_THROW(config.check(), Error);
  config.model.diffusion.prediction = Prediction::Sample;
  EXPECT_NO_THROW(config.check());
  config.train.patch = 8;
  EXPECT_THROW(config.check(), Error);
}

TEST(CorruptedBatch, IsAPureFunctionOfTheStepAndCorruptsAnImageAnewInEveryEpoch) {
  const ExperimentConfig config = restorer_experiment();
  const Diffusion diffusion(config.model.diffusion);
  const Tensor slices = heads(1, 64);
  const Batch once = training_batch(config, diffusion, slices, 3), again = training_batch(config, diffusion, slices, 3);
  EXPECT_TRUE(at::equal(once.xt, again.xt));
  EXPECT_FALSE(at::equal(once.xt[0], once.xt[1]));
  EXPECT_TRUE(at::equal(once.target[0], once.target[1]));
}

TEST(CorruptedBatch, OfValidationNeverChangesWithTheSeedOrItsSize) {
  ExperimentConfig config = restorer_experiment();
  const Diffusion diffusion(config.model.diffusion);
  const Tensor slices = heads(5, 64);
  const Batch all = validation_batch(config, diffusion, slices, 0, 5);
  config.train.seed = 9;
  const Batch two = validation_batch(config, diffusion, slices, 3, 2);
  EXPECT_TRUE(at::equal(all.xt.slice(0, 3, 5), two.xt));
  EXPECT_TRUE(at::equal(all.counted.slice(0, 3, 5), two.counted));
}

TEST(TrainingLoss, WeighsPixelsAsTheyCount) {
  const Tensor counted = at::tensor({1.F, 3.F}).view({1, 1, 1, 2});
  Batch batch;
  batch.target = at::zeros({1, 1, 1, 2});
  batch.counted = counted;
  const Tensor output = at::tensor({1.F, 2.F}).view({1, 1, 1, 2});
  EXPECT_NEAR(training_loss(LossKind::L1, output, batch).item<double>(), (1 + 3 * 2) / 4.0, 1e-6);
  EXPECT_NEAR(training_loss(LossKind::Mse, output, batch).item<double>(), (1 + 3 * 4) / 4.0, 1e-6);
}

}  // namespace
}  // namespace thor
