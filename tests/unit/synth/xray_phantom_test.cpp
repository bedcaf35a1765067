// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/xray_phantom.h"

#include <gmock/gmock.h>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/data/split.h"
#include "thor/image/image.h"
#include "thor/synth/xray_anomaly.h"

namespace thor::test {
namespace {

TEST(XrayPhantom, IsTheSameForTheSameNumbersAndAnotherForOthers) {
  const at::Tensor first = make_xray_phantom(64, 1, 5, "").image;
  EXPECT_EQ(first.sizes(), (std::vector<int64_t>{64, 48}));
  EXPECT_EQ(max_abs_diff(first, make_xray_phantom(64, 1, 5, "").image), 0);
  EXPECT_GT(max_abs_diff(first, make_xray_phantom(64, 1, 6, "").image), 0.2);
  EXPECT_GT(max_abs_diff(first, make_xray_phantom(64, 2, 5, "").image), 0.2);
}

TEST(XrayPhantom, IsBrighterInBoneThanInSoftTissueThanInAir) {
  for (int64_t index = 0; index < 4; ++index) {
    const Phantom phantom = make_xray_phantom(128, 3, index, "");
    EXPECT_EQ(phantom.mask.sum().item<float>(), 0);
    EXPECT_TRUE(phantom.boxes.empty());
    EXPECT_GE(phantom.image.min().item<float>(), 0);
    EXPECT_LE(phantom.image.max().item<float>(), 1);
    // The forearm, below: its brightest sixth is bone, its middle soft tissue, its edges air.
    const at::Tensor forearm = phantom.image.slice(0, 88, 112).mean(0);  // [96]
    const at::Tensor sorted = std::get<0>(forearm.sort());
    EXPECT_GT(sorted[84].item<double>(), 1.15 * sorted[52].item<double>());
    EXPECT_GT(sorted[52].item<double>(), 1.25 * sorted[16].item<double>());
  }
}

TEST(XrayPhantom, HasBoxesAroundWhatItsFindingsChangeAndNowhereElse) {
  for (const std::string& label : xray_labels())
    for (int64_t index = 0; index < 3; ++index) {
      SCOPED_TRACE(label + std::to_string(index));
      const Phantom healthy = make_xray_phantom(96, 0, index, ""), ill = make_xray_phantom(96, 0, index, label);
      ASSERT_GE(ill.boxes.size(), 1u);
      for (const Box& box : ill.boxes) EXPECT_EQ(box.label, label);
      const at::Tensor boxes = box_mask(ill.boxes, 96, 72).to(at::kFloat);
      EXPECT_EQ((ill.mask * (1 - boxes)).max().item<float>(), 0);
      EXPECT_LT(boxes.mean().item<double>(), 0.25);
      const at::Tensor change = (ill.image - healthy.image).abs();
      EXPECT_GT((change * ill.mask).sum().item<double>() / ill.mask.sum().item<double>(), 0.03);
      EXPECT_LT((change * (1 - boxes)).max().item<float>(), 0.06);
    }
}

TEST(XrayPhantom, MetalIsTheBrightestThing) {
  const Phantom phantom = make_xray_phantom(96, 0, 1, "metal");
  const at::Tensor metal = phantom.image.masked_select(phantom.mask.gt(0));
  EXPECT_GT(metal.max().item<float>(), phantom.image.masked_select(phantom.mask.eq(0)).max().item<float>());
}

TEST(XrayPhantom, RefusesAnUnknownLabel) { EXPECT_THROW(make_xray_phantom(64, 0, 0, "cast"), Error); }

TEST(XrayPhantoms, AreWrittenWithBoxesThatReadBack) {
  const TemporaryFolder folder;
  PhantomConfig config;
  config.kind = "xray";
  config.size = 64;
  config.train = 1;
  config.val = 1;
  config.test = 4;
  EXPECT_EQ(write_phantoms(folder.path(), config).size(), 5u);
  EXPECT_EQ(read_split(folder / "healthy.csv").size(), 4u);
  const auto cases = read_split(folder / "test.csv");
  const BoxTable table = read_boxes(folder / "boxes.csv");
  ASSERT_EQ(cases.size(), 4u);
  ASSERT_EQ(table.images.size(), 4u);
  for (size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(cases[i].group, xray_labels()[i % xray_labels().size()]);
    EXPECT_EQ(table.images[i].image, cases[i].image);
    EXPECT_EQ(table.images[i].boxes.at(0).label, cases[i].group);
    const Image image = read_image(cases[i].image);
    EXPECT_EQ(image.full_scale, 65535);
    std::vector<BoxRemark> notes;
    EXPECT_NO_THROW(fit_boxes(table.images[i], image.voxels.size(1), image.voxels.size(2), notes));
    EXPECT_TRUE(notes.empty());
  }
}

}  // namespace
}  // namespace thor::test
