// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/sample_set.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_model.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/data/split.h"
#include "thor/image/image.h"

namespace thor::test {
namespace {

using testing::HasSubstr;

class SampleSet : public testing::Test {
 protected:
  void SetUp() override { save_model(folder_ / "model.safetensors", tiny_model()); }
  SampleJob job(const std::string& output, int64_t count, int64_t batch) {
    SampleJob job;
    job.model = folder_ / "model.safetensors";
    job.output = folder_ / output;
    job.count = count;
    job.config.sampler.steps = 4;
    job.run = on_cpu(7, batch);
    return job;
  }
  std::string bytes(const std::string& file) { return read_text_file(folder_ / file, 1 << 20); }
  TemporaryFolder folder_;
};

TEST_F(SampleSet, IsTheSameAgainWhateverTheBatchAndTheCount) {
  const auto rows = read_split(write_sample_set(job("a", 5, 2)));
  write_sample_set(job("b", 3, 8));
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(read_image(rows[4].image).voxels.sizes(), (std::vector<int64_t>{1, 16, 16}));
  for (const char* file : {"/sample_0000.png", "/sample_0001.png", "/sample_0002.png"})
    EXPECT_EQ(bytes(std::string("a") + file), bytes(std::string("b") + file)) << file;
  EXPECT_NE(bytes("a/sample_0000.png"), bytes("a/sample_0001.png"));
}

TEST_F(SampleSet, SaysWhatItWasDrawnWith) {
  write_sample_set(job("a", 1, 1));
  const auto about = nlohmann::json::parse(bytes("a/index.json"));
  EXPECT_EQ(about["model"]["sha256"], sha256_of_file(folder_ / "model.safetensors"));
  EXPECT_EQ(about["seed"], 7);
  EXPECT_EQ(about["sample"]["sampler"]["steps"], 4);
  EXPECT_EQ(about["images"], std::vector<std::string>{"sample_0000.png"});
}

TEST_F(SampleSet, IsBlackOutsideTheHeadWhereThatIsAskedFor) {
  Tensor head = at::full({16, 16}, 0.05, at::kFloat);
  head.slice(0, 5, 11).slice(1, 5, 11).fill_(1);
  write_png(folder_ / "start.png", head, 8);
  SampleJob begun = job("a", 1, 1);
  begun.start_image = folder_ / "start.png";
  begun.config.start_step = 0;
  write_sample_set(begun);
  begun.output = folder_ / "b";
  begun.config.black_air = true;
  write_sample_set(begun);
  const Tensor as_drawn = read_image(folder_ / "a/sample_0000.png").voxels[0],
               black = read_image(folder_ / "b/sample_0000.png").voxels[0];
  EXPECT_GT(as_drawn[0].sum().item<float>(), 0);
  EXPECT_EQ(black[0].sum().item<float>(), 0);
  EXPECT_TRUE(at::equal(black[8].slice(0, 5, 11), as_drawn[8].slice(0, 5, 11)));
}

TEST_F(SampleSet, BeginsWithTheStartImage) {
  write_png(folder_ / "start.png", at::linspace(0, 1, 256, at::kFloat).view({16, 16}), 8);
  SampleJob begun = job("a", 1, 1);
  begun.start_image = folder_ / "start.png";
  begun.config.start_step = 20;
  write_sample_set(begun);
  const Tensor drawn = read_image(folder_ / "a/sample_0000.png").voxels, start = read_image(begun.start_image).voxels;
  EXPECT_LT((drawn - start).abs().mean().item<float>(), 40);  // of 255
  EXPECT_EQ(nlohmann::json::parse(bytes("a/index.json"))["start_image"]["sha256"], sha256_of_file(begun.start_image));
}

/// Why nothing can be drawn.
std::string refusal(const Model& model, int64_t start_step = -1, bool with_start_image = false) {
  SampleConfig config;
  config.start_step = start_step;
  try {
    check_can_sample(model, config, with_start_image);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Usage);
    return error.what();
  }
  return "accepted";
}

TEST(CanSample, RefusesModelsThatHaveNoImagesToDraw) {
  Model restorer = tiny_model(), patches = tiny_model(), ensemble = tiny_model();
  restorer.config.diffusion.process = Process::Corruption;
  patches.training = JsonText(R"({"config":{"patch":32}})");
  ensemble.networks = std::vector<Member>(2);
  EXPECT_THAT(refusal(restorer), HasSubstr("undoes corruption"));
  EXPECT_THAT(refusal(patches), HasSubstr("patches of 32 x 32"));
  EXPECT_THAT(refusal(ensemble), HasSubstr("ensemble of 2 networks"));
  EXPECT_EQ(refusal(tiny_model()), "accepted");
}

TEST(CanSample, BeginsOnlyWhereTheModelWasTrained) {
  Model low = tiny_model();
  low.training = JsonText(R"({"config":{"t_max":450,"patch":0}})");
  EXPECT_THAT(refusal(low), HasSubstr("below 450 only"));
  EXPECT_THAT(refusal(low, 450, true), HasSubstr("sample.start_step=449"));
  EXPECT_EQ(refusal(low, 449, true), "accepted");
}

TEST(CanSample, WantsAStartImageWithItsStep) {
  EXPECT_THAT(refusal(tiny_model(), -1, true), HasSubstr("sample.start_step"));
  EXPECT_THAT(refusal(tiny_model(), 500, false), HasSubstr("`start_image`"));
}

}  // namespace
}  // namespace thor::test
