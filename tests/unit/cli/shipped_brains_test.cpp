// SPDX-License-Identifier: Apache-2.0
// The brains of the demo as they lie in models/demo.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "tests/support.h"
#include "thor/cli/demo.h"
#include "thor/data/split.h"
#include "thor/image/image.h"

namespace thor {
namespace {

namespace fs = std::filesystem;

const std::string kFolder = THOR_SOURCE_DIR "/models/demo";

TEST(ShippedBrains, AreWholeWithALesionOfEverySizeAndHealthyOnes) {
  std::set<std::string> groups;
  for (const SplitRow& row : read_split(kFolder + "/index.csv")) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(read_image(row.image).voxels.sizes(), (std::vector<int64_t>{1, 128, 128}));
    EXPECT_EQ(row.mask.empty(), row.group == "healthy");
    groups.insert(row.group);
    if (row.mask.empty()) continue;
    const Tensor mask = read_image(row.mask).voxels;
    EXPECT_EQ(mask.sizes(), (std::vector<int64_t>{1, 128, 128}));
    EXPECT_TRUE(mask.eq(0).logical_or(mask.eq(255)).all().item<bool>());
    EXPECT_GT(mask.sum().item<float>(), 0);
  }
  EXPECT_EQ(groups, (std::set<std::string>{"small", "medium", "large", "healthy"}));
}

TEST(ShippedBrains, AreSmallEnoughToShip) {
  uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kFolder))
    if (entry.is_regular_file()) bytes += entry.file_size();
  EXPECT_LT(bytes, 300'000u);
}

TEST(ShippedBrains, AreLeftOutWhereTheyAreNot) {
  const test::TemporaryFolder nothing;
  DemoOptions options;
  options.output = nothing / "out";
  EXPECT_FALSE(demo_brains(options, {nothing.path()}));
  EXPECT_FALSE(fs::exists(options.output));
}

}  // namespace
}  // namespace thor
