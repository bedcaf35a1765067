// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "thor/base/error.h"
#include "thor/nn/unet.h"

namespace thor {
namespace {

/// Weights of the right shapes that take no memory.
StateDict hollow(const UNetConfig& config) {
  StateDict weights;
  for (const auto& [name, shape] : unet_shapes(config)) weights[name] = at::zeros({1}).expand(shape);
  return weights;
}

UNetConfig config_of(std::vector<int64_t> channels, std::vector<bool> attention, int64_t blocks) {
  UNetConfig config;
  config.channels = std::move(channels);
  config.attention = std::move(attention);
  config.res_blocks = blocks;
  config.head_channels = 8;
  config.norm_groups = 8;
  return config;
}

TEST(UNetOfWeights, IsReadFromNamesAndShapes) {
  for (const UNetConfig& config :
       {config_of({128, 256, 256}, {false, true, true}, 1),
        config_of({32, 64, 128, 128}, {false, false, false, true}, 2), config_of({8, 16}, {true, false}, 3)}) {
    const UNetConfig read = unet_of_weights(hollow(config));
    EXPECT_EQ(read.channels, config.channels);
    EXPECT_EQ(read.attention, config.attention);
    EXPECT_EQ(read.res_blocks, config.res_blocks);
    EXPECT_EQ(read.in_channels, 1);
    EXPECT_EQ(read.out_channels, 1);
    EXPECT_NO_THROW(read.check());
    EXPECT_EQ(unet_shapes(read), unet_shapes(config));
  }
}

// What describes the field, what checks it and what imports a network agree on how many blocks there may be.
TEST(UNetOfWeights, OfTheMostBlocksIsReadAndOfOneMoreRefusedEverywhere) {
  const std::string most = std::to_string(kMaxResBlocks), over = std::to_string(kMaxResBlocks + 1);
  UNetConfig config = config_of({8, 16}, {false, true}, kMaxResBlocks);
  EXPECT_NO_THROW(config.check());
  EXPECT_NO_THROW(Fields(config).assign("res_blocks=" + most));
  StateDict weights = hollow(config);
  EXPECT_EQ(unet_of_weights(weights).res_blocks, kMaxResBlocks);

  EXPECT_THROW(Fields(config).assign("res_blocks=" + over), Error);
  config.res_blocks = kMaxResBlocks + 1;
  EXPECT_THROW(config.check(), Error);
  weights["down_blocks.0.resnets." + most + ".conv1.conv.weight"] = at::zeros({1}).expand({8, 8, 3, 3});
  try {
    unet_of_weights(weights);
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Unsupported);
    EXPECT_NE(std::string(error.what()).find("more than " + most + " residual blocks a level"), std::string::npos)
        << error.what();
  }
}

TEST(UNetOfWeights, OfTheMostLevelsIsReadAndOfOneMoreRefused) {
  StateDict weights = hollow(config_of(std::vector<int64_t>(kMaxUNetLevels, 8), std::vector<bool>(kMaxUNetLevels), 1));
  EXPECT_EQ(unet_of_weights(weights).channels.size(), static_cast<size_t>(kMaxUNetLevels));
  const std::string next = "down_blocks." + std::to_string(kMaxUNetLevels) + ".resnets.0.conv1.conv.weight";
  weights[next] = at::zeros({1}).expand({8, 8, 3, 3});
  EXPECT_THROW(unet_of_weights(weights), Error);
}

TEST(UNetOfWeights, OfAnotherNetworkIsRefusedByName) {
  try {
    unet_of_weights({{"encoder.weight", at::zeros({3})}});
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input);
    EXPECT_NE(std::string(error.what()).find("encoder.weight"), std::string::npos);
  }
}

TEST(UNetOfWeights, OfAVolumetricNetworkIsRefused) {
  StateDict weights = hollow(config_of({8, 16}, {false, true}, 1));
  weights["conv_in.conv.weight"] = at::zeros({8, 1, 3, 3, 3});
  EXPECT_THROW(unet_of_weights(weights), Error);
}

}  // namespace
}  // namespace thor
