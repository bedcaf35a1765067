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

// A lattice point relative to the corner of the cell.
struct Point {
  int x, y, z;
};

// `inside` along the axes of the mask (1 = x, 2 = y, 4 = z), `outside` along the others.
constexpr Point on_axes(int mask, int inside, int outside = 0) {
  return {mask & 1 ? inside : outside, mask & 2 ? inside : outside, mask & 4 ? inside : outside};
}

// Lattice points that contribute to a position: those of its simplex and two more. The choice is the published one,
// which leaves out some contributions of about 1e-5; summing all points within the kernel's radius gives other numbers.
struct Neighbours {
  std::array<Point, 8> points;
  int count = 0;
  void add(Point point) { points[count++] = point; }
};

// (2,1,0) and (1,2,0) for the axes x and y.
void add_pair_above(Neighbours& neighbours, int two_axes) {
  for (int axis = 1; axis <= 4; axis *= 2)
    if (two_axes & axis) {
      const Point p = on_axes(two_axes, 1), more = on_axes(axis, 1);
      neighbours.add({p.x + more.x, p.y + more.y, p.z + more.z});
    }
}

// (1,-1,0) and (1,0,-1) for the axis x.
void add_pair_below(Neighbours& neighbours, int one_axis) {
  for (int axis = 1; axis <= 4; axis *= 2)
    if (!(one_axis & axis)) {
      const Point p = on_axes(one_axis, 1), less = on_axes(axis, 1);
      neighbours.add({p.x - less.x, p.y - less.y, p.z - less.z});
    }
}

// The tetrahedron at (0,0,0): x + y + z <= 1.
Neighbours lower_tetrahedron(double x, double y, double z) {
  Neighbours result{{{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}, 4};
  int a = 1, b = 2;
  double a_score = x, b_score = y;
  if (a_score >= b_score && z > b_score)
    b_score = z, b = 4;
  else if (a_score < b_score && z > a_score)
    a_score = z, a = 4;
  const double origin_score = 1 - (x + y + z);
  if (origin_score > a_score || origin_score > b_score) {
    add_pair_below(result, b_score > a_score ? b : a);
  } else {
    result.add(on_axes(a | b, 1));
    result.add(on_axes(a | b, 1, -1));
  }
  return result;
}

// The tetrahedron at (1,1,1): x + y + z >= 2.
Neighbours upper_tetrahedron(double x, double y, double z) {
  Neighbours result{{{{1, 1, 0}, {1, 0, 1}, {0, 1, 1}, {1, 1, 1}}}, 4};
  int a = 6, b = 5;
  double a_score = x, b_score = y;
  if (a_score <= b_score && z < b_score)
    b_score = z, b = 3;
  else if (a_score > b_score && z < a_score)
    a_score = z, a = 3;
  const double corner_score = 3 - (x + y + z);
  if (corner_score < a_score || corner_score < b_score) {
    add_pair_above(result, b_score < a_score ? b : a);
  } else {
    result.add(on_axes(a & b, 1));
    result.add(on_axes(a & b, 2));
  }
  return result;
}

// One of two opposite corners of the octahedron, whichever is closer.
struct Closest {
  int mask;
  double score;
  bool upper;  // on the side of (1,1,1)
};
Closest closer(double sum, int upper_mask) {
  return sum > 1 ? Closest{upper_mask, sum - 1, true} : Closest{7 - upper_mask, 1 - sum, false};
}

// The octahedron between them.
Neighbours octahedron(double x, double y, double z) {
  Neighbours result{{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}, {1, 0, 1}, {0, 1, 1}}}, 6};
  Closest a = closer(x + y, 3), b = closer(x + z, 5);
  const Closest c = closer(y + z, 6);
  if (a.score <= b.score && a.score < c.score)
    a = c;
  else if (a.score > b.score && b.score < c.score)
    b = c;
  if (a.upper && b.upper) {
    result.add({1, 1, 1});
    result.add(on_axes(a.mask & b.mask, 2));
  } else if (!a.upper && !b.upper) {
    result.add({0, 0, 0});
    result.add(on_axes(a.mask | b.mask, 1, -1));
  } else {
    result.add(on_axes(a.upper ? a.mask : b.mask, 1, -1));
    result.add(on_axes(a.upper ? b.mask : a.mask, 2));
  }
  return result;
}

Neighbours neighbours_of(double x, double y, double z) {
  const double sum = x + y + z;
  if (sum <= 1) return lower_tetrahedron(x, y, z);
  return sum >= 2 ? upper_tetrahedron(x, y, z) : octahedron(x, y, z);
}

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
  const double xs = x + stretch, ys = y + stretch, zs = z + stretch;
  const double xf = std::floor(xs), yf = std::floor(ys), zf = std::floor(zs), squish = (xf + yf + zf) * kSquish3;
  const double dx0 = x - (xf + squish), dy0 = y - (yf + squish), dz0 = z - (zf + squish);
  const int64_t xsb = static_cast<int64_t>(xf), ysb = static_cast<int64_t>(yf), zsb = static_cast<int64_t>(zf);
  const Neighbours neighbours = neighbours_of(xs - xf, ys - yf, zs - zf);
  double value = 0;
  for (int n = 0; n < neighbours.count; ++n) {
    const auto [i, j, k] = neighbours.points[n];
    const double shift = (i + j + k) * kSquish3;
    const double dx = dx0 - i - shift, dy = dy0 - j - shift, dz = dz0 - k - shift;
    double weight = 2 - dx * dx - dy * dy - dz * dz;
    if (weight <= 0) continue;
    weight *= weight;
    const int16_t hash = perm_[(perm_[(xsb + i) & 0xFF] + ysb + j) & 0xFF];
    const double* g = kGradients3.values[perm_grad_index3_[(hash + zsb + k) & 0xFF] / 3];
    value += weight * weight * (g[0] * dx + g[1] * dy + g[2] * dz);
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
