// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/simplex.h"

#include <ATen/Parallel.h>

#include "tests/support.h"

namespace thor::test {
namespace {

/// The definition, value by value.
at::Tensor plain_octaves(const OpenSimplex& noise, int64_t height, int64_t width, int64_t plane, double frequency) {
  at::Tensor field = at::zeros({height, width}, at::kDouble);
  double f = frequency, amplitude = 1;
  for (int octave = 0; octave < 6; ++octave, f /= 2, amplitude *= 0.8)
    for (int64_t row = 0; row < height; ++row)
      for (int64_t column = 0; column < width; ++column)
        field.data_ptr<double>()[row * width + column] += amplitude * noise.noise3(column / f, row / f, plane / f);
  return field;
}

TEST(Simplex, RowsAreTheNoiseOfTheirPositionsToTheLastBit) {
  struct {
    int64_t seed, height, width, plane;
    double frequency;
  } cases[] = {
      {42, 64, 64, 200, 64}, {-7, 33, 77, 999, 50.3}, {1, 5, 200, 0, 7}, {0, 1, 1, 3, 64}, {9, 40, 63, 1000000, 1}};
  for (const auto& c : cases) {
    const OpenSimplex noise(c.seed);
    EXPECT_TRUE(at::equal(simplex_octaves(noise, c.height, c.width, c.plane, 6, 0.8, c.frequency),
                          plain_octaves(noise, c.height, c.width, c.plane, c.frequency)))
        << c.height << " x " << c.width << " at " << c.plane;
  }
}

TEST(Simplex, IsTheSameOnAnyNumberOfThreads) {
  const OpenSimplex noise(5);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor alone = simplex_octaves(noise, 70, 90, 11, 6, 0.8, 64);
  at::set_num_threads(3);
  const at::Tensor shared = simplex_octaves(noise, 70, 90, 11, 6, 0.8, 64);
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(alone, shared));
}

}  // namespace
}  // namespace thor::test
