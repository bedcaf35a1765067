// SPDX-License-Identifier: Apache-2.0
#include <png.h>

#include "tests/parity/golden.h"
#include "thor/base/error.h"
#include "thor/nn/perceptual.h"

using namespace thor;
using test::Golden;
using test::max_abs_diff;

namespace {

std::string weights_file(LpipsNet net) {
  return test::shared_dir() + (net == LpipsNet::Squeeze ? "/weights/lpips_squeeze_v0.1.safetensors"
                                                        : "/weights/lpips_alex_v0.1_f16.safetensors");
}

/// An 8-bit RGB picture as [1,3,H,W] in [0,1].
Tensor read_colours(const std::string& path) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_file(&image, path.c_str())) fail_input("cannot read '{}': {}", path, image.message);
  image.format = PNG_FORMAT_RGB;
  Tensor pixels = at::empty({int64_t{image.height}, int64_t{image.width}, 3}, at::kByte);
  if (!png_image_finish_read(&image, nullptr, pixels.data_ptr(), 0, nullptr))
    fail_input("'{}': {}", path, image.message);
  return pixels.permute({2, 0, 1}).unsqueeze(0).to(at::kFloat).div(255).contiguous();
}

double between(const Lpips& lpips, const std::string& a, const std::string& b) {
  return lpips.mean(read_colours(test::golden_dir() + "/" + a), read_colours(test::golden_dir() + "/" + b))
      .item<double>();
}

}  // namespace

#define SKIP_WITHOUT(net)                          \
  if (!std::filesystem::exists(weights_file(net))) \
  GTEST_SKIP() << weights_file(net) << " is not here; LPIPS weights are not ours to ship"

TEST(Lpips, EqualsThePublishedNumbersAtEverySize) {
  SKIP_WITHOUT(LpipsNet::Squeeze);
  Lpips lpips = load_lpips(weights_file(LpipsNet::Squeeze));
  lpips.to(test::test_device());
  EXPECT_EQ(lpips.net(), LpipsNet::Squeeze);
  const Golden golden("lpips_squeeze.safetensors", test::test_device());
  const auto cases = golden.matches(R"((.*)\.x)");
  ASSERT_FALSE(cases.empty());
  for (const auto& size : cases) {
    const Tensor x = golden[size + ".x"], y = golden[size + ".y"];
    EXPECT_LT(max_abs_diff(lpips.spatial(x, y), golden[size + ".spatial"]), test::tolerance(1e-5)) << size;
    EXPECT_LT(max_abs_diff(lpips.spatial(x, y, true), golden[size + ".spatial_double_normalized"]),
              test::tolerance(1e-5))
        << size;
    EXPECT_LT(max_abs_diff(lpips.mean(x, y), golden[size + ".mean"].flatten()), test::tolerance(1e-5)) << size;
  }
}

TEST(Lpips, AgreesOnTheExamplePicturesOfItsAuthors) {
  SKIP_WITHOUT(LpipsNet::Squeeze);
  const Lpips lpips = load_lpips(weights_file(LpipsNet::Squeeze));
  EXPECT_NEAR(between(lpips, "ex_ref.png", "ex_p0.png"), 0.7110, 1e-4);
  EXPECT_NEAR(between(lpips, "ex_ref.png", "ex_p1.png"), 0.1479, 1e-4);
}

TEST(Lpips, AgreesOnTheExamplePicturesWithAlexNet) {
  SKIP_WITHOUT(LpipsNet::Alex);
  const Lpips lpips = load_lpips(weights_file(LpipsNet::Alex));
  EXPECT_EQ(lpips.net(), LpipsNet::Alex);
  EXPECT_NEAR(between(lpips, "ex_ref.png", "ex_p0.png"), 0.7219, 1e-3) << "weights are float16 in the file";
  EXPECT_NEAR(between(lpips, "ex_ref.png", "ex_p1.png"), 0.1376, 1e-3);
}

TEST(Ssim, EqualsScikitImage) {
  const Golden golden("metrics.safetensors");
  const auto image = [&](const char* name) { return golden[name].unsqueeze(0).unsqueeze(0); };
  EXPECT_NEAR(ssim(image("ssim.a"), image("ssim.b")).item<double>(), golden["ssim"].item<double>(), 1e-6);
}
