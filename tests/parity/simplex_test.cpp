// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/simplex.h"

#include "tests/parity/golden.h"

namespace thor::test {
namespace {

at::Tensor as_tensor(const std::array<int16_t, 256>& table) {
  return at::tensor(std::vector<int64_t>(table.begin(), table.end()), at::kLong);
}

std::vector<double> values_of(const at::Tensor& t) {
  const auto flat = t.to(at::kDouble).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

class SimplexParity : public ::testing::Test {
 protected:
  SimplexParity() : golden("simplex.safetensors"), seeds(golden.matches(R"(seed(-?\d+)\.perm)")) {}
  const Golden golden;
  const std::set<std::string> seeds;
};

TEST_F(SimplexParity, PermutationsAreExact) {
  ASSERT_FALSE(seeds.empty());
  for (const auto& seed : seeds) {
    SCOPED_TRACE(seed);
    const OpenSimplex noise(std::stoll(seed));
    EXPECT_TRUE(at::equal(as_tensor(noise.permutation()), golden["seed" + seed + ".perm"].to(at::kLong)));
    EXPECT_TRUE(
        at::equal(as_tensor(noise.gradient_index3()), golden["seed" + seed + ".perm_grad_index3"].to(at::kLong)));
  }
}

TEST_F(SimplexParity, FieldsAreThePublishedOnes) {
  ASSERT_FALSE(seeds.empty());
  const auto x = values_of(golden["coords.x"]), y = values_of(golden["coords.y"]), z = values_of(golden["coords.z"]);
  for (const auto& seed : seeds) {
    SCOPED_TRACE(seed);
    const OpenSimplex noise(std::stoll(seed));
    std::vector<double> plane, volume;
    for (double row : y)
      for (double column : x) plane.push_back(noise.noise2(column, row));
    for (double depth : z)
      for (double row : y)
        for (double column : x) volume.push_back(noise.noise3(column, row, depth));
    EXPECT_LT(max_abs_diff(at::tensor(plane, at::kDouble), golden["seed" + seed + ".noise2"].flatten()), 1e-12);
    EXPECT_LT(max_abs_diff(at::tensor(volume, at::kDouble), golden["seed" + seed + ".noise3"].flatten()), 1e-12);
  }
}

// "H=64,W=48, octave=6, persistence=0.8, frequency=64, ...": a setting by its name.
double setting(const std::string& text, const std::string& name, double otherwise) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(name + R"(=([-\d.eE]+))")) ? std::stod(match[1]) : otherwise;
}

TEST_F(SimplexParity, OctaveSumsAreThePublishedOnes) {
  const auto keys = golden.matches(R"((seed-?\d+\.octaves\.T\d+))");
  ASSERT_FALSE(keys.empty());
  const std::string about = golden.about("octaves");
  for (const auto& key : keys) {
    SCOPED_TRACE(key);
    std::smatch part;
    ASSERT_TRUE(std::regex_match(key, part, std::regex(R"(seed(-?\d+)\.octaves\.T(\d+))")));
    const auto expected = golden[key].squeeze(0);
    const auto field = simplex_octaves(OpenSimplex(std::stoll(part[1])), expected.size(0), expected.size(1),
                                       std::stoll(part[2]), static_cast<int64_t>(setting(about, "octave", 6)),
                                       setting(about, "persistence", 0.8), setting(about, "frequency", 64));
    EXPECT_LT(max_abs_diff(field, expected), 1e-12);
  }
}

}  // namespace
}  // namespace thor::test
