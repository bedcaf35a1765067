// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/diffusion.h"

#include <ATen/ATen.h>

#include <cmath>

#include "thor/base/error.h"

namespace thor {
namespace {

// Nichol & Dhariwal 2021, eq. 17, s = 0.008.
Tensor cosine_betas(int64_t steps) {
  const Tensor grid = at::arange(steps + 1, at::kDouble) / static_cast<double>(steps);
  const Tensor alpha_bars = ((grid + 0.008) / 1.008 * (M_PI / 2)).cos().square();
  return (1 - alpha_bars.slice(0, 1) / alpha_bars.slice(0, 0, steps)).clamp_max(0.999).to(at::kFloat);
}

// In float32, because that is the table published networks were trained and are sampled with: near t = 0, where
// 1 - alpha_bar is small, the rounding of alpha_bar changes a step by 1e-4.
Tensor make_betas(const DiffusionConfig& config) {
  if (config.schedule == Schedule::Cosine) return cosine_betas(config.steps);
  if (config.schedule == Schedule::Linear)
    return at::linspace(config.beta_start, config.beta_end, config.steps, at::kFloat);
  return at::linspace(std::sqrt(config.beta_start), std::sqrt(config.beta_end), config.steps, at::kFloat).square();
}

std::vector<double> to_vector(const Tensor& table) {
  const Tensor values = table.to(at::kDouble).contiguous();
  return {values.data_ptr<double>(), values.data_ptr<double>() + values.numel()};
}

void check(const DiffusionConfig& config) {
  if (config.process == Process::Corruption && config.prediction == Prediction::V)
    fail_usage(
        "diffusion.prediction is v, but of corruption there is no v: expected epsilon (what was added) or sample");
  if (config.steps < 1 || config.steps > 100000)
    fail_usage("diffusion.steps is {}, expected 1 to 100000", config.steps);
  if (!(config.beta_start >= 1e-6 && config.beta_start <= config.beta_end && config.beta_end < 1))
    fail_usage("diffusion.beta_start {} and beta_end {} must satisfy 1e-6 <= start <= end < 1", config.beta_start,
               config.beta_end);
  if (!(config.range_low < config.range_high))
    fail_usage("diffusion.range_low {} must be below range_high {}", config.range_low, config.range_high);
}

// f(alpha_bar_t) for every sample, shaped to scale a batch of images.
template <class F>
Tensor coefficients(const Diffusion& diffusion, const Tensor& t, const Tensor& like, F&& f) {
  const Tensor steps = t.to(at::kCPU, at::kLong).contiguous();
  if (steps.dim() != 1 || steps.size(0) != like.size(0))
    fail(ErrorKind::Internal, "one timestep per sample expected: t {}, batch {}", shape_text(t.sizes()),
         shape_text(like.sizes()));
  Tensor values = at::empty({steps.size(0), 1, 1, 1}, at::kFloat);
  for (int64_t i = 0; i < steps.size(0); ++i)
    values.data_ptr<float>()[i] = static_cast<float>(f(diffusion.alpha_bar(steps.data_ptr<int64_t>()[i])));
  return values.to(like.device());
}

double signal(double alpha_bar) { return std::sqrt(alpha_bar); }
double spread(double alpha_bar) { return std::sqrt(1 - alpha_bar); }

}  // namespace

void DiffusionConfig::describe(Fields& fields) {
  fields.add("schedule", &schedule, "how beta grows with t");
  fields.add("beta_start", &beta_start, "beta of the first step (not for cosine)", between(1e-6, 0.999));
  fields.add("beta_end", &beta_end, "beta of the last step (not for cosine)", between(1e-6, 0.999));
  fields.add("steps", &steps, "T, training steps of the forward process", between(1, 100000));
  fields.add("prediction", &prediction, "what the network predicts");
  fields.add("process", &process,
             "what the network undoes: noise, step by step, or synthetic corruption (train.corruption), at once");
  fields.add("range_low", &range_low, "value the network sees for black");
  fields.add("range_high", &range_high, "value the network sees for white");
}

Diffusion::Diffusion(const DiffusionConfig& config)
    : Diffusion(config, std::make_shared<PixelSpace>(config.range_low, config.range_high)) {}

Diffusion::Diffusion(const DiffusionConfig& config, std::shared_ptr<const LatentSpace> space)
    : config_(config), space_(std::move(space)) {
  check(config_);
  const Tensor betas = make_betas(config_);
  betas_ = to_vector(betas);
  alpha_bars_ = to_vector(at::cumprod(1 - betas, 0));
  if (alpha_bars_.back() < 1e-20)
    fail_usage(
        "after diffusion.steps {} with betas up to {} nothing of the image is left; use fewer steps or smaller betas",
        config_.steps, betas_.back());
}

Tensor Diffusion::clip(const Tensor& model_range) const {
  return model_range.clamp(config_.range_low, config_.range_high);
}

Tensor Diffusion::add_noise(const Tensor& x0, const Tensor& eps, int64_t t) const {
  if (t < 0) return x0.clone();
  return x0 * signal(alpha_bar(t)) + eps * spread(alpha_bar(t));
}

Tensor Diffusion::add_noise(const Tensor& x0, const Tensor& eps, const Tensor& t) const {
  return x0 * coefficients(*this, t, x0, signal) + eps * coefficients(*this, t, x0, spread);
}

Tensor Diffusion::target(const Tensor& x0, const Tensor& eps, const Tensor& t) const {
  if (config_.prediction == Prediction::Epsilon) return eps;
  if (config_.prediction == Prediction::Sample) return x0;
  return eps * coefficients(*this, t, x0, signal) - x0 * coefficients(*this, t, x0, spread);
}

Tensor Diffusion::x0_from_output(const Tensor& output, const Tensor& xt, int64_t t) const {
  if (config_.prediction == Prediction::Sample) return clip(output);
  if (config_.process == Process::Corruption) return clip(xt - output);
  const double a = signal(alpha_bar(t)), s = spread(alpha_bar(t));
  if (config_.prediction == Prediction::V) return clip(xt * a - output * s);
  return clip((xt - output * s) / a);
}

Tensor Diffusion::eps_from_output(const Tensor& output, const Tensor& xt, int64_t t) const {
  if (config_.prediction == Prediction::Epsilon) return output;
  if (config_.prediction == Prediction::Sample) return eps_from_x0(output, xt, t);
  return output * signal(alpha_bar(t)) + xt * spread(alpha_bar(t));
}

Tensor Diffusion::eps_from_x0(const Tensor& x0, const Tensor& xt, int64_t t) const {
  return (xt - x0 * signal(alpha_bar(t))) / spread(alpha_bar(t));
}

}  // namespace thor
