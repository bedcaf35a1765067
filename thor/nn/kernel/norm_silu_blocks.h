// SPDX-License-Identifier: Apache-2.0
// The work of one GPU thread in the fused GroupNorm and SiLU, phase by phase; the threads of a block are synchronized
// between two phases. nvcc compiles it into kernels (norm_silu_cuda.cu). The tests run it on the CPU, thread by thread,
// so that its arithmetic is checked without a GPU. Private to this room.
#pragma once
#include <cmath>
#include <cstring>

#include "thor/nn/kernel/norm_silu_cuda.h"

namespace thor::cuda {

/// The bits of a bfloat16, with one definition for nvcc and g++.
struct Bf16 {
  uint16_t bits;
};
THOR_DEVICE float number(float x) { return x; }
THOR_DEVICE float number(Bf16 x) {
  const uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
THOR_DEVICE void put(float value, float& to) { to = value; }
/// Rounds to nearest, ties to even; NaN stays NaN.
THOR_DEVICE void put(float value, Bf16& to) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  const bool nan = (bits & 0x7fffffffU) > 0x7f800000U;
  to.bits = static_cast<uint16_t>(nan ? 0x7fc0U : (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

/// Adjacent channels of one pixel, up to 16 bytes, loaded and stored together.
template <class T, int V>
struct alignas(sizeof(T) * V) Pack {
  T values[V];
};

/// The part of a thread: V channels of every rows-th pixel of the share of its block. A chunk is the largest number of
/// columns of V channels that the threads of a block cover.
struct Place {
  int64_t image = 0, begin = 0, end = 0;  ///< range of pixels of the block
  int share = 0, channel = 0;             ///< share, and first channel
  int row = 0, rows = 1, columns = 1;
  THOR_DEVICE bool idle() const { return row >= rows; }
};
template <int V>
THOR_DEVICE Place place_of(const NormShape& s, int64_t image, int share, int chunk, int thread) {
  Place p;
  const int left = s.channels / V - chunk * kThreads;
  p.columns = left < kThreads ? left : kThreads;
  p.rows = kThreads / p.columns;
  p.row = thread / p.columns;
  p.channel = (chunk * kThreads + thread % p.columns) * V;
  p.image = image;
  p.share = share;
  p.begin = share * static_cast<int64_t>(s.pixels_a_share());
  p.end = p.begin + s.pixels_a_share() < s.pixels ? p.begin + s.pixels_a_share() : s.pixels;
  return p;
}
THOR_DEVICE int64_t index_of(const NormShape& s, const Place& p, int64_t pixel) {
  return (p.image * s.pixels + pixel) * s.channels + p.channel;
}
template <class T, int V>
THOR_DEVICE Pack<T, V> load(const void* x, int64_t index) {
  return *reinterpret_cast<const Pack<T, V>*>(static_cast<const T*>(x) + index);
}
template <class T, int V>
THOR_DEVICE void save(const Pack<T, V>& pack, void* y, int64_t index) {
  *reinterpret_cast<Pack<T, V>*>(static_cast<T*>(y) + index) = pack;
}

/// Two sums per channel, for V channels.
template <int V>
struct Sums {
  float first[V], second[V];
};

/// Sums the differences to a pivot and their squares. The pivot is the first pixel of the image, because the variance
/// of values far from 0 but close to each other would be lost in float32.
template <class T, int V>
THOR_DEVICE Sums<V> sum_values(const NormArguments& a, const Place& p) {
  Sums<V> total{};
  if (p.idle()) return total;
  const Pack<T, V> pivot = load<T, V>(a.x, index_of(a.shape, p, 0));
  for (int64_t pixel = p.begin + p.row; pixel < p.end; pixel += p.rows) {
    const Pack<T, V> x = load<T, V>(a.x, index_of(a.shape, p, pixel));
    for (int v = 0; v < V; ++v) {
      const float above = number(x.values[v]) - number(pivot.values[v]);
      total.first[v] += above;
      total.second[v] += above * above;
    }
  }
  return total;
}

/// Coefficients of V channels: with c = x - centre the result is silu(c by + bias).
template <int V>
struct Channels {
  float centre[V], by[V], bias[V];
};
template <int V>
THOR_DEVICE Channels<V> channels_of(const NormArguments& a, const Place& p) {
  Channels<V> n{};
  const float* statistics = a.statistics + p.image * 3 * a.shape.channels + p.channel;
  for (int v = 0; v < V; ++v) {
    n.centre[v] = statistics[v];
    n.by[v] = a.weight[p.channel + v] * statistics[a.shape.channels + v];
    n.bias[v] = a.bias[p.channel + v];
  }
  return n;
}

template <class T, int V>
THOR_DEVICE void write_result(const NormArguments& a, const Place& p) {
  if (p.idle()) return;
  const Channels<V> n = channels_of<V>(a, p);
  for (int64_t pixel = p.begin + p.row; pixel < p.end; pixel += p.rows) {
    Pack<T, V> pack = load<T, V>(a.x, index_of(a.shape, p, pixel));
    for (int v = 0; v < V; ++v) {
      const float z = (number(pack.values[v]) - n.centre[v]) * n.by[v] + n.bias[v];
      put(a.silu ? z / (1.0F + expf(-z)) : z, pack.values[v]);
    }
    save<T, V>(pack, a.y, index_of(a.shape, p, pixel));
  }
}

/// Returns the gradient of z from that of silu(z).
THOR_DEVICE float through_silu(float dy, float z) {
  const float sigmoid = 1.0F / (1.0F + expf(-z));
  return dy * sigmoid * (1.0F + z * (1.0F - sigmoid));
}

/// Sums dz and dz c.
template <class T, int V>
THOR_DEVICE Sums<V> sum_gradients(const NormArguments& a, const Place& p) {
  Sums<V> total{};
  if (p.idle()) return total;
  const Channels<V> n = channels_of<V>(a, p);
  for (int64_t pixel = p.begin + p.row; pixel < p.end; pixel += p.rows) {
    const Pack<T, V> x = load<T, V>(a.x, index_of(a.shape, p, pixel));
    const Pack<T, V> dy = load<T, V>(a.dy, index_of(a.shape, p, pixel));
    for (int v = 0; v < V; ++v) {
      const float c = number(x.values[v]) - n.centre[v], d = number(dy.values[v]);
      const float dz = a.silu ? through_silu(d, c * n.by[v] + n.bias[v]) : d;
      total.first[v] += dz;
      total.second[v] += dz * c;
    }
  }
  return total;
}

/// Computes dx = dz by + c slope + level.
template <class T, int V>
THOR_DEVICE void write_gradients(const NormArguments& a, const Place& p) {
  if (p.idle()) return;
  const Channels<V> n = channels_of<V>(a, p);
  const float* slope = a.gradients + p.image * 5 * a.shape.channels + p.channel;
  const float* level = slope + a.shape.channels;
  for (int64_t pixel = p.begin + p.row; pixel < p.end; pixel += p.rows) {
    const Pack<T, V> x = load<T, V>(a.x, index_of(a.shape, p, pixel));
    Pack<T, V> pack = load<T, V>(a.dy, index_of(a.shape, p, pixel));
    for (int v = 0; v < V; ++v) {
      const float c = number(x.values[v]) - n.centre[v], d = number(pack.values[v]);
      const float dz = a.silu ? through_silu(d, c * n.by[v] + n.bias[v]) : d;
      put(dz * n.by[v] + c * slope[v] + level[v], pack.values[v]);
    }
    save<T, V>(pack, a.dx, index_of(a.shape, p, pixel));
  }
}

/// Adds the rows of a block in order; `all` contains the sums of its threads.
template <int V>
THOR_DEVICE void add_rows(const NormArguments& a, const Place& p, int thread, const Sums<V>* all) {
  if (p.row != 0) return;
  Sums<V> total = all[thread];
  for (int row = 1; row < p.rows; ++row)
    for (int v = 0; v < V; ++v) {
      total.first[v] += all[thread + row * p.columns].first[v];
      total.second[v] += all[thread + row * p.columns].second[v];
    }
  float* out = a.partial + (p.image * a.shape.shares() + p.share) * 2 * a.shape.channels + p.channel;
  for (int v = 0; v < V; ++v) {
    out[v] = total.first[v];
    out[a.shape.channels + v] = total.second[v];
  }
}

}  // namespace thor::cuda
