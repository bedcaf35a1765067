// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/normative.h"

#include "tests/contract/small_world.h"
#include "tests/support.h"
#include "thor/base/error.h"

namespace thor::test {
namespace {

TEST(Normative, MeasuresDistanceInDeviationsOfTheTrainingSlices) {
  SmallWorld world;
  NormativeConfig config{0, 0.05};
  Context context = world.context();
  context.usual = [](const Images& images) {
    UsualSlices usual{at::full_like(images.pixels, 0.4), at::full_like(images.pixels, 0.05), {}};
    usual.deviation.slice(3, 8, 16).fill_(0.35);
    return usual;
  };
  const Images images{at::full({1, 1, 16, 16}, 0.6), {{1, 0}}};
  const Detection found = Normative(config).detect(context, images);
  EXPECT_NEAR(found.map[0][0][4][2].item<double>(), 2, 1e-5);
  EXPECT_NEAR(found.map[0][0][4][12].item<double>(), 0.5, 1e-5);
  EXPECT_TRUE(found.pseudo_healthy.eq(0.4F).all().item<bool>());
}

TEST(Normative, SaysWhatIsMissing) {
  SmallWorld world;
  Context context = world.context();
  context.usual = {};
  EXPECT_THROW(Normative({}).detect(context, some_images(1)), Error);
}

}  // namespace
}  // namespace thor::test
