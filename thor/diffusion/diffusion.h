// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/config.h"
#include "thor/base/tensor.h"

namespace thor {

/// Forward process and what the network predicts (METHODS 1); keys of the YAML section `diffusion`.
struct DiffusionConfig {
  std::string schedule = "linear";  ///< linear | scaled_linear | cosine
  double beta_start = 1e-4, beta_end = 2e-2;
  int64_t steps = 1000;                   ///< T
  std::string prediction = "epsilon";     ///< epsilon | sample | v
  std::string process = "noise";          ///< noise | corruption: what the network was trained to undo
  double range_low = -1, range_high = 1;  ///< the network's own image range
  void describe(Fields& fields);
};

/// The noise schedule and the algebra between x_0, eps, v and x_t. Immutable. x_t and x_0 are in model range;
/// `from_unit` and `to_unit` are the only place where the ranges meet.
/// Any number of threads may use one object.
class Diffusion {
 public:
  explicit Diffusion(const DiffusionConfig& config);
  const DiffusionConfig& config() const { return config_; }

  int64_t steps() const { return config_.steps; }
  double beta(int64_t t) const { return betas_.at(t); }
  /// alpha_bar_t; 1 for t = -1 (before the first step).
  double alpha_bar(int64_t t) const { return t < 0 ? 1.0 : alpha_bars_.at(t); }

  Tensor from_unit(const Tensor& unit) const;
  Tensor to_unit(const Tensor& model_range) const;
  Tensor clip(const Tensor& model_range) const;

  /// q(x_t | x_0) = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps; t = -1 returns x_0. Second form: one t per sample, int64
  /// [N].
  Tensor add_noise(const Tensor& x0, const Tensor& eps, int64_t t) const;
  Tensor add_noise(const Tensor& x0, const Tensor& eps, const Tensor& t) const;
  /// What the network should output for a training pair: eps, x_0 or v. t int64 [N].
  Tensor target(const Tensor& x0, const Tensor& eps, const Tensor& t) const;
  /// x0hat from the network's output, clipped to the model range. Where the process is corruption eps is what was added
  /// to x_0, whatever t.
  Tensor x0_from_output(const Tensor& output, const Tensor& xt, int64_t t) const;
  /// The eps that the network's output stands for, nothing clipped (DDIM's direction).
  Tensor eps_from_output(const Tensor& output, const Tensor& xt, int64_t t) const;
  /// The eps that leads from x_0 to x_t.
  Tensor eps_from_x0(const Tensor& x0, const Tensor& xt, int64_t t) const;

 private:
  DiffusionConfig config_;
  std::vector<double> betas_, alpha_bars_;
};

}  // namespace thor
