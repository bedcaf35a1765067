// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "thor/diffusion/simplex.h"

namespace thor {

/// Returns true if this processor can compute whole rows (x86 with AVX-512 VBMI: a table of 256 bytes in four
/// registers).
bool has_simplex_rows();

/// The tables of an OpenSimplex instance for row-wise computation, one byte per entry.
struct SimplexTables {
  explicit SimplexTables(const OpenSimplex& noise);
  alignas(64) std::array<uint8_t, 256> permutation;
  alignas(64) std::array<uint8_t, 256> gradients;  ///< per hash: two bits each for x, y and z (long axis, negative)
};

/// Returns the padded length of a row of `width` values.
constexpr int64_t padded_row(int64_t width) { return (width + 63) / 64 * 64; }

/// Positions (x[i], y, z).
struct SimplexRow {
  const double* x;  ///< [padded_row(width)]
  int64_t width;
  double y, z;
};

/// Adds amplitude * noise3(x[i], y, z) to values[i] for the whole row, bit for bit equal to OpenSimplex::noise3.
/// Requires `has_simplex_rows`.
void add_simplex_row(const SimplexTables& tables, const SimplexRow& row, double amplitude, double* values);

}  // namespace thor
