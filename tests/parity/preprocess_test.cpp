// SPDX-License-Identifier: Apache-2.0
// Padding and resizing against PyTorch's, for every size in the golden file.
#include "thor/data/preprocess.h"

#include "tests/parity/golden.h"

namespace thor::test {
namespace {

/// Which square a key such as "233x197.resized128" was resized to.
std::set<std::string> sides(const Golden& golden, const std::string& size) {
  return golden.matches(size + R"(\.resized(\d+))");
}

TEST(PreprocessParity, PadsAndResizesAsThePublishedPipeline) {
  const Golden golden("preprocess.safetensors");
  const auto sizes = golden.matches(R"((\d+x\d+)\.in_u8)");
  ASSERT_FALSE(sizes.empty());
  for (const std::string& size : sizes) {
    Image image;
    image.voxels = golden[size + ".in_u8"].to(at::kFloat).unsqueeze(0);  // [1,H,W]
    image.full_scale = 255;
    image.path = size;
    ASSERT_FALSE(sides(golden, size).empty()) << size;
    for (const std::string& side : sides(golden, size)) {
      PreprocessConfig config;
      config.size = std::stoll(side);
      EXPECT_LT(max_abs_diff(preprocess(config, image).unit, golden[size + ".resized" + side]), 1e-5)
          << size << " to " << side;
    }
  }
}

TEST(PreprocessParity, PutsTheExtraRowOrColumnOnTheFarSide) {
  const Golden golden("preprocess.safetensors");
  for (const std::string& size : golden.matches(R"((\d+x\d+)\.padded)")) {
    Image image;
    image.voxels = golden[size + ".in_u8"].to(at::kFloat).unsqueeze(0);  // [1,H,W]
    image.full_scale = 255;
    const at::Tensor padded = golden[size + ".padded"];  // [rows,S]: the first rows of the square, or all of it
    PreprocessConfig config;
    config.size = padded.size(1);  // no change of size: the square itself
    EXPECT_LT(max_abs_diff(preprocess(config, image).unit.narrow(0, 0, padded.size(0)), padded), 1e-5) << size;
  }
}

}  // namespace
}  // namespace thor::test
