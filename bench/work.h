// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/nn/unet.h"

namespace thor::bench {

/// What one forward pass of a network must do, counted from its parameters' names and shapes.
struct Work {
  double convolutions = 0, linears = 0, attention = 0;  ///< floating-point operations, a multiply-add is two
  double weights = 0, activations = 0;  ///< values: read once; read and written by convolutions, norms and attention
  double operations() const { return convolutions + linears + attention; }
};

/// "paper", or "small": that of configs/thor-brain-small.yaml.
UNetConfig network_config(const std::string& name);

/// Of `batch` images of size x size. A convolution reads its input and writes its output, GroupNorm reads twice and
/// writes once, attention reads q, k, v and writes as much as one of them: nothing that need not be stored is counted.
Work work_of(const UNetConfig& config, int64_t batch, int64_t size);

}  // namespace thor::bench
