// SPDX-License-Identifier: Apache-2.0
#include "thor/train/samples.h"

#include <ATen/ATen.h>

#include <filesystem>

#include "thor/base/file.h"
#include "thor/diffusion/sampler.h"
#include "thor/image/image.h"

namespace thor {

namespace {

constexpr int64_t kImages = 4;

// Images in model range [n,1,S,S] side by side, in unit range. -> [S,nS]
Tensor side_by_side(const Diffusion& diffusion, const Tensor& images) {
  return at::cat(diffusion.to_unit(images).clamp(0, 1).cpu().squeeze(1).unbind(0), 1);
}

void write_picture(const std::string& path, const Tensor& unit) {
  make_folder(std::filesystem::path(path).parent_path().string());
  write_png(path, unit, 8);
}

}  // namespace

void write_samples(const std::string& path, const Model& model, const StateDict& weights, uint64_t seed) {
  const at::NoGradGuard no_grad;
  const ModelConfig& config = model.config;
  const Diffusion diffusion(config.diffusion);
  SamplerConfig sampling;
  sampling.kind = "ddim";
  sampling.steps = 25;
  const auto sampler = make_sampler(sampling, diffusion);
  const auto grid = timestep_grid(diffusion.steps() - 1, sampling.steps, {});

  std::vector<StreamKey> keys;
  for (uint64_t i = 0; i < uint64_t{kImages}; ++i)
    keys.push_back({seed, i, 0, Purpose::Sample, static_cast<uint64_t>(diffusion.steps() - 1)});
  const at::Device device = weights.begin()->second.device();
  const int64_t size = config.preprocess.size;
  Tensor xt = draw_noise(config.noise, keys, 1, size, size).to(device);
  for (size_t i = 0; i < grid.size(); ++i) {
    const Tensor t = at::full({kImages}, grid[i], xt.options().dtype(at::kLong));
    const Tensor output = unet_forward(config.model, weights, xt, t);
    xt = sampler->step(output, xt, grid[i], i + 1 < grid.size() ? grid[i + 1] : -1, Tensor()).next;
  }
  write_picture(path, side_by_side(diffusion, xt));
}

void write_restored(const std::string& path, const Model& model, const StateDict& weights, const Batch& batch) {
  const at::NoGradGuard no_grad;
  const Diffusion diffusion(model.config.diffusion);
  const int64_t count = std::min(kImages, batch.xt.size(0));
  const at::Device device = weights.begin()->second.device();
  const Tensor xt = batch.xt.slice(0, 0, count).to(device), t = batch.t.slice(0, 0, count).to(device);
  const auto restored = [&](const Tensor& output) { return diffusion.x0_from_output(output, xt, 0); };
  const Tensor output = unet_forward(model.config.model, weights, xt, t).to(at::kFloat);
  std::vector<Tensor> rows;
  for (const Tensor& images : {xt, restored(output), restored(batch.target.slice(0, 0, count).to(device))})
    rows.push_back(side_by_side(diffusion, images));
  write_picture(path, at::cat(rows, 0));
}

}  // namespace thor
