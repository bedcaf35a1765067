// SPDX-License-Identifier: Apache-2.0
#include "thor/train/batch.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "thor/base/random.h"
#include "thor/detect/head_mask.h"
#include "thor/detect/patch_grid.h"
#include "thor/synth/corruption.h"
#include "thor/synth/stripping.h"

namespace thor {
namespace {

// Which image comes at `position` of an endless walk through reshuffled epochs.
struct Visit {
  int64_t image, epoch;
};

class Walk {
 public:
  Walk(uint64_t seed, int64_t images) : seed_(seed), order_(images) {}
  Visit at(int64_t position) {
    const auto images = static_cast<int64_t>(order_.size());
    if (const int64_t epoch = position / images; epoch != epoch_) shuffle(epoch);
    return {order_[position % images], epoch_};
  }

 private:
  void shuffle(int64_t epoch) {
    std::iota(order_.begin(), order_.end(), 0);
    Random random({seed_, 0, 0, Purpose::Shuffle, static_cast<uint64_t>(epoch)});
    for (size_t i = order_.size() - 1; i > 0; --i) std::swap(order_[i], order_[random.below(i + 1)]);
    epoch_ = epoch;
  }
  uint64_t seed_;
  std::vector<int64_t> order_;
  int64_t epoch_ = -1;
};

// One image of a batch and what happens to it.
struct Example {
  Tensor image;  // [S,S] in unit range
  int64_t t;
  StreamKey noise;
  Patch patch;  // that is noised, where the training is patched
};

constexpr double kForeground = 0.1;  // of an image's white: darker is air

bool undoes_corruption(const Diffusion& diffusion) { return diffusion.config().process == Process::Corruption; }

// `healthy`, one image for each key, and its corruption; `donors` lend it their texture. -> t is 0 throughout
Batch make_corrupted_batch(const CorruptionConfig& config, const Diffusion& diffusion, const Tensor& donors,
                           const std::vector<Tensor>& healthy, const std::vector<StreamKey>& keys) {
  const Tensor images = at::stack(healthy).unsqueeze(1), inside = head_mask(images, kForeground);
  std::vector<Tensor> corrupted, counted;
  for (size_t i = 0; i < keys.size(); ++i) {
    const Corrupted one = corrupt(config, {healthy[i], inside[static_cast<int64_t>(i)][0], donors}, keys[i]);
    corrupted.push_back(one.image);
    counted.push_back(1 + one.painted * (config.weight - 1));
  }
  const Tensor x0 = diffusion.from_unit(images), xt = diffusion.from_unit(at::stack(corrupted).unsqueeze(1));
  const Tensor t = at::zeros({images.size(0)}, at::kLong);
  return {xt, t, diffusion.target(x0, xt - x0, t), {}, at::stack(counted).unsqueeze(1)};
}

Batch make_batch(const ExperimentConfig& config, const Diffusion& diffusion, const std::vector<Example>& examples) {
  std::vector<Tensor> images;
  std::vector<int64_t> timesteps;
  std::vector<StreamKey> keys;
  for (const Example& example : examples) {
    images.push_back(example.image);
    timesteps.push_back(example.t);
    keys.push_back(example.noise);
  }
  const Tensor unit = at::stack(images).unsqueeze(1), x0 = diffusion.from_unit(unit);
  const auto [channels, height, width] = diffusion.noise_shape(unit.size(2), unit.size(3));
  const Tensor eps = draw_noise(config.model.noise, keys, channels, height, width);
  const Tensor t = at::tensor(timesteps, at::kLong);
  Batch batch{diffusion.add_noise(x0, eps, t), t, diffusion.target(x0, eps, t), {}, {}};
  if (config.train.patch == 0) return batch;

  batch.counted = at::zeros_like(x0);
  for (size_t i = 0; i < examples.size(); ++i) examples[i].patch.of(batch.counted[static_cast<int64_t>(i)]).fill_(1);
  batch.xt = at::where(batch.counted > 0, batch.xt, x0);
  return batch;
}

Tensor augmented(const TrainConfig& train, const TrainingSlices& data, const Visit& visit) {
  StreamKey key{static_cast<uint64_t>(train.seed), static_cast<uint64_t>(visit.image), 0, Purpose::Strip,
                static_cast<uint64_t>(visit.epoch)};
  const Tensor slice = data.slices[visit.image];
  const bool strips = train.strip_share > 0 && data.brain.defined();
  const Tensor kept = strips ? strip_skull(train.strip_share, slice, data.brain[visit.image], key) : slice;
  key.purpose = Purpose::Augment;
  const Tensor moved = augment(train.augment, kept, key);
  if (train.scanner.share == 0) return moved;
  key.purpose = Purpose::Scanner;
  return vary_scanner(train.scanner, moved, head_mask(moved.unsqueeze(0).unsqueeze(0), kForeground)[0][0], key);
}

// Heights of the slices of a batch, of which the network is not told all. -> float32 [N]
Tensor told_heights(const TrainConfig& train, const TrainingSlices& data, const std::vector<Visit>& visits) {
  Tensor told = at::full({static_cast<int64_t>(visits.size())}, NAN, at::kFloat);
  if (!data.z_mm.defined()) return told;
  for (size_t i = 0; i < visits.size(); ++i) {
    const auto [image, epoch] = visits[i];
    Random random({static_cast<uint64_t>(train.seed), static_cast<uint64_t>(image), static_cast<uint64_t>(epoch),
                   Purpose::TrainHeight, 0});
    if (random.uniform() < train.z_share) told[static_cast<int64_t>(i)] = data.z_mm[image];
  }
  return told;
}

Batch corrupted_training_batch(const TrainConfig& train, const Diffusion& diffusion, const TrainingSlices& data,
                               const std::vector<Visit>& visits) {
  const auto seed = static_cast<uint64_t>(train.seed);
  std::vector<Tensor> healthy;
  std::vector<StreamKey> keys;
  for (const Visit& visit : visits) {
    healthy.push_back(augmented(train, data, visit));
    keys.push_back(
        {seed, static_cast<uint64_t>(visit.image), 0, Purpose::Corruption, static_cast<uint64_t>(visit.epoch)});
  }
  return make_corrupted_batch(train.corruption, diffusion, data.slices, healthy, keys);
}

// The patches one of which is noised; a whole image is one.
std::vector<Patch> patches_of(const TrainConfig& train, const Tensor& slices) {
  const int64_t height = slices.size(1), width = slices.size(2);
  return patch_grid(height, width, train.patch > 0 ? train.patch : std::max(height, width));
}

Batch noised_training_batch(const ExperimentConfig& config, const Diffusion& diffusion, const TrainingSlices& data,
                            const std::vector<Visit>& visits) {
  const TrainConfig& train = config.train;
  const auto seed = static_cast<uint64_t>(train.seed);
  const int64_t t_end = train.t_max > 0 ? train.t_max : diffusion.steps();
  const std::vector<Patch> patches = patches_of(train, data.slices);
  std::vector<Example> examples;
  for (const Visit& visit : visits) {
    const auto image = static_cast<uint64_t>(visit.image), epoch = static_cast<uint64_t>(visit.epoch);
    const uint64_t t = Random({seed, image, epoch, Purpose::TrainTimestep, 0}).below(t_end);
    const uint64_t patch = Random({seed, image, epoch, Purpose::TrainPatch, 0}).below(patches.size());
    // The epoch stands in the slice's place: t is the plane at which a simplex field is cut.
    examples.push_back({augmented(train, data, visit),
                        static_cast<int64_t>(t),
                        {seed, image, epoch, Purpose::TrainNoise, t},
                        patches[patch]});
  }
  return make_batch(config, diffusion, examples);
}

}  // namespace

Batch training_batch(const ExperimentConfig& config, const Diffusion& diffusion, const TrainingSlices& data,
                     int64_t step) {
  const TrainConfig& train = config.train;
  Walk walk(static_cast<uint64_t>(train.seed), data.slices.size(0));
  std::vector<Visit> visits;
  for (int64_t i = 0; i < train.batch; ++i) visits.push_back(walk.at(step * train.batch + i));
  Batch batch = undoes_corruption(diffusion) ? corrupted_training_batch(train, diffusion, data, visits)
                                             : noised_training_batch(config, diffusion, data, visits);
  batch.z_mm = told_heights(train, data, visits);
  return batch;
}

Batch validation_batch(const ExperimentConfig& config, const Diffusion& diffusion, const TrainingSlices& data,
                       int64_t first, int64_t count) {
  const Tensor& slices = data.slices;
  const Tensor z_mm =
      data.z_mm.defined() ? data.z_mm.slice(0, first, first + count) : at::full({count}, NAN, at::kFloat);
  if (undoes_corruption(diffusion)) {
    std::vector<StreamKey> keys;
    for (int64_t image = first; image < first + count; ++image)
      keys.push_back({0, static_cast<uint64_t>(image), 0, Purpose::Validation, 0});
    Batch batch = make_corrupted_batch(config.train.corruption, diffusion, slices,
                                       slices.slice(0, first, first + count).unbind(0), keys);
    batch.z_mm = z_mm;
    return batch;
  }
  const int64_t t_end = config.train.t_max > 0 ? config.train.t_max : diffusion.steps(), images = slices.size(0);
  const std::vector<Patch> patches = patches_of(config.train, slices);
  std::vector<Example> examples;
  for (int64_t image = first; image < first + count; ++image) {
    const int64_t t = (2 * image + 1) * t_end / (2 * images);
    const StreamKey noise{0, static_cast<uint64_t>(image), 0, Purpose::Validation, static_cast<uint64_t>(t)};
    examples.push_back({slices[image], t, noise, patches[static_cast<size_t>(image) % patches.size()]});
  }
  Batch batch = make_batch(config, diffusion, examples);
  batch.z_mm = z_mm;
  return batch;
}

}  // namespace thor
