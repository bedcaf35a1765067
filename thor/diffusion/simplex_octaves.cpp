// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <memory>
#include <vector>

#include "thor/diffusion/simplex.h"
#include "thor/diffusion/simplex_avx512.h"

namespace thor {
namespace {

/// A field of OpenSimplex noise that is being summed up.
struct OctaveSum {
  const OpenSimplex& noise;
  const SimplexTables* tables;  // null: value by value
  int64_t width, plane;
  double* values;
};

/// Adds `amplitude` times the noise at (column / f, row / f, plane / f); `columns` are the column / f.
void add_rows(const OctaveSum& sum, const std::vector<double>& columns, int64_t begin, int64_t end, double f,
              double amplitude) {
  const double z = static_cast<double>(sum.plane) / f;
  for (int64_t row = begin; row < end; ++row) {
    const double y = static_cast<double>(row) / f;
    double* values = sum.values + row * sum.width;
    if (sum.tables) {
      add_simplex_row(*sum.tables, {columns.data(), sum.width, y, z}, amplitude, values);
      continue;
    }
    for (int64_t column = 0; column < sum.width; ++column)
      values[column] += amplitude * sum.noise.noise3(columns[static_cast<size_t>(column)], y, z);
  }
}

}  // namespace

Tensor simplex_octaves(const OpenSimplex& noise, int64_t height, int64_t width, int64_t plane, int64_t octaves,
                       double persistence, double frequency) {
  Tensor field = at::zeros({height, width}, at::kDouble);
  const auto tables = has_simplex_rows() ? std::make_unique<SimplexTables>(noise) : nullptr;
  const OctaveSum sum{noise, tables.get(), width, plane, field.data_ptr<double>()};
  at::parallel_for(0, height, 16, [&](int64_t begin, int64_t end) {
    std::vector<double> columns(static_cast<size_t>(padded_row(width)));
    double f = frequency, amplitude = 1;
    for (int64_t octave = 0; octave < octaves; ++octave, f /= 2, amplitude *= persistence) {
      for (size_t column = 0; column < columns.size(); ++column) columns[column] = static_cast<double>(column) / f;
      add_rows(sum, columns, begin, end, f, amplitude);
    }
  });
  return field;
}

}  // namespace thor
