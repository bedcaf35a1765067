// SPDX-License-Identifier: Apache-2.0
// Single layers of the paper's network.
#include "thor/nn/layers.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "bench/cases.h"
#include "bench/measure.h"

namespace thor::bench {
namespace {

/// GroupNorm and SiLU of [1,128,128,128], against libtorch's in double precision.
Checked norm_and_silu(at::ScalarType type) {
  const at::NoGradGuard no_grad;
  const auto weights = std::make_shared<StateDict>();
  (*weights)["weight"] = 1 + 0.1 * at::randn({128});
  (*weights)["bias"] = 0.1 * at::randn({128});
  const Tensor x = at::randn({1, 128, 128, 128}).to(type).contiguous(at::MemoryFormat::ChannelsLast);
  const Tensor exact = at::silu(at::group_norm(x.to(at::kDouble), 32, weights->at("weight").to(at::kDouble),
                                               weights->at("bias").to(at::kDouble), 1e-6));
  const auto run = [=] {
    const at::NoGradGuard in_inference;
    return group_norm_silu(Scope(*weights), x, {}, 32);
  };
  Checked checked;
  checked.error = agreement(run(), exact, type == at::kFloat ? 1e-4 : 0.05);
  checked.run = [run] { run(); };
  return checked;
}

}  // namespace

void layer_cases() {
  for (const auto& [name, type] : kPrecisions)
    measure(fmt::format("layer/norm-silu/128x128x128/{}", name), [t = type] { return norm_and_silu(t); });
}

}  // namespace thor::bench
