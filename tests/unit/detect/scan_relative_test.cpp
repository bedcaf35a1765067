// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/scan_relative.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/detect/chain.h"

namespace thor {
namespace {

/// A detector with a given map for every image.
class Given : public Detector {
 public:
  explicit Given(Tensor map) : map_(std::move(map)) {}
  void describe(Fields&) override {}
  int64_t network_calls(int64_t) const override { return 0; }
  void check(const Diffusion&) const override {}
  Detection detect(const Context&, const Images& images) const override {
    return {map_, images.pixels.clone(), mean_score(map_)};
  }

 private:
  Tensor map_;
};

/// Two images of a bright square of 32 x 32 pixels in the air, and maps that are noise everywhere.
struct World {
  World() {
    at::Generator generator = at::detail::createCPUGenerator(7);
    map = at::rand({2, 1, 64, 64}, generator).square();
    images.pixels = at::zeros({2, 1, 64, 64});
    images.pixels.slice(2, 16, 48).slice(3, 16, 48).fill_(0.6);
    images.keys = {{1, 0}, {2, 0}};
  }
  Detection with(const std::vector<std::string>& sets, const Tensor& given) const {
    ScanRelative detector(std::make_unique<Given>(given));
    Fields fields(detector);
    for (const std::string& set : sets) fields.assign(set);
    const Diffusion diffusion{DiffusionConfig()};
    Context context{diffusion, {}, {}, {}, {}};
    context.usual = usual;
    return detector.detect(context, images);
  }
  Tensor head(const Tensor& of) const { return of.slice(2, 16, 48).slice(3, 16, 48); }
  Tensor map;
  Images images;
  std::function<UsualSlices(const Images&)> usual;
};

TEST(ScanRelative, ChangesNothingByDefault) {
  const World world;
  const Detection found = world.with({}, world.map);
  EXPECT_TRUE(found.map.equal(world.map));
  EXPECT_TRUE(found.score.equal(mean_score(world.map)));
  EXPECT_FALSE(found.region.defined());
}

TEST(ScanRelative, OutsideTheHeadTheMapIsZero) {
  const World world;
  const Detection found = world.with({"region=head"}, world.map);
  EXPECT_TRUE(world.head(found.map).equal(world.head(world.map)));
  EXPECT_EQ(found.map.gt(0).sum().item<int64_t>(), 2 * 32 * 32);
  EXPECT_EQ(found.region.sum().item<int64_t>(), 2 * 32 * 32);
  EXPECT_LT(test::max_abs_diff(found.score, world.head(world.map).mean({1, 2, 3})), 1e-6);
}

TEST(ScanRelative, OutsideTheBrainOfTheTrainingTheMapIsZero) {
  World world;
  EXPECT_THROW(world.with({"region=brain"}, world.map), Error);
  world.usual = [](const Images& images) {
    UsualSlices usual;
    usual.brain = at::zeros_like(images.pixels, at::kBool);
    usual.brain.slice(2, 20, 40).slice(3, 24, 40).fill_(true);
    return usual;
  };
  const Detection found = world.with({"region=brain"}, world.map);
  EXPECT_EQ(found.map.gt(0).sum().item<int64_t>(), 2 * 20 * 16);
  EXPECT_EQ(found.region.sum().item<int64_t>(), 2 * 20 * 16);
}

TEST(ScanRelative, AFactorOnAllOfAScanChangesNothing) {
  const World world;
  const Detection plain = world.with({"region=head", "relative_to=0.7", "score=top"}, world.map);
  const Detection scaled = world.with({"region=head", "relative_to=0.7", "score=top"}, world.map * 8);
  EXPECT_TRUE(plain.map.equal(scaled.map));
  EXPECT_TRUE(plain.score.equal(scaled.score));
  const Tensor values = world.head(plain.map[0].unsqueeze(0)).flatten();
  EXPECT_NEAR(values.le(1).to(at::kDouble).mean().item<double>(), 0.7, 0.002);
}

TEST(ScanRelative, TheScoreOfTheTopIsTheMeanOfItsHighestHundredth) {
  const World world;
  const Detection found = world.with({"region=head", "score=top"}, world.map);
  const Tensor highest = std::get<0>(world.head(world.map)[1].flatten().sort(0, /*descending=*/true)).narrow(0, 0, 10);
  EXPECT_NEAR(found.score[1].item<float>(), highest.mean().item<float>(), 1e-6);
}

TEST(ScanRelative, ABlackImageHasAnEmptyMapAndTheScoreZero) {
  World world;
  world.images.pixels.zero_();
  const Detection found = world.with({"region=head", "relative_to=0.5"}, world.map);
  EXPECT_EQ(found.map.abs().max().item<float>(), 0);
  EXPECT_EQ(found.score.abs().max().item<float>(), 0);
}

}  // namespace
}  // namespace thor
