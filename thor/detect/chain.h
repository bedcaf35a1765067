// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/detect/detector.h"
#include "thor/diffusion/sampler.h"

namespace thor {

/// Returns the timestep after grid[i], -1 after the last.
inline int64_t after(const std::vector<int64_t>& grid, size_t i) { return i + 1 < grid.size() ? grid[i + 1] : -1; }

/// Computes one step of the reverse chain, from x_t to x_{t_next}, with the network and noise of the context. It
/// reports "x0" (unit range) to the trace.
SamplerStep reverse_step(const Context& context, const Images& images, Sampler& sampler, const Tensor& xt, int64_t t,
                         int64_t t_next);

/// Noises the images to t0 and runs the reverse chain to its end. Returns x_0 in model range.
Tensor reconstruct(const Context& context, const Images& images, int64_t t0, const SamplerConfig& config);

/// Calls the trace if the context has one.
void trace(const Context& context, const char* name, int64_t t, const Tensor& value);

/// Converts model range to unit range, clipped to [0,1].
Tensor to_clipped_unit(const Diffusion& diffusion, const Tensor& model_range);

/// Returns the image scores, the mean of each map, [N].
Tensor mean_score(const Tensor& map);

/// Throws Usage, naming "detector.<knob>", unless 0 <= t < T.
void check_timestep(const char* knob, int64_t t, const Diffusion& diffusion);

}  // namespace thor
