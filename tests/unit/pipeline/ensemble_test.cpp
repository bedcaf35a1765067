// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_ensemble.h"
#include "thor/base/error.h"
#include "thor/nn/safetensors.h"
#include "thor/pipeline/detector_choice.h"
#include "thor/pipeline/model.h"

namespace thor {
namespace {

using test::tiny_ensemble;
using ::testing::HasSubstr;

Pipeline pipeline_of(const Model& model, const RunConfig& run = test::on_cpu()) {
  return Pipeline(model, choose_detector(model, "", {}).detector, run);
}

/// An ensemble's file with something done to it, and what loading it says.
std::string story_of(const std::function<void(Safetensors&)>& damage) {
  const test::TemporaryFolder folder;
  save_model(folder / "good.safetensors", tiny_ensemble());
  Safetensors content = read_safetensors(folder / "good.safetensors");
  damage(content);
  write_safetensors(folder / "bad.safetensors", content);
  try {
    load_model(folder / "bad.safetensors");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input) << error.what();
    return error.what();
  }
  return "";
}

TEST(EnsembleModel, ComesBackAsItWasSaved) {
  const test::TemporaryFolder folder;
  save_model(folder / "both.safetensors", tiny_ensemble());
  const Model loaded = load_model(folder / "both.safetensors");
  ASSERT_EQ(loaded.members.size(), 2u);
  EXPECT_TRUE(loaded.weights.empty());
  EXPECT_EQ(loaded.members[1].name, "b");
  EXPECT_EQ(loaded.members[1].model.detector.at("name"), "anoddpm");
  const Images images = test::pictures(2);
  EXPECT_TRUE(pipeline_of(loaded).detect(images).map.equal(pipeline_of(tiny_ensemble()).detect(images).map));
}

TEST(EnsembleModel, IsHalfTheSizeInBfloat16) {
  const test::TemporaryFolder folder;
  save_model(folder / "whole.safetensors", tiny_ensemble());
  save_model(folder / "half.safetensors", tiny_ensemble(), "bf16");
  const auto bytes = [&](const char* name) {
    int64_t sum = 0;
    for (const auto& [key, tensor] : read_safetensors(folder / name).tensors)
      if (key.find("healthy") == std::string::npos) sum += static_cast<int64_t>(tensor.nbytes());
    return sum;
  };
  EXPECT_EQ(2 * bytes("half.safetensors"), bytes("whole.safetensors"));
  EXPECT_EQ(load_model(folder / "half.safetensors").members[0].model.weights.begin()->second.scalar_type(), at::kFloat);
}

TEST(EnsembleModel, CountsTheNetworkCallsOfItsMembers) {
  EXPECT_EQ(pipeline_of(tiny_ensemble()).network_calls(), 4 + 4);
  int64_t counted = 0;
  pipeline_of(tiny_ensemble()).detect(test::pictures(3), [&](int64_t images) { counted += images; });
  EXPECT_EQ(counted, 3 * 8);
}

TEST(EnsembleModel, GivesTheSameMapAloneAndInABatchAndAnotherWithAnotherSeed) {
  const Pipeline pipeline = pipeline_of(tiny_ensemble());
  const Images images = test::pictures(3);
  const Tensor together = pipeline.detect(images).map;
  const Tensor alone = pipeline.detect({images.pixels.narrow(0, 1, 1), {images.keys[1]}}).map;
  EXPECT_TRUE(alone.equal(together.narrow(0, 1, 1)));
  EXPECT_FALSE(pipeline.with_seed(7).detect(images).map.equal(together));
  EXPECT_TRUE(
      pipeline_of(tiny_ensemble(), test::on_cpu(7)).detect(images).map.equal(pipeline.with_seed(7).detect(images).map));
}

TEST(EnsembleModel, HasNoOtherDetectorAndSaysSo) {
  try {
    choose_detector(tiny_ensemble(), "thor", {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Usage);
    EXPECT_THAT(error.what(), HasSubstr("ensemble of 2 networks"));
  }
}

TEST(EnsembleModel, ADamagedMemberIsNamed) {
  EXPECT_EQ(story_of([](Safetensors&) {}), "");
  EXPECT_THAT(story_of([](Safetensors& file) { file.tensors.erase("member.b/healthy.level"); }),
              HasSubstr("its tensor 'healthy.level' is missing (while reading its member 2"));
  EXPECT_THAT(story_of([](Safetensors& file) {
                file.tensors["member.a/healthy.level"] = at::ones({16, 8});
              }),
              HasSubstr("[16, 8], expected float32 [16, 16]"));
  EXPECT_THAT(story_of([](Safetensors& file) { file.tensors.erase("member.b/conv_in.conv.bias"); }),
              HasSubstr("does not fit the network"));
  EXPECT_THAT(story_of([](Safetensors& file) { file.metadata["thor.members"] = "[{}]"; }),
              HasSubstr("it is not described as a member"));
  EXPECT_THAT(story_of([](Safetensors& file) {
                std::string& members = file.metadata["thor.members"];
                members.replace(members.find("\"name\":\"b\""), 10, "\"name\":\"a\"");
              }),
              HasSubstr("another is called 'a' too (while reading its member 2"));
  const std::string deep(400'000, '[');
  EXPECT_THAT(story_of([&](Safetensors& file) { file.metadata["thor.members"] = "[{\"name\": " + deep; }),
              HasSubstr("nested deeper than 32 levels"));
  EXPECT_THAT(story_of([](Safetensors& file) { file.metadata["thor.members"] = "7"; }),
              HasSubstr("not a list of 1 to"));
}

}  // namespace
}  // namespace thor
