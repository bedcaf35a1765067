// SPDX-License-Identifier: Apache-2.0
// Every unet_*.safetensors of the golden folder: configuration in its metadata, weights, input and output inside.
#include "thor/nn/unet.h"

#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "thor/nn/layers.h"
#include "thor/nn/safetensors.h"

namespace thor::test {
namespace {

UNetConfig unet_config(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  UNetConfig config;
  config.in_channels = json.at("in_channels");
  config.out_channels = json.at("out_channels");
  config.channels = json.at("num_channels").get<std::vector<int64_t>>();
  config.attention = json.at("attention_levels").get<std::vector<bool>>();
  config.res_blocks = json.at("num_res_blocks");
  config.head_channels = json.at("num_head_channels");
  config.norm_groups = json.at("norm_num_groups");
  return config;
}

std::vector<std::string> unet_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(golden_dir()))
    if (entry.path().filename().string().rfind("unet_", 0) == 0 && entry.path().extension() == ".safetensors")
      files.push_back(entry.path().string());
  return files;
}

TEST(UNetParity, LoadsStrictlyAndGivesThePublishedOutput) {
  ASSERT_FALSE(unet_files().empty());
  const at::NoGradGuard no_grad;
  for (const std::string& path : unet_files()) {
    SCOPED_TRACE(path);
    const Safetensors file = read_safetensors(path);
    const UNetConfig config = unet_config(file.metadata.at("config"));
    const StateDict weights = load_strictly(subset(file.tensors, "weights."), unet_shapes(config), path);
    const Tensor &x = file.tensors.at("input.x"), &t = file.tensors.at("input.timesteps");
    EXPECT_LT(max_abs_diff(unet_forward(config, weights, x, t), file.tensors.at("output")), 1e-4);
    // The layout for speed and bfloat16 stay close to it.
    EXPECT_LT(max_abs_diff(unet_forward(config, cast_weights(weights, at::kFloat), x, t), file.tensors.at("output")), 1e-4);
    const Tensor rough = unet_forward(config, cast_weights(weights, at::kBFloat16), x, t);
    const Tensor& exact = file.tensors.at("output");
    EXPECT_LT(((rough - exact).norm() / exact.norm()).item<double>(), 0.03);
  }
}

}  // namespace
}  // namespace thor::test
