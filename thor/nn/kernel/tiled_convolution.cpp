// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/kernel/tiled_convolution.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/nn/kernel/parallel_for.h"
#include "thor/nn/kernel/tile_product.h"

namespace thor {
#ifdef THOR_TILES
namespace {

constexpr int64_t kRowsAtOnce = 4;  // of the image, for which a panel of weights stays in the cache

/// The convolution of one call; rows and columns are those of the result.
struct Shape {
  int64_t inputs, height, width, outputs, rows, columns, side;
  Steps steps;

  /// Where place `at` of the kernel lies in the image for row or column `i` of the result.
  int64_t source(int64_t i, int64_t at) const { return i * steps.stride + at - steps.padding; }
  /// The first and the end of the columns for which it lies in the image.
  std::pair<int64_t, int64_t> columns_of(int64_t at) const {
    int64_t first = 0, end = columns;
    while (first < end && source(first, at) < 0) ++first;
    while (end > first && source(end - 1, at) >= width) --end;
    return {first, end};
  }
};

/// One row of one panel of the result; image [height, width, inputs].
void convolve_row(const Shape& s, const float* image, const float* panel, const float* bias, int64_t row, float* to) {
  // The bias first, for places outside the image are left out, and on the border that may be any of the kernel's.
  for (int64_t column = 0; column < s.columns; ++column)
    for (int64_t c = 0; c < kTileColumns; ++c) to[column * s.outputs + c] = bias ? bias[c] : 0.0f;
  for (int64_t tap = 0; tap < s.side * s.side; ++tap) {
    const int64_t y = s.source(row, tap / s.side);
    if (y < 0 || y >= s.height) continue;
    const auto [first, end] = s.columns_of(tap % s.side);
    const FloatRows sums{to + first * s.outputs, s.outputs};
    const float* pixels = image + (y * s.width + s.source(first, tap % s.side)) * s.inputs;
    tile_product<float>({reinterpret_cast<const uint32_t*>(pixels), s.steps.stride * s.inputs},
                        reinterpret_cast<const uint32_t*>(panel + tap * s.inputs * kTileColumns), s.inputs, end - first,
                        sums, sums);
  }
}

}  // namespace

bool can_tile_convolution(const Tensor& weight) {
  return tiles_are_native() && weight.size(0) % kTileColumns == 0 && weight.size(1) >= 16;
}

Tensor tiled_convolution(const Tensor& x, const Tensor& weight, const Tensor& bias, const Steps& steps) {
  const int64_t side = weight.size(2);
  const auto size = [&](int64_t pixels) { return (pixels + 2 * steps.padding - side) / steps.stride + 1; };
  const Shape s{x.size(1), x.size(2), x.size(3), weight.size(0), size(x.size(2)), size(x.size(3)), side, steps};
  const Tensor image = x.contiguous(at::MemoryFormat::ChannelsLast);
  const Tensor panels =
      tile_panels(weight.permute({0, 2, 3, 1}).reshape({s.outputs, side * side, s.inputs}).contiguous());
  const Tensor out = at::empty({x.size(0), s.outputs, s.rows, s.columns}, x.options(), at::MemoryFormat::ChannelsLast);
  const Tensor start = bias.defined() ? bias.contiguous() : bias;
  const float *from = image.data_ptr<float>(), *packed = panels.data_ptr<float>();
  const float* biases = start.defined() ? start.data_ptr<float>() : nullptr;
  float* to = out.data_ptr<float>();
  const int64_t parts = (s.rows + kRowsAtOnce - 1) / kRowsAtOnce, panel_size = side * side * s.inputs * kTileColumns;
  parallel_for(x.size(0) * parts, out.numel() * s.inputs * side * side, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t n = i / parts, first = i % parts * kRowsAtOnce, last = std::min(s.rows, first + kRowsAtOnce);
      for (int64_t panel = 0; panel < panels.size(0); ++panel)
        for (int64_t row = first; row < last; ++row)
          convolve_row(s, from + n * s.height * s.width * s.inputs, packed + panel * panel_size,
                       biases ? biases + panel * kTileColumns : nullptr, row,
                       to + (n * s.rows + row) * s.columns * s.outputs + panel * kTileColumns);
    }
  });
  return out;
}

#else

bool can_tile_convolution(const Tensor&) { return false; }

Tensor tiled_convolution(const Tensor&, const Tensor&, const Tensor&, const Steps&) {
  fail(ErrorKind::Internal,
       "tiled convolution needs a processor with AVX-512 and its bfloat16; ask can_tile_convolution first");
}

#endif
}  // namespace thor
