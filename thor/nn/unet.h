// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/config.h"
#include "thor/base/tensor.h"
#include "thor/nn/weights/weights.h"

namespace thor {

/// The largest networks that are built, read or imported.
inline constexpr int64_t kMaxUNetLevels = 8, kMaxResBlocks = 8, kMaxUNetChannels = 4096;

/// The 2D diffusion UNet of MONAI Generative (METHODS 4); keys of the YAML section `model`.
struct UNetConfig {
  int64_t in_channels = 1, out_channels = 1;
  std::vector<int64_t> channels{128, 256, 256};
  std::vector<bool> attention{false, true, true};
  int64_t res_blocks = 1;       ///< per level
  int64_t head_channels = 256;  ///< channels of one attention head
  int64_t norm_groups = 32;
  /// Whether attention ends with `proj_attn`. MONAI Generative has its parameters but does not apply them; MONAI core
  /// (>= 1.4, `attn.out_proj`) does.
  bool attention_projection = false;
  /// Whether the height of the slice is embedded as the timestep is and added to it (METHODS 14). Networks without it
  /// have no `z_embed` parameters.
  bool z_condition = false;
  void describe(Fields& fields);
  /// All fields but the image channels.
  void describe_levels(Fields& fields);
  /// Throws Usage if there are too many levels or residual blocks, or if the numbers do not fit each other (groups
  /// divide channels, heads divide channels, ...).
  void check() const;
};

/// H and W are multiples of 2^(levels-1).
int64_t unet_multiple(const UNetConfig& config);
/// Every parameter name with its shape.
ShapeList unet_shapes(const UNetConfig& config);
/// Fresh weights, each tensor from its own stream of `seed`: PyTorch's default uniform; zero for the second convolution
/// of every residual block and for the last one, so that the network starts as the identity of its skips, and for the
/// last layer of the height's embedding, so that a network that learns heights starts as it was.
StateDict init_unet(const UNetConfig& config, uint64_t seed);

/// The config of the UNet that weights under MONAI Generative's names belong to, as far as names and shapes tell: image
/// channels, channels and attention of each level, residual blocks. `head_channels` and `norm_groups` leave no trace
/// there; they get plausible values. Throws Input where the names are not those of this UNet.
UNetConfig unet_of_weights(const StateDict& weights);

/// The network's output for x_t at timesteps t. Convolutions and linears run in the dtype of the weights (float32 or
/// bfloat16), norms and the result in float32. Differentiable.
/// xt [N,C,H,W] in model range, t int64 [N] -> float32 [N,C,H,W]; H and W divisible by unet_multiple. z_mm float32 [N]
/// counts with `z_condition` only; undefined or NaN = unknown, which adds nothing.
Tensor unet_forward(const UNetConfig& config, const StateDict& weights, const Tensor& xt, const Tensor& t,
                    const Tensor& z_mm = {});

/// Outputs of every down level of the encoder for x_t at t, finest first: the features of `perceptual: unet`.
std::vector<Tensor> unet_features(const UNetConfig& config, const StateDict& weights, const Tensor& xt, const Tensor& t,
                                  const Tensor& z_mm = {});

}  // namespace thor
