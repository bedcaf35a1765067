// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/kernel/tile_product.h"

#ifdef THOR_TILES
#include <ATen/ATen.h>
#include <immintrin.h>

#include <algorithm>
#include <cmath>

#include "thor/nn/kernel/parallel_for.h"
#include "thor/nn/kernel/vectorized.h"

// GCC 12 takes the intrinsics' deliberately undefined arguments for mistakes.
#ifndef __clang__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace thor {
namespace {

constexpr int kVectors = kTileColumns / 16;
constexpr int kTileRows = 6;  // with 4 vectors 24 sums in registers, enough to hide the latency

template <class T>
THOR_TILES inline __attribute__((always_inline)) __m512 multiply_add(__m512 sum, __m512i a, __m512i b);
template <>
THOR_TILES inline __attribute__((always_inline)) __m512 multiply_add<float>(__m512 sum, __m512i a, __m512i b) {
  return _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), sum);
}
template <>
THOR_TILES inline __attribute__((always_inline)) __m512 multiply_add<c10::BFloat16>(__m512 sum, __m512i a, __m512i b) {
  return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}

template <class T, int rows>
THOR_TILES void product(const UnitRows& a, const uint32_t* b, int64_t units, const FloatRows& c,
                        const FloatRows& start) {
  __m512 sums[rows][kVectors];
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < kVectors; ++v)
      sums[r][v] = start.data ? _mm512_loadu_ps(start.data + r * start.stride + 16 * v) : _mm512_setzero_ps();
  for (int64_t unit = 0; unit < units; ++unit, b += kTileColumns) {
    __m512i columns[kVectors];
    for (int v = 0; v < kVectors; ++v) columns[v] = _mm512_loadu_si512(b + 16 * v);
    for (int r = 0; r < rows; ++r) {
      const __m512i value = _mm512_set1_epi32(static_cast<int>(a.data[r * a.stride + unit]));
      for (int v = 0; v < kVectors; ++v) sums[r][v] = multiply_add<T>(sums[r][v], value, columns[v]);
    }
  }
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < kVectors; ++v) _mm512_storeu_ps(c.data + r * c.stride + 16 * v, sums[r][v]);
}

/// The first `count` of 16 places.
THOR_TILES inline __mmask16 first_of(int64_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xffff : (1u << count) - 1);
}

THOR_TILES void exponentials(float* x, int64_t count) {
  for (int64_t i = 0; i < count; ++i) x[i] = fast_exp(x[i]);
}

THOR_TILES inline void store_weights(__m512 weights, int64_t i, float* to) { _mm512_storeu_ps(to + i, weights); }
THOR_TILES inline void store_weights(__m512 weights, int64_t i, c10::BFloat16* to) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), (__m256i)_mm512_cvtneps_pbh(weights));
}

template <class T>
THOR_TILES void soften(float* scores, int64_t count, float scale, SoftRow& row, uint32_t* weights, float* sums,
                       int64_t width) {
  const __m512 lowest = _mm512_set1_ps(-std::numeric_limits<float>::max());
  __m512 greatest = lowest;
  for (int64_t i = 0; i < count; i += 16)
    greatest = _mm512_max_ps(greatest, _mm512_mask_loadu_ps(lowest, first_of(count - i), scores + i));
  const float before = row.greatest;
  row.greatest = std::max(before, scale * _mm512_reduce_max_ps(greatest));
  // Beyond what fast_exp takes the weights are 0 in effect.
  for (int64_t i = 0; i < count; i += 16) {
    const __m512 away =
        _mm512_fmsub_ps(_mm512_loadu_ps(scores + i), _mm512_set1_ps(scale), _mm512_set1_ps(row.greatest));
    _mm512_storeu_ps(scores + i, _mm512_max_ps(away, _mm512_set1_ps(-87.0f)));
  }
  exponentials(scores, (count + 15) / 16 * 16);
  __m512 sum = _mm512_setzero_ps();
  for (int64_t i = 0; i < count; i += 16) {
    const __m512 some = _mm512_maskz_loadu_ps(first_of(count - i), scores + i);
    sum = _mm512_add_ps(sum, some);
    store_weights(some, i, reinterpret_cast<T*>(weights));
  }
  const float shrink = before == row.greatest ? 1.0f : std::exp(before - row.greatest);
  row.sum = row.sum * shrink + _mm512_reduce_add_ps(sum);
  if (shrink != 1.0f)
    for (int64_t i = 0; i < width; ++i) sums[i] *= shrink;
}

}  // namespace

bool tiles_are_native() {
  static const bool native = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                             __builtin_cpu_supports("avx512bf16");
  return native;
}

template <class T>
void tile_product(const UnitRows& a, const uint32_t* b, int64_t units, int64_t rows, const FloatRows& c,
                  const FloatRows& start) {
  int64_t row = 0;
  const auto take = [&](int64_t count, auto product_of) {
    for (; row + count <= rows; row += count)
      product_of(UnitRows{a.data + row * a.stride, a.stride}, b, units, FloatRows{c.data + row * c.stride, c.stride},
                 FloatRows{start.data ? start.data + row * start.stride : nullptr, start.stride});
  };
  take(kTileRows, product<T, kTileRows>);
  take(4, product<T, 4>);
  take(1, product<T, 1>);
}

Tensor tile_panels(const Tensor& rows) {
  const int64_t count = rows.size(0), taps = rows.size(1), units = rows.size(2);
  const Tensor panels =
      at::empty({(count + kTileColumns - 1) / kTileColumns, taps, units, kTileColumns}, rows.options());
  if (count % kTileColumns != 0) panels[-1].zero_();
  const float* from = rows.data_ptr<float>();
  float* to = panels.data_ptr<float>();
  constexpr int64_t kLikeMultiplications = 16;  // what a strided copy of a value costs
  parallel_for(panels.size(0) * taps, rows.numel() * kLikeMultiplications, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i / taps * kTileColumns, columns = std::min(kTileColumns, count - first);
      for (int64_t column = 0; column < columns; ++column) {
        const float* row = from + ((first + column) * taps + i % taps) * units;
        for (int64_t unit = 0; unit < units; ++unit) to[(i * units + unit) * kTileColumns + column] = row[unit];
      }
    }
  });
  return panels;
}

template <class T>
void soften_row(float* scores, int64_t count, float scale, SoftRow& row, uint32_t* weights, float* sums,
                int64_t width) {
  soften<T>(scores, count, scale, row, weights, sums, width);
}

template void tile_product<float>(const UnitRows&, const uint32_t*, int64_t, int64_t, const FloatRows&,
                                  const FloatRows&);
template void tile_product<c10::BFloat16>(const UnitRows&, const uint32_t*, int64_t, int64_t, const FloatRows&,
                                          const FloatRows&);
template void soften_row<float>(float*, int64_t, float, SoftRow&, uint32_t*, float*, int64_t);
template void soften_row<c10::BFloat16>(float*, int64_t, float, SoftRow&, uint32_t*, float*, int64_t);

}  // namespace thor

#ifndef __clang__
#pragma GCC diagnostic pop
#endif
#endif
