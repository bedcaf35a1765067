// SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include "thor/base/error.h"
#include "thor/nn/unet.h"

namespace thor {
namespace {

/// Size of the tensor's dimension; Input error where the tensor is absent or has no such dimension.
int64_t dimension(const StateDict& weights, const std::string& name, int64_t index) {
  const auto found = weights.find(name);
  if (found == weights.end()) {
    const std::string first = weights.empty() ? "nothing" : "'" + weights.begin()->first + "'";
    fail_input(
        "not a diffusion UNet with MONAI Generative's names: there is no '{}' among its {} tensors (the first is {})",
        name, weights.size(), first);
  }
  if (found->second.dim() != 4)
    fail_input("'{}' has shape {}, expected 4 dimensions: only 2D networks are known", name,
               shape_text(found->second.sizes()));
  const int64_t size = found->second.size(index);
  if (size < 1 || size > kMaxUNetChannels) fail_input("'{}' has shape {}", name, shape_text(found->second.sizes()));
  return size;
}

std::string resnet(int64_t level, int64_t block) {
  return fmt::format("down_blocks.{}.resnets.{}.conv1.conv.weight", level, block);
}

/// Throws Unsupported where the file goes on behind the largest network that is known.
void refuse_more(const StateDict& weights, const std::string& next, const char* what, int64_t most) {
  if (weights.count(next))
    fail(ErrorKind::Unsupported, "it has more than {} {}: there is a '{}'; a network may have at most {}", most, what,
         next, most);
}

}  // namespace

UNetConfig unet_of_weights(const StateDict& weights) {
  UNetConfig config;
  config.in_channels = dimension(weights, "conv_in.conv.weight", 1);
  config.out_channels = dimension(weights, "out.2.conv.weight", 0);
  config.channels = {dimension(weights, resnet(0, 0), 0)};
  for (int64_t level = 1; level < kMaxUNetLevels && weights.count(resnet(level, 0)); ++level)
    config.channels.push_back(dimension(weights, resnet(level, 0), 0));
  refuse_more(weights, resnet(kMaxUNetLevels, 0), "levels", kMaxUNetLevels);
  config.attention.clear();
  for (size_t level = 0; level < config.channels.size(); ++level)
    config.attention.push_back(weights.count(fmt::format("down_blocks.{}.attentions.0.to_q.weight", level)) > 0);
  config.z_condition = weights.count("z_embed.0.weight") > 0;
  config.res_blocks = 1;
  while (config.res_blocks < kMaxResBlocks && weights.count(resnet(0, config.res_blocks))) ++config.res_blocks;
  refuse_more(weights, resnet(0, kMaxResBlocks), "residual blocks a level", kMaxResBlocks);

  int64_t common = 0, attended = config.channels.back();  // the middle block always attends
  for (size_t level = 0; level < config.channels.size(); ++level) {
    common = std::gcd(common, config.channels[level]);
    if (config.attention[level]) attended = std::gcd(attended, config.channels[level]);
  }
  config.norm_groups = std::gcd(common, config.norm_groups);
  config.head_channels = std::gcd(attended, config.head_channels);
  return config;
}

}  // namespace thor
