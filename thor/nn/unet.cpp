// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/unet.h"

#include <ATen/ATen.h>

#include <cmath>

#include "thor/nn/attention.h"
#include "thor/nn/layers.h"

namespace thor {
namespace {

// Sinusoidal embedding of a timestep or of a height in mm, [cos, sin]: [N] -> [N,dim]
Tensor sinusoidal_embedding(const Tensor& t, int64_t dim) {
  const int64_t half = dim / 2;
  const Tensor k = at::arange(half, t.options().dtype(at::kFloat));
  const Tensor angle = t.to(at::kFloat).unsqueeze(1) * (k * (-std::log(10000.0) / half)).exp().unsqueeze(0);
  return at::cat({angle.cos(), angle.sin()}, 1);
}

// With one channel both layouts are the same in memory, and the convolution would choose the slower one by the strides.
Tensor channels_last(const Tensor& x) {
  return at::empty(x.sizes(), x.options(), at::MemoryFormat::ChannelsLast).copy_(x);
}

// One forward pass; every function's `w` is the place of its parameters.
struct Pass {
  const UNetConfig& config;
  Tensor emb;  // [N,4c]

  // GroupNorm, SiLU, of x + offset [N,C] if there is one: [N,C,H,W] -> the same, for the next convolution
  Tensor norm_silu(const Scope& w, const Tensor& x, const Tensor& offset = {}) const {
    return group_norm_silu(w, x, offset, config.norm_groups);
  }

  // [N,Cin,H,W] -> [N,Cout,H,W]
  Tensor residual_block(const Scope& w, const Tensor& x) const {
    Tensor h = conv(w / "conv1.conv", norm_silu(w / "norm1", x));
    h = conv(w / "conv2.conv", norm_silu(w / "norm2", h, linear(w / "time_emb_proj", at::silu(emb))));
    return h.add_(w.has("skip_connection.conv.weight") ? conv(w / "skip_connection.conv", x, 1, 0) : x);
  }

  // Self-attention over all pixels: [N,C,H,W] -> [N,C,H,W]
  Tensor attention(const Scope& w, const Tensor& x) const {
    const auto c = x.size(1);
    const Tensor tokens =
        group_norm(w / "norm", x, config.norm_groups).permute({0, 2, 3, 1}).flatten(1, 2);  // [N,HW,C]
    Tensor h = attention_of_heads(linear(w / "to_q", tokens), linear(w / "to_k", tokens), linear(w / "to_v", tokens),
                                  c / config.head_channels);
    if (config.attention_projection) h = linear(w / "proj_attn", h);
    h = h.view({x.size(0), x.size(2), x.size(3), c}).permute({0, 3, 1, 2});
    return at::GradMode::is_enabled() ? h + x : h.add_(x);  // a gradient may need h as it is
  }

  // Every input of the up path, finest first; `features` gets the result of each level if given.
  std::vector<Tensor> encode(const Scope& net, const Tensor& xt, std::vector<Tensor>* features) const {
    const int64_t levels = config.channels.size();
    Tensor h = conv(net / "conv_in.conv", channels_last(xt));
    std::vector<Tensor> skips{h};
    for (int64_t level = 0; level < levels; ++level) {
      const Scope w = net / "down_blocks" / level;
      for (int64_t j = 0; j < config.res_blocks; ++j) {
        h = residual_block(w / "resnets" / j, h);
        if (config.attention[level]) h = attention(w / "attentions" / j, h);
        skips.push_back(h);
      }
      if (features) features->push_back(h.to(at::kFloat));
      if (level + 1 < levels) {
        h = conv(w / "downsampler.op.conv", h, 2);
        skips.push_back(h);
      }
    }
    return skips;
  }

  Tensor middle(const Scope& w, Tensor h) const {
    h = residual_block(w / "resnet_1", h);
    h = attention(w / "attention", h);
    return residual_block(w / "resnet_2", h);
  }

  Tensor decode(const Scope& net, Tensor h, std::vector<Tensor> skips) const {
    const int64_t levels = config.channels.size();
    for (int64_t i = 0; i < levels; ++i) {
      const Scope w = net / "up_blocks" / i;
      for (int64_t j = 0; j < config.res_blocks + 1; ++j) {
        h = residual_block(w / "resnets" / j, at::cat({h, skips.back()}, 1));
        skips.pop_back();
        if (config.attention[levels - 1 - i]) h = attention(w / "attentions" / j, h);
      }
      if (i + 1 < levels)
        h = conv(w / "upsampler.conv.conv", at::upsample_nearest2d(h, {2 * h.size(2), 2 * h.size(3)}));
    }
    return h;
  }
};

// The heights' part of the embedding; of an unknown one it is 0. float32 [N] -> [N,4c]
Tensor embedded_heights(const UNetConfig& config, const Scope& net, const Tensor& z_mm) {
  const Tensor known = z_mm.isfinite(), z = at::where(known, z_mm, at::zeros_like(z_mm));
  const Tensor emb = linear(net / "z_embed" / 0, sinusoidal_embedding(z, config.channels[0]));
  return linear(net / "z_embed" / 2, at::silu(emb)) * known.unsqueeze(1);
}

Pass begin(const UNetConfig& config, const Scope& net, const Tensor& xt, const Tensor& t, const Tensor& z_mm) {
  const int64_t multiple = unet_multiple(config);
  if (xt.dim() != 4 || xt.size(1) != config.in_channels || xt.size(2) % multiple || xt.size(3) % multiple)
    fail(ErrorKind::Internal, "the network takes [N, {}, H, W] with H and W divisible by {}, not {}",
         config.in_channels, multiple, shape_text(xt.sizes()));
  const Tensor of_t = linear(net / "time_embed" / 0, sinusoidal_embedding(t, config.channels[0]));
  Tensor emb = linear(net / "time_embed" / 2, at::silu(of_t));
  if (config.z_condition && z_mm.defined()) emb = emb + embedded_heights(config, net, z_mm);
  return {config, emb};
}

}  // namespace

Tensor unet_forward(const UNetConfig& config, const StateDict& weights, const Tensor& xt, const Tensor& t,
                    const Tensor& z_mm) {
  const Scope net(weights);
  const Pass pass = begin(config, net, xt, t, z_mm);
  std::vector<Tensor> skips = pass.encode(net, xt, nullptr);
  Tensor h = pass.middle(net / "middle_block", skips.back());
  h = pass.decode(net, h, std::move(skips));
  return conv(net / "out.2.conv", pass.norm_silu(net / "out" / 0, h)).to(at::kFloat).contiguous();
}

std::vector<Tensor> unet_features(const UNetConfig& config, const StateDict& weights, const Tensor& xt, const Tensor& t,
                                  const Tensor& z_mm) {
  const Scope net(weights);
  std::vector<Tensor> features;
  begin(config, net, xt, t, z_mm).encode(net, xt, &features);
  return features;
}

}  // namespace thor
