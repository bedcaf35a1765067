// SPDX-License-Identifier: Apache-2.0
// Every unet_*.safetensors of the golden folder: configuration in its metadata, weights, input and output inside.
#include "thor/nn/unet.h"

#include "tests/parity/golden.h"
#include "thor/nn/layers.h"

namespace thor::test {
namespace {

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
    const StateDict weights = on_device(load_strictly(subset(file.tensors, "weights."), unet_shapes(config), path));
    const Tensor x = on_device(file.tensors.at("input.x")), t = on_device(file.tensors.at("input.timesteps"));
    const Tensor exact = on_device(file.tensors.at("output"));
    EXPECT_LT(max_abs_diff(unet_forward(config, weights, x, t), exact), tolerance(1e-4));
    // The layout for speed and bfloat16 stay close to it.
    EXPECT_LT(max_abs_diff(unet_forward(config, cast_weights(weights, at::kFloat), x, t), exact), tolerance(1e-4));
    const Tensor rough = unet_forward(config, cast_weights(weights, at::kBFloat16), x, t);
    EXPECT_LT(((rough - exact).norm() / exact.norm()).item<double>(), 0.03);
  }
}

}  // namespace
}  // namespace thor::test
