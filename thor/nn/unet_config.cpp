// SPDX-License-Identifier: Apache-2.0
// What a UNetConfig means: its fields, its parameter names and shapes, its fresh weights.
#include <ATen/ATen.h>

#include <cmath>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/random.h"
#include "thor/nn/unet.h"

namespace thor {
namespace {

// Writes down the parameters of the layers, in MONAI Generative's names.
struct Shapes {
  ShapeList list;
  int64_t emb;  // width of the time embedding

  void both(const std::string& name, std::vector<int64_t> weight) {
    list[name + ".bias"] = {weight[0]};
    list[name + ".weight"] = std::move(weight);
  }
  void conv(const std::string& name, int64_t out, int64_t in, int64_t k = 3) { both(name + ".conv", {out, in, k, k}); }
  void norm(const std::string& name, int64_t c) { both(name, {c}); }
  void residual_block(const std::string& name, int64_t in, int64_t out) {
    norm(name + ".norm1", in);
    conv(name + ".conv1", out, in);
    both(name + ".time_emb_proj", {out, emb});
    norm(name + ".norm2", out);
    conv(name + ".conv2", out, out);
    if (in != out) conv(name + ".skip_connection", out, in, 1);
  }
  void attention(const std::string& name, int64_t c) {
    norm(name + ".norm", c);
    for (const char* part : {".to_q", ".to_k", ".to_v", ".proj_attn"}) both(name + part, {c, c});
  }
};

bool ends_with(const std::string& text, const std::string& tail) {
  return text.size() >= tail.size() && text.compare(text.size() - tail.size(), tail.size(), tail) == 0;
}

// A stable number for a parameter's name, so that adding one parameter does not change the others.
uint64_t name_id(const std::string& name) {
  return std::stoull(Sha256().update(name.data(), name.size()).hex().substr(0, 16), nullptr, 16);
}

}  // namespace

void UNetConfig::describe(Fields& fields) {
  fields.add("in_channels", &in_channels, "image channels in", between(1, 16));
  fields.add("out_channels", &out_channels, "image channels out", between(1, 16));
  describe_levels(fields);
}

void UNetConfig::describe_levels(Fields& fields) {
  fields.add("channels", &channels, "channels of each level, finest first", between(1, kMaxUNetChannels));
  fields.add("attention", &attention, "self-attention at each level");
  fields.add("res_blocks", &res_blocks, "residual blocks per level", between(1, kMaxResBlocks));
  fields.add("head_channels", &head_channels, "channels of one attention head", between(1, kMaxUNetChannels));
  fields.add("norm_groups", &norm_groups, "groups of every GroupNorm", between(1, kMaxUNetChannels));
  fields.add("attention_projection", &attention_projection,
             "whether attention applies its output projection: false as MONAI Generative, true as MONAI core");
  fields.add("z_condition", &z_condition, "whether the network is told the height of the slice, mm");
}

void UNetConfig::check() const {
  const auto levels = static_cast<int64_t>(channels.size());
  if (levels < 1 || levels > kMaxUNetLevels)
    fail_usage("'model.channels' has {} levels, expected 1 to {}", levels, kMaxUNetLevels);
  if (res_blocks < 1 || res_blocks > kMaxResBlocks)
    fail_usage("'model.res_blocks' is {}, expected 1 to {}", res_blocks, kMaxResBlocks);
  if (static_cast<int64_t>(attention.size()) != levels)
    fail_usage("'model.attention' has {} entries, expected {}: one per level of model.channels", attention.size(),
               levels);
  for (int64_t c : channels)
    if (c % norm_groups)
      fail_usage("'model.channels' has {}, which model.norm_groups = {} does not divide", c, norm_groups);
  if (channels[0] % 2) fail_usage("'model.channels' starts with {}, expected an even number", channels[0]);
  for (int64_t level = 0; level < levels; ++level)
    if ((attention[level] || level == levels - 1) && channels[level] % head_channels)
      fail_usage("level {} has {} channels, which model.head_channels = {} does not divide", level, channels[level],
                 head_channels);
}

int64_t unet_multiple(const UNetConfig& config) { return int64_t{1} << (config.channels.size() - 1); }

ShapeList unet_shapes(const UNetConfig& config) {
  config.check();
  const auto& c = config.channels;
  const int64_t levels = c.size();
  Shapes s{{}, 4 * c[0]};
  s.conv("conv_in", c[0], config.in_channels);
  s.both("time_embed.0", {s.emb, c[0]});
  s.both("time_embed.2", {s.emb, s.emb});
  if (config.z_condition) {
    s.both("z_embed.0", {s.emb, c[0]});
    s.both("z_embed.2", {s.emb, s.emb});
  }
  std::vector<int64_t> skips{c[0]};
  int64_t h = c[0];
  for (int64_t level = 0; level < levels; ++level) {
    const std::string block = fmt::format("down_blocks.{}.", level);
    for (int64_t j = 0; j < config.res_blocks; ++j) {
      s.residual_block(fmt::format("{}resnets.{}", block, j), h, c[level]);
      if (config.attention[level]) s.attention(fmt::format("{}attentions.{}", block, j), c[level]);
      skips.push_back(h = c[level]);
    }
    if (level + 1 < levels) {
      s.conv(block + "downsampler.op", h, h);
      skips.push_back(h);
    }
  }
  s.residual_block("middle_block.resnet_1", h, h);
  s.attention("middle_block.attention", h);
  s.residual_block("middle_block.resnet_2", h, h);
  for (int64_t i = 0; i < levels; ++i) {
    const int64_t level = levels - 1 - i;
    const std::string block = fmt::format("up_blocks.{}.", i);
    for (int64_t j = 0; j < config.res_blocks + 1; ++j) {
      s.residual_block(fmt::format("{}resnets.{}", block, j), h + skips.back(), c[level]);
      skips.pop_back();
      h = c[level];
      if (config.attention[level]) s.attention(fmt::format("{}attentions.{}", block, j), h);
    }
    if (level > 0) s.conv(block + "upsampler.conv", h, h);
  }
  s.norm("out.0", h);
  s.conv("out.2", config.out_channels, h);
  return s.list;
}

StateDict init_unet(const UNetConfig& config, uint64_t seed) {
  StateDict weights;
  const ShapeList shapes = unet_shapes(config);
  for (const auto& [name, shape] : shapes) {
    const bool weight = ends_with(name, ".weight"), norm = weight ? shape.size() == 1 : false;
    const std::string layer = name.substr(0, name.rfind('.'));
    const auto& weight_shape = shapes.at(layer + ".weight");
    Tensor t = at::zeros(shape);
    if (norm) {
      t.fill_(1);
    } else if (weight_shape.size() > 1 && !ends_with(layer, "conv2.conv") && layer != "out.2.conv" &&
               layer != "z_embed.2") {
      int64_t fan_in = 1;
      for (size_t i = 1; i < weight_shape.size(); ++i) fan_in *= weight_shape[i];
      const double bound = 1 / std::sqrt(double(fan_in));
      Random random({seed, name_id(name), 0, Purpose::Init, 0});
      float* values = t.data_ptr<float>();
      for (int64_t i = 0; i < t.numel(); ++i) values[i] = static_cast<float>(random.uniform(-bound, bound));
    }
    weights[name] = t;
  }
  return weights;
}

}  // namespace thor
