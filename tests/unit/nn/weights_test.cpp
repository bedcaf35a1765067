// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/weights/weights.h"

#include <ATen/ATen.h>

#include "tests/support.h"
#include "thor/base/error.h"

using namespace thor;

namespace {

StateDict named(const std::vector<std::string>& names) {
  StateDict state;
  for (const auto& name : names) state.emplace(name, at::ones({2}));
  return state;
}

std::vector<std::string> names_of(const StateDict& state) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : state) names.push_back(name);
  return names;
}

}  // namespace

TEST(Weights, StrictLoadingNamesEverythingThatDoesNotFit) {
  const StateDict state{{"a", at::ones({2, 3})}, {"b", at::ones({4})}};
  const LoadReport report = compare(state, {{"b", {5}}, {"c", {1}}});
  EXPECT_EQ(report.missing, std::vector<std::string>{"c"});
  EXPECT_EQ(report.unexpected, std::vector<std::string>{"a"});
  EXPECT_EQ(report.mis_shaped, std::vector<std::string>{"b: file [4], network [5]"});
  try {
    load_strictly(state, {{"b", {5}}, {"c", {1}}}, "w.pt");
    FAIL() << "loaded";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Input);
    EXPECT_STREQ(e.what(),
                 "w.pt does not fit the network: 1 missing: c; 1 unexpected: a; 1 of another shape: b: file [4], "
                 "network [5]");
  }
}

TEST(Weights, StrictLoadingGivesIndependentFloatCopies) {
  Tensor half = at::ones({2, 3}, at::kHalf).t();
  const StateDict loaded = load_strictly({{"w", half}}, {{"w", {3, 2}}}, "w");
  half.zero_();
  EXPECT_EQ(loaded.at("w").scalar_type(), at::kFloat);
  EXPECT_TRUE(loaded.at("w").is_contiguous());
  EXPECT_EQ(loaded.at("w").sum().item<double>(), 6);
}

TEST(Weights, NewMonaiNamesBecomeThoseOfMonaiGenerative) {
  const StateDict renamed = to_generative_names(named(
      {"conv_in.conv.weight", "down_blocks.1.attentions.0.attn.to_q.weight", "down_blocks.1.attentions.0.norm.bias",
       "middle_block.attention.attn.out_proj.bias", "up_blocks.0.upsampler.postconv.conv.weight"}));
  EXPECT_EQ(names_of(renamed),
            (std::vector<std::string>{"conv_in.conv.weight", "down_blocks.1.attentions.0.norm.bias",
                                      "down_blocks.1.attentions.0.to_q.weight", "middle_block.attention.proj_attn.bias",
                                      "up_blocks.0.upsampler.conv.conv.weight"}));
}

TEST(Weights, WrappersAndEmbeddedPerceptualNetworksAreStripped) {
  const std::vector<std::string> expected{"out.0.weight"};
  EXPECT_EQ(names_of(to_generative_names(named({"out.0.weight"}))), expected);
  EXPECT_EQ(
      names_of(to_generative_names(named({"model_weights.unet.out.0.weight", "model_weights.lpips.lin0.model.1.weight",
                                          "optimizer_weights.state.0.step"}))),
      expected);
  EXPECT_EQ(names_of(to_generative_names(named({"state_dict.model.module.out.0.weight"}))), expected);
  EXPECT_EQ(names_of(to_generative_names(
                named({"out.0.weight", "lpips.net.features.0.bias", "loss_fn.lin0.model.1.weight"}))),
            expected);
}

TEST(Weights, TwoTensorsForOneNameAreRefused) {
  EXPECT_THROW(to_generative_names(named({"a.to_q.weight", "a.attn.to_q.weight"})), Error);
}

TEST(Weights, AScopeReadsLikeAParameterName) {
  const StateDict state{{"blocks.1.conv.weight", at::full({1}, 3.f)}, {"blocks.1x", at::ones({1})}};
  const Scope scope(state);
  EXPECT_EQ((scope / "blocks" / 1 / "conv")["weight"].item<float>(), 3.f);
  EXPECT_TRUE((scope / "blocks").has("1.conv.weight"));
  EXPECT_FALSE((scope / "blocks").has("2.conv.weight"));
  EXPECT_THROW(scope["nothing"], Error);
  EXPECT_EQ(names_of(subset(state, "blocks.1.")), std::vector<std::string>{"conv.weight"});
}
