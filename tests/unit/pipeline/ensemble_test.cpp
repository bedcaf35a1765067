// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_ensemble.h"
#include "thor/base/error.h"
#include "thor/nn/weights/safetensors.h"
#include "thor/pipeline/calibration.h"
#include "thor/pipeline/detector_choice.h"
#include "thor/pipeline/members.h"
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
  ASSERT_EQ(loaded.members().size(), 2u);
  EXPECT_EQ(loaded.members()[1].name, "b");
  EXPECT_EQ(parse(loaded.members()[1].model.detector).at("name"), "anoddpm");
  const Images images = test::pictures(2);
  EXPECT_TRUE(pipeline_of(loaded).detect(images).map.equal(pipeline_of(tiny_ensemble()).detect(images).map));
}

TEST(EnsembleModel, HasNoWeightsOfItsOwnAndANetworkHasNoMembers) {
  const Model ensemble = tiny_ensemble(), network = test::tiny_model();
  EXPECT_TRUE(ensemble.is_ensemble());
  EXPECT_FALSE(network.is_ensemble());
  EXPECT_THROW(ensemble.weights(), Error);
  EXPECT_THROW(network.members(), Error);
}

TEST(EnsembleModel, IsHalfTheSizeInBfloat16) {
  const test::TemporaryFolder folder;
  save_model(folder / "whole.safetensors", tiny_ensemble());
  save_model(folder / "half.safetensors", tiny_ensemble(), Precision::Bf16);
  const auto bytes = [&](const char* name) {
    int64_t sum = 0;
    for (const auto& [key, tensor] : read_safetensors(folder / name).tensors)
      if (key.find("healthy") == std::string::npos) sum += static_cast<int64_t>(tensor.nbytes());
    return sum;
  };
  EXPECT_EQ(2 * bytes("half.safetensors"), bytes("whole.safetensors"));
  EXPECT_EQ(load_model(folder / "half.safetensors").members()[0].model.weights().begin()->second.scalar_type(),
            at::kFloat);
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

/// A calibration of a member, or of the whole where the name is empty; `level` tells them apart.
void calibrate_in(const std::string& path, const std::string& member, double level) {
  Model model = load_member(path, member);
  const DetectorChoice choice = choose_detector(model, "", {});
  put_calibration(model, {{choice.name, choice.config, "none"}, {{0.05, level}}, {0.1, 0.2}, 512, "healthy"});
  save_calibration(path, path, model);
}

TEST(EnsembleModel, LetsOneMemberDetectAsTheModelItWasMadeOf) {
  Model ensemble = tiny_ensemble();
  ensemble.templates["mni"] = {};
  ensemble.members()[0].model.detector = JsonText(R"({"name":"ddpm","start_step":2})");
  const Model one = member_of(ensemble, "b");
  EXPECT_EQ(one.templates.count("mni"), 1u);
  const DetectorChoice choice = choose_detector(one, "", {});
  EXPECT_EQ(choice.name, "anoddpm");
  const Images images = test::pictures(2);
  const Tensor map = pipeline_of(one).detect(images).map;
  EXPECT_TRUE(map.equal(pipeline_of(test::tiny_member("b", "anoddpm").model).detect(images).map));
  EXPECT_FALSE(map.equal(pipeline_of(member_of(ensemble, "a")).detect(images).map));
}

TEST(EnsembleModel, KeepsCalibrationsOfItsMembersApartFromItsOwn) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "both.safetensors";
  Model alike = tiny_ensemble();
  alike.members()[1].model.detector = alike.members()[0].model.detector;  // the same method, perhaps of another network
  save_model(path, alike);
  const std::vector<std::pair<std::string, double>> levels{{"", 1}, {"a", 2}, {"b", 3}};
  for (const auto& [member, level] : levels) calibrate_in(path, member, level);
  for (const auto& [member, level] : levels) {
    const Model model = load_member(path, member);
    const DetectorChoice choice = choose_detector(model, "", {});
    const auto found = find_calibration(model, {choice.name, choice.config, "none"});
    ASSERT_TRUE(found) << member;
    EXPECT_EQ(found->threshold(0.05), level) << member;
  }
}

TEST(EnsembleModel, HasNoMemberThatItDoesNotHave) {
  EXPECT_THAT([] { member_of(tiny_ensemble(), "c"); },
              ::testing::ThrowsMessage<Error>(HasSubstr("has no member 'c'; it has: a, b")));
  EXPECT_THAT([] { member_of(test::tiny_model(), "c"); },
              ::testing::ThrowsMessage<Error>(HasSubstr("one network, not an ensemble")));
}

TEST(EnsembleModel, ADamagedMemberIsNamed) {
  EXPECT_EQ(story_of([](Safetensors&) {}), "");
  EXPECT_THAT(story_of([](Safetensors& file) { file.tensors.erase("member.b/healthy.level"); }),
              HasSubstr("its tensor 'healthy.level' is missing (while reading its member 2"));
  EXPECT_THAT(story_of([](Safetensors& file) {
                file.tensors["member.a/healthy.level"] = at::ones({16, 8});
              }),
              HasSubstr("[1, 16, 8], expected float32 [1, 16, 16]"));
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
