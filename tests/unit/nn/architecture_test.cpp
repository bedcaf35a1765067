// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/architecture.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/nn/unet25d.h"
#include "thor/nn/unet_architecture.h"

namespace thor {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

UNetConfig two_levels() {
  UNetConfig config;
  config.channels = {8, 16};
  config.attention = {false, true};
  config.head_channels = 8;
  config.norm_groups = 4;
  return config;
}

TEST(NetworkConfig, IsTheUNetUnlessAKindIsNamed) {
  EXPECT_EQ(network_of_kind("", {}).kind(), "unet");
  EXPECT_EQ(network_of_kind("model:\n  channels: [8]\n", {"train.batch=2"}).kind(), "unet");
  EXPECT_EQ(network_of_kind("model:\n  kind: unet25d\n", {}).kind(), "unet25d");
  EXPECT_EQ(network_of_kind("model:\n  kind: unet\n", {"model.kind=unet25d"}).kind(), "unet25d");
}

TEST(NetworkConfig, OfAnUnknownKindIsAnsweredWithTheNearest) {
  EXPECT_THAT([] { network_of_kind("model: {kind: unet25}", {}); },
              ThrowsMessage<Error>(HasSubstr("expected one of: unet, unet25d; did you mean")));
}

TEST(NetworkConfig, HasTheKeysOfItsKindOnly) {
  NetworkConfig flat, thick = UNet25d();
  EXPECT_THAT([&] { Fields(flat).assign("slices=3"); }, ThrowsMessage<Error>(HasSubstr("unknown config key 'slices'")));
  EXPECT_THAT([&] { Fields(thick).assign("in_channels=3"); },
              ThrowsMessage<Error>(HasSubstr("unknown config key 'in_channels'")));
}

TEST(NetworkConfig, IsAValue) {
  NetworkConfig first = UNet(two_levels()), second = first;
  Fields(second).assign("res_blocks=2");
  EXPECT_NE(first->shapes(), second->shapes());
  first = second;
  EXPECT_EQ(first->shapes(), second->shapes());
}

TEST(NetworkConfig, CannotBecomeAnotherKindOnceItsKeysAreThere) {
  NetworkConfig config = UNet(two_levels());
  Fields(config).assign("kind=unet25d");
  EXPECT_THAT([&] { config.check(); }, ThrowsMessage<Error>(HasSubstr("cannot become another")));
}

TEST(UNet25d, SeesAnOddNumberOfSlices) {
  EXPECT_THAT([] { UNet25d(4, two_levels()).check(); }, ThrowsMessage<Error>(HasSubstr("'model.slices' is 4")));
  EXPECT_NO_THROW(UNet25d(5, two_levels()).check());
}

TEST(UNet25d, OfWeightsWithAnEvenNumberOfChannelsIsRefused) {
  UNetConfig config = two_levels();
  config.in_channels = 2;
  EXPECT_THAT([&] { architecture_row("unet25d").of_weights(init_unet(config, 1)); },
              ThrowsMessage<Error>(HasSubstr("takes 2 channels and gives 1")));
}

// The first convolution adds up its channels, so a third of its weights on each of three equal slices is the same.
TEST(UNet25d, GivesWhatTheUNetGivesWhereAllSlicesAreEqualAndItsFirstConvolutionIsSpreadOverThem) {
  const at::NoGradGuard no_grad;
  at::manual_seed(4);
  const UNet flat(two_levels());
  const UNet25d thick(3, two_levels());
  StateDict weights = flat.initial(1);
  for (auto& [name, tensor] : weights) tensor = tensor + 0.1 * at::randn(tensor.sizes());
  StateDict spread = weights;
  Tensor& first = spread.at("conv_in.conv.weight");
  first = (first / 3).expand({8, 3, 3, 3}).contiguous();
  ASSERT_TRUE(compare(spread, thick.shapes()).ok());
  const Tensor x = at::randn({2, 1, 16, 16}), t = at::tensor({40, 700}, at::kLong);
  const Tensor expected = flat.forward(weights, {x, t});
  EXPECT_LT(test::max_abs_diff(thick.forward(spread, {x.repeat({1, 3, 1, 1}), t}), expected), 1e-5);
  EXPECT_GT(test::max_abs_diff(thick.forward(spread, {at::cat({x, x, -x}, 1), t}), expected), 1e-2);
}

}  // namespace
}  // namespace thor
