// SPDX-License-Identifier: Apache-2.0
#include "thor/train/samples.h"

#include <ATen/ATen.h>

#include <filesystem>

#include "thor/base/file.h"
#include "thor/diffusion/sampler.h"
#include "thor/image/image.h"

namespace thor {

void write_samples(const std::string& path, const Model& model, const StateDict& weights, uint64_t seed) {
  constexpr uint64_t kImages = 4;
  const at::NoGradGuard no_grad;
  const ModelConfig& config = model.config;
  const Diffusion diffusion(config.diffusion);
  SamplerConfig sampling;
  sampling.kind = "ddim";
  sampling.steps = 25;
  const auto sampler = make_sampler(sampling, diffusion);
  const auto grid = timestep_grid(diffusion.steps() - 1, sampling.steps, {});

  std::vector<StreamKey> keys;
  for (uint64_t i = 0; i < kImages; ++i)
    keys.push_back({seed, i, 0, Purpose::Sample, static_cast<uint64_t>(diffusion.steps() - 1)});
  const at::Device device = weights.begin()->second.device();
  const int64_t size = config.preprocess.size;
  Tensor xt = draw_noise(config.noise, keys, 1, size, size).to(device);
  for (size_t i = 0; i < grid.size(); ++i) {
    const Tensor t = at::full({static_cast<int64_t>(kImages)}, grid[i], xt.options().dtype(at::kLong));
    const Tensor output = unet_forward(config.model, weights, xt, t);
    xt = sampler->step(output, xt, grid[i], i + 1 < grid.size() ? grid[i + 1] : -1, Tensor()).next;
  }
  const Tensor unit = diffusion.to_unit(xt).clamp(0, 1).cpu();  // [4,1,S,S] -> [S,4S]
  make_folder(std::filesystem::path(path).parent_path().string());
  write_png(path, at::cat(unit.squeeze(1).unbind(0), 1), 8);
}

}  // namespace thor
