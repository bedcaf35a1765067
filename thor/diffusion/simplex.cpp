// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/simplex.h"

#include <cmath>
#include <numeric>

#include "thor/diffusion/simplex_lattice.h"

namespace thor {
namespace {

constexpr double kStretch2 = -0.211324865405187, kSquish2 = 0.366025403784439;
constexpr double kNorm2 = 47;

constexpr int8_t kGradients2[8][2] = {{5, 2}, {2, 5}, {-5, 2}, {-2, 5}, {5, -2}, {2, -5}, {-5, -2}, {-2, -5}};

// One of two opposite corners of the octahedron, whichever is closer.
struct Closest {
  double score;
  bool upper;  // on the side of (1,1,1)
};
Closest closer(double sum) { return sum > 1 ? Closest{sum - 1, true} : Closest{1 - sum, false}; }

// Scores of a tetrahedron's axes; the upper one is the lower one mirrored.
int tetrahedron_case(double a, double b, double third, double corner) {
  int which = 0;
  if (a >= b && third > b)
    b = third, which |= LatticeCase::kThirdForB;
  else if (a < b && third > a)
    a = third, which |= LatticeCase::kThirdForA;
  if (corner > a || corner > b) which |= LatticeCase::kCornerCloser;
  return b > a ? which | LatticeCase::kBCloser : which;
}

int octahedron_case(double x, double y, double z) {
  Closest a = closer(x + y), b = closer(x + z);
  const Closest third = closer(y + z);
  int which = LatticeCase::kOctahedron;
  if (a.score <= b.score && a.score < third.score)
    a = third, which |= LatticeCase::kThirdForA;
  else if (a.score > b.score && b.score < third.score)
    b = third, which |= LatticeCase::kThirdForB;
  return which | (a.upper ? LatticeCase::kAUpper : 0) | (b.upper ? LatticeCase::kBUpper : 0);
}

int case_of(double x, double y, double z) {
  const double sum = x + y + z;
  if (sum <= 1) return LatticeCase::kLower | tetrahedron_case(x, y, z, 1 - sum);
  return sum >= 2 ? LatticeCase::kUpper | tetrahedron_case(-x, -y, -z, sum - 3) : octahedron_case(x, y, z);
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
  const Neighbours& neighbours = kNeighbours.of[static_cast<size_t>(case_of(xs - xf, ys - yf, zs - zf))];
  double value = 0;
  for (int n = 0; n < neighbours.count; ++n) {
    const auto [i, j, k] = neighbours.points[static_cast<size_t>(n)];
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

}  // namespace thor
