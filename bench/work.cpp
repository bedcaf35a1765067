// SPDX-License-Identifier: Apache-2.0
#include "bench/work.h"

namespace thor::bench {
namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// How often the image was halved where this layer's output lies.
int64_t level_of(const std::string& name, int64_t levels) {
  if (starts_with(name, "middle_block")) return levels - 1;
  const auto block = [&](const std::string& prefix) { return std::stoll(name.substr(prefix.size())); };
  if (starts_with(name, "down_blocks.")) return block("down_blocks.") + (contains(name, "downsampler") ? 1 : 0);
  if (starts_with(name, "up_blocks.")) return levels - 1 - block("up_blocks.") - (contains(name, "upsampler") ? 1 : 0);
  return 0;
}

void add_convolution(Work& work, const std::vector<int64_t>& shape, double out_pixels, double in_pixels) {
  const double out = static_cast<double>(shape[0]), in = static_cast<double>(shape[1]);
  work.convolutions += 2 * out * in * static_cast<double>(shape[2] * shape[3]) * out_pixels;
  work.activations += in * in_pixels + out * out_pixels;
}

void add_attention(Work& work, double channels, double pixels, double images) {
  work.attention += images * 4 * pixels * pixels * channels;
  work.activations += images * 4 * pixels * channels;
}

}  // namespace

UNetConfig network_config(const std::string& name) {
  UNetConfig config;
  if (name == "paper") return config;
  config.channels = {16, 32, 64, 128};
  config.attention = {false, false, false, true};
  config.head_channels = 64;
  config.norm_groups = 16;
  return config;
}

Work work_of(const UNetConfig& config, int64_t batch, int64_t size) {
  Work work;
  const auto levels = static_cast<int64_t>(config.channels.size());
  const double images = static_cast<double>(batch);
  for (const auto& [name, shape] : unet_shapes(config)) {
    if (!contains(name, ".weight") || (contains(name, "proj_attn") && !config.attention_projection)) continue;
    const double side = static_cast<double>(size >> level_of(name, levels)), pixels = side * side;
    const double channels = static_cast<double>(shape[0]);
    double values = 1;
    for (int64_t n : shape) values *= static_cast<double>(n);
    work.weights += values;
    if (shape.size() == 4) {
      add_convolution(work, shape, images * pixels, images * pixels * (contains(name, "downsampler") ? 4 : 1));
    } else if (shape.size() == 1) {
      work.activations += 3 * channels * images * pixels;
    } else if (contains(name, "time_")) {
      work.linears += 2 * values * images;
    } else {
      work.linears += 2 * values * images * pixels;
    }
    if (contains(name, "to_q")) add_attention(work, channels, pixels, images);
  }
  return work;
}

}  // namespace thor::bench
