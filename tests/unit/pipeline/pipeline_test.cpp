// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/pipeline.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_model.h"
#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/nn/weights/safetensors.h"
#include "thor/pipeline/device.h"

namespace thor {
namespace {

using test::max_abs_diff;
using test::on_cpu;
using test::pictures;
using test::tiny_pipeline;
using ::testing::HasSubstr;

std::string story_of_device(const std::string& name) {
  try {
    choose_device(name);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Usage);
    return e.what();
  }
  return "";
}

void expect_same(const Detection& a, const Detection& b, double tolerance) {
  EXPECT_LE(max_abs_diff(a.map, b.map), tolerance);
  EXPECT_LE(max_abs_diff(a.pseudo_healthy, b.pseudo_healthy), tolerance);
  EXPECT_LE(max_abs_diff(a.score, b.score), tolerance);
}

Images only(const Images& images, const std::vector<int64_t>& which) {
  Images some;
  some.pixels = images.pixels.index_select(0, at::tensor(which, at::kLong));
  for (const int64_t i : which) some.keys.push_back(images.keys[static_cast<size_t>(i)]);
  return some;
}

Detection only(const Detection& d, const std::vector<int64_t>& which) {
  const Tensor index = at::tensor(which, at::kLong);
  return {d.map.index_select(0, index), d.pseudo_healthy.index_select(0, index), d.score.index_select(0, index)};
}

TEST(Pipeline, FindsSomethingInEveryImage) {
  const Detection found = tiny_pipeline().detect(pictures(3));
  EXPECT_EQ(found.map.sizes(), at::IntArrayRef({3, 1, 16, 16}));
  EXPECT_TRUE(at::isfinite(found.map).all().item<bool>());
  EXPECT_TRUE((found.score > 0).all().item<bool>());
}

TEST(Pipeline, GivesTheSameAloneInABatchAndInAnotherOrder) {
  const Pipeline pipeline = tiny_pipeline();
  const Images images = pictures(5);
  const Detection together = pipeline.detect(images);
  for (int64_t i = 0; i < 5; ++i) expect_same(pipeline.detect(only(images, {i})), only(together, {i}), 1e-5);
  expect_same(pipeline.detect(only(images, {4, 2, 0})), only(together, {4, 2, 0}), 1e-5);
}

TEST(Pipeline, GivesTheSameWithOneThreadAndTwo) {
  const int threads = at::get_num_threads();
  const Pipeline pipeline = tiny_pipeline();
  at::set_num_threads(1);
  const Detection one = pipeline.detect(pictures(3));
  at::set_num_threads(2);
  expect_same(pipeline.detect(pictures(3)), one, 1e-5);
  at::set_num_threads(threads);
}

TEST(Pipeline, FollowsTheSeedAndTheImagesKey) {
  const Images images = pictures(2);
  const Detection seed0 = tiny_pipeline(on_cpu(0)).detect(images);
  expect_same(tiny_pipeline(on_cpu(0)).detect(images), seed0, 0);
  EXPECT_GT(max_abs_diff(tiny_pipeline(on_cpu(1)).detect(images).map, seed0.map), 1e-3);
  Images renamed = images;
  renamed.keys[1].case_id = 7;
  const Detection other = tiny_pipeline(on_cpu(0)).detect(renamed);
  EXPECT_LE(max_abs_diff(other.map[0], seed0.map[0]), 1e-5);
  EXPECT_GT(max_abs_diff(other.map[1], seed0.map[1]), 1e-3);
}

TEST(Pipeline, LeavesItsInputAlone) {
  const Images images = pictures(2);
  const Tensor before = images.pixels.clone();
  tiny_pipeline().detect(images);
  EXPECT_TRUE(at::equal(images.pixels, before));
}

TEST(Pipeline, InBfloat16StaysCloseToFloat32) {
  RunConfig run = on_cpu();
  run.precision = Precision::Bf16;
  const Detection rough = tiny_pipeline(run, PerceptualKind::None).detect(pictures(2));
  const Detection exact = tiny_pipeline(on_cpu(), PerceptualKind::None).detect(pictures(2));
  const double difference = max_abs_diff(rough.pseudo_healthy, exact.pseudo_healthy);
  EXPECT_GT(difference, 0);
  EXPECT_LT(difference, 0.1);
}

TEST(Pipeline, CountsEveryImageOfEveryNetworkCall) {
  int64_t images = 0;
  tiny_pipeline().detect(pictures(4), [&](int64_t count) { images += count; });
  EXPECT_EQ(images, 4 * 3);
}

TEST(Pipeline, DistancesAreZeroOnlyBetweenEqualImages) {
  for (const PerceptualKind kind : {PerceptualKind::Unet, PerceptualKind::Ssim}) {
    class Distance : public test::ThreeStepDetector {
     public:
      using ThreeStepDetector::ThreeStepDetector;
      Detection detect(const Context& context, const Images& images) const override {
        const Tensor same = context.perceptual(images.pixels, images.pixels);
        const Tensor other = context.perceptual(images.pixels, 1 - images.pixels);
        return {other, same, other.mean({1, 2, 3})};
      }
    };
    const Pipeline pipeline(test::tiny_model(), std::make_unique<Distance>(kind), on_cpu());
    EXPECT_EQ(pipeline.perceptual(), name_of(kind));
    const Detection found = pipeline.detect(pictures(2));
    EXPECT_LT(found.pseudo_healthy.abs().max().item<double>(), 1e-5) << name_of(kind);
    EXPECT_GT(found.map.min().item<double>(), -1e-6) << name_of(kind);
    EXPECT_GT(found.score.min().item<double>(), 1e-3) << name_of(kind);
  }
}

TEST(Pipeline, WithoutLpipsWeightsSaysSoOncePerJobAndUsesTheNetworksFeatures) {
  const test::TemporaryFolder empty;
  ::setenv("THOR_HOME", empty.path().c_str(), 1);
  for (int job = 0; job < 2; ++job) {
    std::vector<std::string> said;
    RunContext context([&](LogLevel level, const std::string& text) {
      if (level == LogLevel::Warning) said.push_back(text);
    });
    RunConfig run = on_cpu();
    run.context = &context;
    EXPECT_EQ(tiny_pipeline(run, PerceptualKind::Lpips).perceptual(), "unet");
    EXPECT_EQ(tiny_pipeline(run, PerceptualKind::Lpips).perceptual(), "unet");
    ASSERT_EQ(said.size(), 1u);
    EXPECT_THAT(said[0], HasSubstr("`as` lpips-squeeze"));
  }
  ::unsetenv("THOR_HOME");
}

TEST(Pipeline, RefusesLpipsWeightsThatAreNone) {
  const test::TemporaryFolder folder;
  RunConfig run = on_cpu();
  run.lpips = folder / "lpips.safetensors";
  EXPECT_THROW(tiny_pipeline(run, PerceptualKind::Lpips), Error);
  write_safetensors(run.lpips, {{{"foreign", at::zeros({2})}}, {}});
  EXPECT_THROW(tiny_pipeline(run, PerceptualKind::Lpips), Error);
}

TEST(Pipeline, UsesRealLpipsWeightsWhereTheyAre) {
  RunConfig run = on_cpu();
  run.lpips = test::shared_dir() + "/weights/lpips_squeeze_v0.1.safetensors";
  if (!std::filesystem::exists(run.lpips)) GTEST_SKIP() << "no LPIPS weights at " << run.lpips;
  Model model = test::tiny_model();
  model.config.preprocess.size = 64;
  const Pipeline pipeline(std::move(model), std::make_unique<test::ThreeStepDetector>(PerceptualKind::Lpips), run);
  EXPECT_EQ(pipeline.perceptual(), "lpips");
  Images images = pictures(2);
  images.pixels = at::upsample_bilinear2d(images.pixels, {64, 64}, false);
  const Detection together = pipeline.detect(images);
  EXPECT_GT(together.map.max().item<double>(), 0);
  expect_same(pipeline.detect(only(images, {1})), only(together, {1}), 1e-5);
}

TEST(Device, ThatIsNotThereIsAUsageErrorWithWhatIs) {
  EXPECT_EQ(choose_device("cpu"), at::Device(at::kCPU));
  EXPECT_THAT(story_of_device("cuda:999"), HasSubstr("cpu"));
  for (const char* name : {"gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:99999999999999999999", ""})
    EXPECT_THAT(story_of_device(name), HasSubstr("expected auto, cpu, cuda or cuda:N")) << name;
}

TEST(Device, PrecisionIsOneOfTwo) {
  EXPECT_EQ(dtype_of(Precision::Bf16), at::kBFloat16);
  EXPECT_EQ(dtype_of(Precision::Fp32), at::kFloat);
  EXPECT_EQ(names_of(Precision()), (Names{"fp32", "bf16"}));
}

}  // namespace
}  // namespace thor
