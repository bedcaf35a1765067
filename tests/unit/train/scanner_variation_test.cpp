// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/scanner_variation.h"

#include "tests/support.h"
#include "thor/train/batch.h"

namespace thor {
namespace {

using test::max_abs_diff;

/// A gray square head in black air.
struct Head {
  Tensor inside = at::zeros({64, 64}, at::kBool);
  Tensor image;
  Head() {
    inside.slice(0, 8, 56).slice(1, 8, 56).fill_(true);
    image = 0.4 * inside.to(at::kFloat);
  }
};

StreamKey scan(uint64_t image) { return {7, image, 0, Purpose::Scanner, 0}; }

ScannerVariation every_image() {
  ScannerVariation variation;
  variation.share = 1;
  return variation;
}

/// Nothing changes but what a test turns on.
ScannerVariation still() {
  ScannerVariation variation = every_image();
  variation.rim = variation.contrast = variation.resolution = 1;
  variation.bias_field = variation.noise = 0;
  return variation;
}

TEST(ScannerVariation, IsAPureFunctionOfItsKeyAndStaysInUnitRange) {
  const Head head;
  int64_t changed = 0;
  for (uint64_t i = 0; i < 20; ++i) {
    const Tensor once = vary_scanner(every_image(), head.image, head.inside, scan(i));
    EXPECT_TRUE(at::equal(once, vary_scanner(every_image(), head.image, head.inside, scan(i))));
    EXPECT_GE(once.min().item<double>(), 0);
    EXPECT_LE(once.max().item<double>(), 1);
    changed += max_abs_diff(once, head.image) > 1e-3;
  }
  EXPECT_GT(changed, 15);
}

TEST(ScannerVariation, ChangesTheShareOfImagesItIsAskedTo) {
  const Head head;
  ScannerVariation variation = every_image();
  variation.share = 0.25;
  int64_t changed = 0;
  for (uint64_t i = 0; i < 200; ++i)
    changed += !at::equal(vary_scanner(variation, head.image, head.inside, scan(i)), head.image);
  EXPECT_NEAR(static_cast<double>(changed), 48, 20);
}

TEST(ScannerVariation, TheScalpGetsBrighterOrDarkerAndTheMiddleStays) {
  const Head head;
  ScannerVariation variation = still();
  variation.rim = 2;
  int64_t brighter = 0, darker = 0;
  for (uint64_t i = 0; i < 40; ++i) {
    const Tensor change = vary_scanner(variation, head.image, head.inside, scan(i)) - head.image;
    EXPECT_LT(change[32][32].abs().item<double>(), 1e-6);
    EXPECT_LT((change * ~head.inside).abs().max().item<double>(), 1e-6);
    brighter += change[8][32].item<double>() > 0.01;
    darker += change[8][32].item<double>() < -0.01;
  }
  EXPECT_GT(brighter, 3);
  EXPECT_GT(darker, 3);
}

TEST(ScannerVariation, IsOffUntilAsked) {
  ExperimentConfig config;
  config.train.batch = 4;
  config.model.diffusion.process = Process::Corruption;
  config.train.corruption.lesion_share = config.train.corruption.noise_share = 0;
  config.train.augment.enabled = false;
  const Diffusion diffusion(config.model.diffusion);
  const Tensor slices = Head().image.expand({4, 64, 64}).contiguous();
  const Tensor healthy = diffusion.from_unit(slices.unsqueeze(1));
  EXPECT_TRUE(at::equal(training_batch(config, diffusion, slices, 0).xt, healthy));
  config.train.scanner.share = 1;
  const Batch varied = training_batch(config, diffusion, slices, 0);
  EXPECT_GT(max_abs_diff(varied.xt, healthy), 0.01);
  // What a scanner changed is healthy: nothing was added that should be removed.
  EXPECT_EQ(varied.target.abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace thor
