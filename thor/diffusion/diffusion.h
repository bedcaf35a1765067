// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/config.h"
#include "thor/base/tensor.h"
#include "thor/diffusion/latent_space.h"

namespace thor {

/// How beta grows with t.
enum class Schedule { Linear, ScaledLinear, Cosine };
inline Names names_of(Schedule) { return {"linear", "scaled_linear", "cosine"}; }
/// The quantity that a network predicts: eps, x_0 or v.
enum class Prediction { Epsilon, Sample, V };
inline Names names_of(Prediction) { return {"epsilon", "sample", "v"}; }
/// The degradation that a network was trained to undo.
enum class Process { Noise, Corruption };
inline Names names_of(Process) { return {"noise", "corruption"}; }

/// The forward process and the prediction type of the network (METHODS 1); keys of the YAML section `diffusion`.
struct DiffusionConfig {
  Schedule schedule = Schedule::Linear;
  double beta_start = 1e-4, beta_end = 2e-2;
  int64_t steps = 1000;  ///< T, number of training timesteps
  Prediction prediction = Prediction::Epsilon;
  Process process = Process::Noise;
  double range_low = -1, range_high = 1;  ///< image range of the network
  void describe(Fields& fields);
};

/// The noise schedule and the conversions between x_0, eps, v and x_t. It is immutable. x_t and x_0 are in the model
/// range, in the space of the network; only `from_unit` and `to_unit` convert between this space and images in [0,1].
/// Any number of threads may use one object.
class Diffusion {
 public:
  /// In the space of the pixels, with the range of the config, or in another.
  explicit Diffusion(const DiffusionConfig& config);
  Diffusion(const DiffusionConfig& config, std::shared_ptr<const LatentSpace> space);
  const DiffusionConfig& config() const { return config_; }

  int64_t steps() const { return config_.steps; }
  double beta(int64_t t) const { return betas_.at(t); }
  /// Returns alpha_bar_t; 1 for t = -1 (before the first step).
  double alpha_bar(int64_t t) const { return t < 0 ? 1.0 : alpha_bars_.at(t); }

  Tensor from_unit(const Tensor& unit) const { return space_->encode(unit); }
  Tensor to_unit(const Tensor& model_range) const { return space_->decode(model_range); }
  /// C, h and w of the noise for one image of H x W pixels.
  std::array<int64_t, 3> noise_shape(int64_t height, int64_t width) const { return space_->noise_shape(height, width); }
  Tensor clip(const Tensor& model_range) const;

  /// Returns x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps; x_0 for t = -1. The second form takes one t per sample,
  /// int64 [N].
  Tensor add_noise(const Tensor& x0, const Tensor& eps, int64_t t) const;
  Tensor add_noise(const Tensor& x0, const Tensor& eps, const Tensor& t) const;
  /// Returns the training target of the network: eps, x_0 or v. t is int64 [N].
  Tensor target(const Tensor& x0, const Tensor& eps, const Tensor& t) const;
  /// Returns x0hat from the network's output, clipped to the model range. If the process is corruption, eps is the
  /// added corruption, independent of t.
  Tensor x0_from_output(const Tensor& output, const Tensor& xt, int64_t t) const;
  /// Returns eps from the network's output, without clipping (the direction of DDIM).
  Tensor eps_from_output(const Tensor& output, const Tensor& xt, int64_t t) const;
  /// Returns the eps with x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps.
  Tensor eps_from_x0(const Tensor& x0, const Tensor& xt, int64_t t) const;

 private:
  DiffusionConfig config_;
  std::shared_ptr<const LatentSpace> space_;
  std::vector<double> betas_, alpha_bars_;
};

}  // namespace thor
