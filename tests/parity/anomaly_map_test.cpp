// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/anomaly_map.h"

#include "tests/parity/golden.h"

namespace thor::test {
namespace {

at::Tensor as_images(const at::Tensor& plane) {
  return plane.to(at::kFloat).reshape({1, 1, plane.size(-2), plane.size(-1)});
}

// The number that follows `word` in the file's description, e.g. 13 in "dilation13(closing13(map))".
double number_after(const std::string& text, const std::string& word) {
  const auto at = text.find(word);
  return at == std::string::npos ? 0 : numbers_in(text.substr(at + word.size())).at(0);
}

class AnomalyMapParity : public ::testing::Test {
 protected:
  AnomalyMapParity() : golden("anomaly_map.safetensors", test_device()) {
    config.kernel = static_cast<int64_t>(number_after(golden.about("region"), "dilation"));
    config.sigma = number_after(golden.about("saliency"), "sigma=");
  }
  const Golden golden;
  MapConfig config;
};

TEST_F(AnomalyMapParity, TheMapIsThePublishedOne) {
  const auto &x = golden["x"], &x0 = golden["x_rec"], &lpips = golden["lpips"];
  EXPECT_LT(max_abs_diff((x0 - x).abs(), golden["residual"]), tolerance(1e-5));
  EXPECT_LT(max_abs_diff(gaussian_blur(lpips, config.sigma).clamp(0, 1), golden["saliency"]), tolerance(1e-5));
  EXPECT_LT(max_abs_diff(anomaly_map(config, x, x0, lpips), golden["map"]), tolerance(1e-5));
}

TEST_F(AnomalyMapParity, TheRegionIsThePublishedOne) {
  const auto closed = grey_closing(golden["map"], config.kernel);
  EXPECT_LT(max_abs_diff(closed, golden["closing"]), tolerance(1e-5));
  EXPECT_LT(max_abs_diff(grey_dilation(closed, config.kernel), golden["dilation"]), tolerance(1e-5));
  EXPECT_LT(max_abs_diff(region_mask(config, golden["map"]), golden["region"]), tolerance(1e-5));
}

TEST_F(AnomalyMapParity, TheHarmonicMeanIsSciPys) {
  std::vector<at::Tensor> maps;
  for (int64_t i = 0; i < golden["stack"].size(0); ++i) maps.push_back(golden["stack"][i]);
  EXPECT_LT(max_abs_diff(harmonic_mean(maps), golden["harmonic_mean"]), tolerance(1e-5));
}

TEST_F(AnomalyMapParity, MorphologyIsSciPys) {
  const auto sizes = golden.matches(R"(morph\.dilation(\d+))");
  ASSERT_FALSE(sizes.empty());
  const auto input = as_images(golden["morph.in"]);
  for (const auto& size : sizes) {
    SCOPED_TRACE(size);
    const int64_t k = std::stoll(size);
    EXPECT_LT(max_abs_diff(grey_dilation(input, k), as_images(golden["morph.dilation" + size])), tolerance(1e-5));
    EXPECT_LT(max_abs_diff(grey_closing(input, k), as_images(golden["morph.closing" + size])), tolerance(1e-5));
  }
}

TEST_F(AnomalyMapParity, TheBlurIsSciPys) {
  const auto sigmas = golden.matches(R"(gauss\.sigma([\d.]+))");
  ASSERT_FALSE(sigmas.empty());
  for (const auto& sigma : sigmas) {
    SCOPED_TRACE(sigma);
    const auto blurred = gaussian_blur(as_images(golden["morph.in"]), std::stod(sigma));
    EXPECT_LT(max_abs_diff(blurred, as_images(golden["gauss.sigma" + sigma])), tolerance(1e-5));
  }
}

}  // namespace
}  // namespace thor::test
