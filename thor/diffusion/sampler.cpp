// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/sampler.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"

namespace thor {
namespace {

/// Ancestral sampling (Ho et al. 2020, eq. 6-7): x_next ~ q(x_next | x_t, x0hat). Where the grid skips steps, beta_t is
/// that of the whole jump, 1 - abar_t / abar_next; without gaps this is the schedule's own beta.
class Ddpm : public Sampler {
 public:
  Ddpm(const SamplerConfig& config, const Diffusion& diffusion)
      : diffusion_(diffusion), fixed_large_(config.variance == Variance::FixedLarge) {}

  bool needs_noise(int64_t, int64_t t_next) const override { return t_next >= 0; }

  SamplerStep step(const Tensor& output, const Tensor& xt, int64_t t, int64_t t_next, const Tensor& noise) override {
    const double abar = diffusion_.alpha_bar(t), abar_next = diffusion_.alpha_bar(t_next);
    const double alpha = abar / abar_next, beta = t_next == t - 1 ? diffusion_.beta(t) : 1 - alpha;
    const double for_x0 = std::sqrt(abar_next) * beta / (1 - abar),
                 for_xt = std::sqrt(alpha) * (1 - abar_next) / (1 - abar);
    SamplerStep result;
    result.x0 = diffusion_.x0_from_output(output, xt, t);
    result.next = result.x0 * for_x0 + xt * for_xt;
    if (t_next < 0) return result;
    const double variance = fixed_large_ ? beta : std::max((1 - abar_next) / (1 - abar) * beta, 1e-20);
    result.next = result.next + noise * std::sqrt(variance);
    return result;
  }

 private:
  Diffusion diffusion_;
  bool fixed_large_;
};

/// DDIM (Song et al. 2021, eq. 12 and 16). The direction follows the network's eps, x0hat is clipped.
class Ddim : public Sampler {
 public:
  Ddim(const SamplerConfig& config, const Diffusion& diffusion) : diffusion_(diffusion), eta_(config.eta) {}

  bool needs_noise(int64_t, int64_t t_next) const override { return eta_ > 0 && t_next >= 0; }

  SamplerStep step(const Tensor& output, const Tensor& xt, int64_t t, int64_t t_next, const Tensor& noise) override {
    const double abar = diffusion_.alpha_bar(t), abar_next = diffusion_.alpha_bar(t_next);
    // The quotient in float32 as the tables are: near t = 0 its rounding is visible in the published numbers.
    const float alpha = static_cast<float>(abar / abar_next);
    const double variance = (1 - abar_next) / (1 - abar) * (1 - static_cast<double>(alpha));
    const double sigma = eta_ * std::sqrt(variance);
    const double direction = std::sqrt(std::max(1 - abar_next - sigma * sigma, 0.0));
    SamplerStep result;
    result.x0 = diffusion_.x0_from_output(output, xt, t);
    result.next = result.x0 * std::sqrt(abar_next) + diffusion_.eps_from_output(output, xt, t) * direction;
    if (needs_noise(t, t_next)) result.next = result.next + noise * sigma;
    return result;
  }

 private:
  Diffusion diffusion_;
  double eta_;
};

/// DPM-Solver++(2M) (Lu et al. 2022, algorithm 2): second order from the last x0hat, first order at the first step,
/// after `restart` and for the last jump, to t = 0, where lambda leaps and extrapolation would overshoot.
class Dpmpp2m : public Sampler {
 public:
  explicit Dpmpp2m(const Diffusion& diffusion) : diffusion_(diffusion) {}

  bool needs_noise(int64_t, int64_t) const override { return false; }
  void restart() override { last_x0_ = Tensor(); }

  SamplerStep step(const Tensor& output, const Tensor& xt, int64_t t, int64_t t_next, const Tensor&) override {
    SamplerStep result;
    result.x0 = diffusion_.x0_from_output(output, xt, t);
    if (t_next < 0) {
      result.next = result.x0;  // lambda is infinite at t = -1, where the formula becomes x0hat
      return result;
    }
    const double abar_next = diffusion_.alpha_bar(t_next), h = half_log_snr(t_next) - half_log_snr(t);
    Tensor data = result.x0;
    if (last_x0_.defined() && t_next > 0) {
      const double weight = h / (2 * last_h_);  // 1 / (2r), r = last_h / h
      data = result.x0 * (1 + weight) - last_x0_ * weight;
    }
    const double sigma_ratio = std::sqrt((1 - abar_next) / (1 - diffusion_.alpha_bar(t)));
    result.next = xt * sigma_ratio - data * (std::sqrt(abar_next) * std::expm1(-h));
    last_x0_ = result.x0;
    last_h_ = h;
    return result;
  }

 private:
  double half_log_snr(int64_t t) const {
    const double abar = diffusion_.alpha_bar(t);
    return 0.5 * (std::log(abar) - std::log1p(-abar));
  }
  Diffusion diffusion_;
  Tensor last_x0_;
  double last_h_ = 0;
};

/// Each timestep from `start` to 0 once, both included, the highest first.
std::vector<int64_t> ordered_grid(int64_t start, const std::vector<int64_t>& timesteps) {
  std::vector<int64_t> grid{start, 0};
  for (const int64_t t : timesteps)
    if (t >= 0 && t <= start) grid.push_back(t);
  std::sort(grid.rbegin(), grid.rend());
  grid.erase(std::unique(grid.begin(), grid.end()), grid.end());
  return grid;
}

}  // namespace

void SamplerConfig::describe(Fields& fields) {
  fields.add("kind", &kind, "how the reverse chain walks");
  fields.add("steps", &steps, "network calls between the start step and 0; 0 = every timestep", between(0, 100000));
  fields.add("timesteps", &timesteps, "the timesteps themselves, instead of steps; those above the start are idle",
             between(0, 99999));
  fields.add("eta", &eta, "ddim: 0 = deterministic, 1 = as noisy as ddpm", between(0, 1));
  fields.add("variance", &variance, "ddpm: variance of a step");
}

std::vector<int64_t> timestep_grid(int64_t start, int64_t steps, const std::vector<int64_t>& stops) {
  if (start < 0) fail_usage("the start step is {}, expected 0 or more", start);
  const int64_t count = steps <= 0 || steps > start + 1 ? start + 1 : steps;
  std::vector<int64_t> grid = stops;
  for (int64_t i = 1; i < count - 1; ++i)
    grid.push_back(std::llround(static_cast<double>(start) * static_cast<double>(i) / static_cast<double>(count - 1)));
  return ordered_grid(start, grid);
}

std::vector<int64_t> timestep_grid(int64_t start, const SamplerConfig& sampler, const std::vector<int64_t>& stops) {
  if (sampler.timesteps.empty()) return timestep_grid(start, sampler.steps, stops);
  std::vector<int64_t> grid = sampler.timesteps;
  grid.insert(grid.end(), stops.begin(), stops.end());
  return ordered_grid(start, grid);
}

std::unique_ptr<Sampler> make_sampler(const SamplerConfig& config, const Diffusion& diffusion) {
  switch (config.kind) {
    case SamplerKind::Ddpm:
      return std::make_unique<Ddpm>(config, diffusion);
    case SamplerKind::Ddim:
      return std::make_unique<Ddim>(config, diffusion);
    case SamplerKind::Dpmpp2m:
      return std::make_unique<Dpmpp2m>(diffusion);
  }
  fail(ErrorKind::Internal, "there is no sampler number {}", static_cast<int>(config.kind));
}

}  // namespace thor
