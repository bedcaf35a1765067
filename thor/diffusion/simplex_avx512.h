// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "thor/diffusion/simplex.h"

namespace thor {

/// Whether this processor can compute whole rows (x86 with AVX-512 VBMI: a table of 256 bytes in four registers).
bool has_simplex_rows();

/// An OpenSimplex instance as rows need it: one byte an entry.
struct SimplexTables {
  explicit SimplexTables(const OpenSimplex& noise);
  alignas(64) std::array<uint8_t, 256> permutation;
  alignas(64) std::array<uint8_t, 256> gradients;  ///< of a hash: for x, y and z two bits, long axis and negative
};

/// Values a row of `width` is computed in.
constexpr int64_t padded_row(int64_t width) { return (width + 63) / 64 * 64; }

/// Positions (x[i], y, z).
struct SimplexRow {
  const double* x;  ///< [padded_row(width)]
  int64_t width;
  double y, z;
};

/// values[i] += amplitude * noise3(x[i], y, z) for the whole row, bit for bit as OpenSimplex::noise3 has it.
/// Only where `has_simplex_rows`.
void add_simplex_row(const SimplexTables& tables, const SimplexRow& row, double amplitude, double* values);

}  // namespace thor
