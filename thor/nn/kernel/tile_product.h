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

/// Returns true if this processor has the instructions of the functions below. Without them a call ends the program.
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

/// Computes c = start + a b in float32. a [rows, units], b [units, kTileColumns] dense in units, c [rows,
/// kTileColumns]. `start` has the shape of c, or is c itself, or one row for all (stride 0), or empty (no data).
template <class T>
void tile_product(const UnitRows& a, const uint32_t* b, int64_t units, int64_t rows, const FloatRows& c,
                  const FloatRows& start);

/// Packs b of the products: dense float32 rows [N, taps, K] become panels [N / kTileColumns rounded up, taps, K,
/// kTileColumns], padded with zeros.
Tensor tile_panels(const Tensor& rows);

/// The running state of a softmax row: the greatest scaled score, and the sum of exp(score - greatest).
struct SoftRow {
  float greatest = -std::numeric_limits<float>::max(), sum = 0;
};

/// Adds `count` scores to a softmax row: `weights` become exp(scale score - greatest), padded with zeros to a whole
/// unit of T, and `sums` [width] are rescaled from the previous greatest score to the new one. The scores are
/// overwritten; their buffer is a multiple of 16.
template <class T>
void soften_row(float* scores, int64_t count, float scale, SoftRow& row, uint32_t* weights, float* sums, int64_t width);

}  // namespace thor

#endif
