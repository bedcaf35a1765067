// SPDX-License-Identifier: Apache-2.0
// Products of small matrices in registers, for float32 and for pairs of bfloat16.
#pragma once
#include <c10/util/BFloat16.h>

#include <cstdint>
#include <limits>

#include "thor/base/tensor.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define THOR_TILES __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))

namespace thor {

constexpr int64_t kTileColumns = 64;

/// Whether this processor has the instructions that the functions below are made of; without them they end the program.
bool tiles_are_native();

/// Rows of 32-bit units: floats, or pairs of bfloat16. The stride is in units.
struct UnitRows {
  const uint32_t* data;
  int64_t stride;
};
struct FloatRows {
  float* data = nullptr;
  int64_t stride = 0;
};

/// c = start + a b in float32. a [rows, units], b [units, kTileColumns] dense in units, c [rows, kTileColumns]; start
/// like c, or c itself, or one row for all of them (stride 0), or nothing (no data).
template <class T>
void tile_product(const UnitRows& a, const uint32_t* b, int64_t units, int64_t rows, const FloatRows& c,
                  const FloatRows& start);

/// What b of the products is made of: rows [N, taps, K] of float32, dense, to panels [N / kTileColumns rounded up,
/// taps, K, kTileColumns], filled up with zeros.
Tensor tile_panels(const Tensor& rows);

/// What a row of a softmax has seen so far: the greatest scaled score, and the sum of exp(score - greatest).
struct SoftRow {
  float greatest = -std::numeric_limits<float>::max(), sum = 0;
};

/// Takes `count` more scores into a row: `weights` become exp(scale score - greatest), padded with zeros to a whole
/// unit of T, and `sums` [width], weighted by what was the greatest before, are brought to the new one. Destroys the
/// scores, of which there is room for a multiple of 16.
template <class T>
void soften_row(float* scores, int64_t count, float scale, SoftRow& row, uint32_t* weights, float* sums, int64_t width);

}  // namespace thor

#endif
