// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/simplex.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <numeric>

namespace thor {
namespace {

// Input space is skewed so that the simplectic honeycomb becomes the integer grid (stretch) and back (squish).
constexpr double kStretch2 = -0.211324865405187, kSquish2 = 0.366025403784439;
constexpr double kStretch3 = -1.0 / 6, kSquish3 = 1.0 / 3;
constexpr double kNorm2 = 47, kNorm3 = 103;

constexpr int8_t kGradients2[8][2] = {{5, 2}, {2, 5}, {-5, 2}, {-2, 5}, {5, -2}, {2, -5}, {-5, -2}, {-2, -5}};

// Gradient n of 24: the long axis is n % 3; bits of n / 3 give the signs, set = positive for x, clear for y and z.
struct Gradients3 {
  double values[24][3];
  constexpr Gradients3() : values() {
    for (int n = 0; n < 24; ++n)
      for (int axis = 0; axis < 3; ++axis) {
        const bool bit = ((n / 3) >> axis) & 1;
        values[n][axis] = (axis == n % 3 ? 11 : 4) * (bit == (axis == 0) ? 1 : -1);
      }
  }
};
constexpr Gradients3 kGradients3;

// Offsets -1..2 along each axis from the cell's corner: every lattice point that can lie within the kernel's radius
// sqrt(2) of a point in the cell is among them. `x, y, z` are their positions in input space.
struct Neighbours3 {
  double x[64], y[64], z[64];
  constexpr Neighbours3() : x(), y(), z() {
    for (int n = 0; n < 64; ++n) {
      const double i = n / 16 - 1, j = n / 4 % 4 - 1, k = n % 4 - 1, shift = (i + j + k) * kSquish3;
      x[n] = i + shift, y[n] = j + shift, z[n] = k + shift;
    }
  }
};
constexpr Neighbours3 kNeighbours3;

uint64_t next_state(uint64_t state) { return state * 6364136223846793005ULL + 1442695040888963407ULL; }

}  // namespace

OpenSimplex::OpenSimplex(int64_t seed) {
  std::array<int16_t, 256> source;
  std::iota(source.begin(), source.end(), int16_t{0});
  uint64_t state = static_cast<uint64_t>(seed);
  for (int warm_up = 0; warm_up < 3; ++warm_up) state = next_state(state);
  for (int i = 255; i >= 0; --i) {
    state = next_state(state);
    int64_t r = static_cast<int64_t>(state + 31) % (i + 1);
    if (r < 0) r += i + 1;
    perm_[i] = source[r];
    perm_grad_index3_[i] = static_cast<int16_t>(perm_[i] % 24 * 3);
    source[r] = source[i];
  }
}

double OpenSimplex::noise2(double x, double y) const {
  const double stretch = (x + y) * kStretch2;
  const int64_t xsb = static_cast<int64_t>(std::floor(x + stretch)),
                ysb = static_cast<int64_t>(std::floor(y + stretch));
  const double squish = static_cast<double>(xsb + ysb) * kSquish2;
  const double dx0 = x - (static_cast<double>(xsb) + squish), dy0 = y - (static_cast<double>(ysb) + squish);
  double value = 0;
  for (int i = -1; i <= 2; ++i)
    for (int j = -1; j <= 2; ++j) {
      const double dx = dx0 - i - (i + j) * kSquish2, dy = dy0 - j - (i + j) * kSquish2;
      double attention = 2 - dx * dx - dy * dy;
      if (attention <= 0) continue;
      attention *= attention;
      const int8_t* g = kGradients2[(perm_[(perm_[(xsb + i) & 0xFF] + ysb + j) & 0xFF] & 0x0E) / 2];
      value += attention * attention * (g[0] * dx + g[1] * dy);
    }
  return value / kNorm2;
}

double OpenSimplex::noise3(double x, double y, double z) const {
  const double stretch = (x + y + z) * kStretch3;
  const double xf = std::floor(x + stretch), yf = std::floor(y + stretch), zf = std::floor(z + stretch);
  const double squish = (xf + yf + zf) * kSquish3;
  const double dx0 = x - (xf + squish), dy0 = y - (yf + squish), dz0 = z - (zf + squish);
  double weight[64];  // 2 - distance^2; a loop without branches, so that it is vectorized
  for (int n = 0; n < 64; ++n) {
    const double dx = dx0 - kNeighbours3.x[n], dy = dy0 - kNeighbours3.y[n], dz = dz0 - kNeighbours3.z[n];
    weight[n] = 2 - dx * dx - dy * dy - dz * dz;
  }
  const int64_t xsb = static_cast<int64_t>(xf) - 1, ysb = static_cast<int64_t>(yf) - 1,
                zsb = static_cast<int64_t>(zf) - 1;
  double value = 0;
  for (int n = 0; n < 64; ++n) {
    if (weight[n] <= 0) continue;
    const int16_t inner = perm_[(perm_[(xsb + n / 16) & 0xFF] + ysb + n / 4 % 4) & 0xFF];
    const double* g = kGradients3.values[perm_grad_index3_[(inner + zsb + n % 4) & 0xFF] / 3];
    const double along =
        g[0] * (dx0 - kNeighbours3.x[n]) + g[1] * (dy0 - kNeighbours3.y[n]) + g[2] * (dz0 - kNeighbours3.z[n]);
    const double squared = weight[n] * weight[n];
    value += squared * squared * along;
  }
  return value / kNorm3;
}

Tensor simplex_octaves(const OpenSimplex& noise, int64_t height, int64_t width, int64_t plane, int64_t octaves,
                       double persistence, double frequency) {
  Tensor field = at::zeros({height, width}, at::kDouble);
  double* values = field.data_ptr<double>();
  at::parallel_for(0, height, 16, [&](int64_t begin, int64_t end) {
    double f = frequency, amplitude = 1;
    for (int64_t octave = 0; octave < octaves; ++octave, f /= 2, amplitude *= persistence)
      for (int64_t row = begin; row < end; ++row)
        for (int64_t column = 0; column < width; ++column)
          values[row * width + column] += amplitude * noise.noise3(column / f, row / f, plane / f);
  });
  return field;
}

}  // namespace thor
