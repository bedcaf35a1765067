// SPDX-License-Identifier: Apache-2.0
#include "thor/train/batch.h"

#include <ATen/ATen.h>

#include <numeric>

#include "thor/base/random.h"

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

// Noises unit-range images [N,S,S] to the timesteps, each with the noise its key names.
Batch make_batch(const ExperimentConfig& config, const Diffusion& diffusion, const Tensor& unit,
                 const std::vector<int64_t>& timesteps, const std::vector<StreamKey>& keys) {
  const Tensor x0 = diffusion.from_unit(unit.unsqueeze(1));
  const Tensor eps = draw_noise(config.model.noise, keys, 1, unit.size(1), unit.size(2));
  const Tensor t = at::tensor(timesteps, at::kLong);
  return {diffusion.add_noise(x0, eps, t), t, diffusion.target(x0, eps, t)};
}

}  // namespace

Batch training_batch(const ExperimentConfig& config, const Diffusion& diffusion, const Tensor& slices, int64_t step) {
  const TrainConfig& train = config.train;
  const auto seed = static_cast<uint64_t>(train.seed);
  const int64_t t_end = train.t_max > 0 ? train.t_max : diffusion.steps();
  Walk walk(seed, slices.size(0));
  std::vector<Tensor> images;
  std::vector<int64_t> timesteps;
  std::vector<StreamKey> keys;
  for (int64_t i = 0; i < train.batch; ++i) {
    const Visit visit = walk.at(step * train.batch + i);
    const auto image = static_cast<uint64_t>(visit.image), epoch = static_cast<uint64_t>(visit.epoch);
    images.push_back(augment(train.augment, slices[visit.image], {seed, image, 0, Purpose::Augment, epoch}));
    timesteps.push_back(Random({seed, image, epoch, Purpose::TrainTimestep, 0}).below(t_end));
    // The epoch stands in the slice's place: t is the plane at which a simplex field is cut.
    keys.push_back({seed, image, epoch, Purpose::TrainNoise, static_cast<uint64_t>(timesteps.back())});
  }
  return make_batch(config, diffusion, at::stack(images), timesteps, keys);
}

Batch validation_batch(const ExperimentConfig& config, const Diffusion& diffusion, const Tensor& slices, int64_t first,
                       int64_t count) {
  const int64_t t_end = config.train.t_max > 0 ? config.train.t_max : diffusion.steps(), images = slices.size(0);
  std::vector<int64_t> timesteps;
  std::vector<StreamKey> keys;
  for (int64_t image = first; image < first + count; ++image) {
    timesteps.push_back((2 * image + 1) * t_end / (2 * images));
    keys.push_back({0, static_cast<uint64_t>(image), 0, Purpose::Validation, static_cast<uint64_t>(timesteps.back())});
  }
  return make_batch(config, diffusion, slices.slice(0, first, first + count), timesteps, keys);
}

}  // namespace thor
