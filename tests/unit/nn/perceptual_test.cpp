// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/perceptual.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/random.h"

using namespace thor;
using test::max_abs_diff;

namespace {

// Uniform numbers in [0,1)
Tensor noise(at::IntArrayRef shape, uint64_t seed) {
  Tensor t = at::empty(shape, at::kFloat);
  Random random(StreamKey{seed});
  for (int64_t i = 0; i < t.numel(); ++i) t.data_ptr<float>()[i] = static_cast<float>(random.uniform());
  return t;
}

/// A network of the right shape with small random weights; heads positive as they must be.
StateDict made_up(LpipsNet net) {
  StateDict weights;
  uint64_t seed = 1;
  for (const auto& [name, shape] : lpips_shapes(net)) {
    const bool head = name.rfind("lin", 0) == 0;
    weights.emplace(name, (noise(shape, seed++) - (head ? 0 : 0.5)) * 0.2);
  }
  return weights;
}

}  // namespace

TEST(Perceptual, LpipsOfAnImageDoesNotDependOnItsNeighbours) {
  for (const auto net : {LpipsNet::Squeeze, LpipsNet::Alex}) {
    const Lpips lpips(made_up(net));
    EXPECT_EQ(lpips.net(), net);
    const Tensor x = noise({3, 1, 48, 40}, 7), y = noise({3, 1, 48, 40}, 8);
    const Tensor together = lpips.spatial(x, y);
    EXPECT_EQ(together.sizes().vec(), (std::vector<int64_t>{3, 1, 48, 40}));
    for (int64_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(at::equal(together.narrow(0, i, 1), lpips.spatial(x.narrow(0, i, 1), y.narrow(0, i, 1))));
      EXPECT_TRUE(at::equal(lpips.mean(x, y).narrow(0, i, 1), lpips.mean(x.narrow(0, i, 1), y.narrow(0, i, 1))));
    }
  }
}

TEST(Perceptual, LpipsIsTheSameOnAnyNumberOfThreads) {
  const int before = at::get_num_threads();
  for (const auto net : {LpipsNet::Squeeze, LpipsNet::Alex}) {
    const Lpips lpips(made_up(net));
    const Tensor x = noise({3, 1, 65, 40}, 7), y = noise({3, 1, 65, 40}, 8);
    at::set_num_threads(1);
    const Tensor alone = lpips.spatial(x, y);
    at::set_num_threads(3);
    const Tensor shared = lpips.spatial(x, y);
    at::set_num_threads(before);
    if (net == LpipsNet::Squeeze) {
      EXPECT_TRUE(at::equal(alone, shared));
    } else {  // its strided convolution is the library's
      EXPECT_LT(max_abs_diff(alone, shared), 1e-6);
    }
  }
}

TEST(Perceptual, LpipsOfKeptFeaturesIsTheSameToTheLastBit) {
  const at::NoGradGuard no_grad;
  for (const auto net : {LpipsNet::Squeeze, LpipsNet::Alex}) {
    const Lpips lpips(made_up(net));
    const Tensor x = noise({2, 1, 48, 40}, 7);
    const LpipsFeatures kept = lpips.features(x, true);
    for (const uint64_t seed : {8, 9}) {
      const Tensor y = noise({2, 1, 48, 40}, seed);
      EXPECT_TRUE(at::equal(lpips.spatial(kept, y, true), lpips.spatial(x, y, true)));
    }
    EXPECT_THROW(lpips.spatial(kept, noise({2, 1, 48, 60}, 1)), Error);
  }
}

TEST(Perceptual, LpipsIsZeroForEqualImagesPositiveOtherwiseAndTheSameInGrayAndColour) {
  const Lpips lpips(made_up(LpipsNet::Squeeze));
  const Tensor x = noise({1, 1, 32, 33}, 1), y = noise({1, 1, 32, 33}, 2);
  EXPECT_EQ(lpips.spatial(x, x).abs().max().item<float>(), 0);
  EXPECT_GT(lpips.mean(x, y).item<float>(), 0);
  EXPECT_GE(lpips.spatial(x, y).min().item<float>(), 0);
  EXPECT_TRUE(at::equal(lpips.spatial(x, y), lpips.spatial(x.repeat({1, 3, 1, 1}), y.repeat({1, 3, 1, 1}))));
  EXPECT_TRUE(at::equal(lpips.spatial(x, y, true), lpips.spatial(2 * x - 1, 2 * y - 1)));
}

TEST(Perceptual, LpipsRefusesWhatItCannotCompare) {
  const Lpips lpips(made_up(LpipsNet::Alex));
  EXPECT_THROW(lpips.spatial(noise({1, 1, 31, 40}, 1), noise({1, 1, 31, 40}, 2)), Error);
  EXPECT_THROW(lpips.spatial(noise({1, 1, 40, 40}, 1), noise({1, 1, 40, 41}, 2)), Error);
  StateDict weights = made_up(LpipsNet::Alex);
  weights.at("lin3.model.1.weight")[0][5][0][0] = -1;
  EXPECT_THROW(Lpips{weights}, Error);
  weights.erase("lin3.model.1.weight");
  try {
    Lpips{weights};
    FAIL() << "loaded";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("1 missing: lin3.model.1.weight"), std::string::npos) << e.what();
  }
}

TEST(Perceptual, LpipsNamesOfOtherFilesAreUnderstood) {
  const Tensor t = at::ones({1});
  const StateDict renamed = to_lpips_names({{"features.3.squeeze.bias", t},
                                            {"net.slice4.9.squeeze.weight", t},
                                            {"lin0.model.1.weight", t},
                                            {"lins.0.model.1.weight", t},
                                            {"scaling_layer.shift", t},
                                            {"classifier.1.weight", t}});
  std::vector<std::string> names;
  for (const auto& [name, tensor] : renamed) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"lin0.model.1.weight", "net.features.3.squeeze.bias",
                                             "net.features.9.squeeze.weight"}));
  EXPECT_THROW(to_lpips_names({{"features.0.bias", t}, {"net.slice1.0.bias", t}}), Error);
}

TEST(Perceptual, SsimDistanceAgreesWithSsimAwayFromTheBorder) {
  const Tensor x = noise({2, 1, 20, 17}, 3), y = noise({2, 1, 20, 17}, 4);
  const Tensor inside = ssim_distance(x, y).narrow(2, 3, 14).narrow(3, 3, 11);
  EXPECT_LT(max_abs_diff(1 - inside.to(at::kDouble).mean({1, 2, 3}), ssim(x, y)), 1e-6);
  EXPECT_EQ(ssim_distance(x, x).max().item<float>(), 0);
  EXPECT_EQ(ssim(x, x)[1].item<double>(), 1);
  EXPECT_THROW(ssim(noise({1, 1, 6, 9}, 1), noise({1, 1, 6, 9}, 1)), Error);
}

TEST(Perceptual, SsimDistanceSeesTheMirroredImageAtTheBorder) {
  const Tensor x = noise({1, 1, 9, 9}, 5), y = noise({1, 1, 9, 9}, 6);
  // d c b a a b c d: the corner's window covers rows and columns c b a a b c d
  const Tensor order = at::tensor({2, 1, 0, 0, 1, 2, 3}, at::kLong);
  const auto corner = [&](const Tensor& t) { return t.index_select(2, order).index_select(3, order).contiguous(); };
  EXPECT_NEAR(ssim_distance(x, y)[0][0][0][0].item<double>(), 1 - ssim(corner(x), corner(y)).item<double>(), 1e-6);
}

TEST(Perceptual, FeatureDistanceIgnoresTheLengthOfFeatures) {
  const Tensor f = noise({2, 5, 8, 8}, 9) + 0.1, g = noise({2, 5, 4, 4}, 10) + 0.1;
  const Tensor same = feature_distance({f, g}, {3 * f, 0.5 * g}, 16, 12);
  EXPECT_EQ(same.sizes().vec(), (std::vector<int64_t>{2, 1, 16, 12}));
  EXPECT_LT(same.max().item<float>(), 1e-10);
  Tensor a = at::zeros({1, 2, 1, 1}), b = at::zeros({1, 2, 1, 1});
  a[0][0] = 5;
  b[0][1] = 7;
  EXPECT_LT(max_abs_diff(feature_distance({a}, {b}, 2, 2), at::full({1, 1, 2, 2}, 2.f)), 1e-6);
}
