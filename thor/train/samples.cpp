// SPDX-License-Identifier: Apache-2.0
#include "thor/train/samples.h"

#include <ATen/ATen.h>

#include <filesystem>

#include "thor/base/file.h"
#include "thor/diffusion/sample.h"
#include "thor/image/image.h"

namespace thor {

namespace {

constexpr int64_t kImages = 4;

// Images in unit range [n,1,S,S]. -> [S,nS]
Tensor side_by_side(const Tensor& images) { return at::cat(images.squeeze(1).unbind(0), 1); }

void write_picture(const std::string& path, const Tensor& unit) {
  make_folder(std::filesystem::path(path).parent_path().string());
  write_png(path, unit, 8);
}

}  // namespace

void write_samples(const std::string& path, const Model& model, const StateDict& weights, uint64_t seed) {
  const at::NoGradGuard no_grad;
  const ModelConfig& config = model.config;
  const Diffusion diffusion(config.diffusion);
  SampleConfig sampling;
  sampling.sampler.steps = 25;
  const at::Device device = weights.begin()->second.device();
  const auto denoise = [&](const Tensor& xt, int64_t t) {
    const Tensor at_t = at::full({xt.size(0)}, t, at::TensorOptions(device).dtype(at::kLong));
    return config.model->forward(weights, {xt.to(device), at_t}).cpu();
  };
  const SampleBatch batch{seed, 0, kImages, config.preprocess.size, {}};
  write_picture(path, side_by_side(draw_samples(diffusion, config.noise, sampling, batch, denoise)));
}

void write_restored(const std::string& path, const Model& model, const StateDict& weights, const Batch& batch) {
  const at::NoGradGuard no_grad;
  const Diffusion diffusion(model.config.diffusion);
  const int64_t count = std::min(kImages, batch.xt.size(0));
  const at::Device device = weights.begin()->second.device();
  const Tensor xt = batch.xt.slice(0, 0, count).to(device), t = batch.t.slice(0, 0, count).to(device);
  const auto restored = [&](const Tensor& output) { return diffusion.x0_from_output(output, xt, 0); };
  const Tensor output =
      model.config.model->forward(weights, {xt, t, batch.z_mm.slice(0, 0, count).to(device)}).to(at::kFloat);
  std::vector<Tensor> rows;
  for (const Tensor& images : {xt, restored(output), restored(batch.target.slice(0, 0, count).to(device))})
    rows.push_back(side_by_side(diffusion.to_unit(images).clamp(0, 1).cpu()));
  write_picture(path, at::cat(rows, 0));
}

}  // namespace thor
