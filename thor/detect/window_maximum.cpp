// SPDX-License-Identifier: Apache-2.0
// The maximum of a window of k comes from maxima of 2, 4, 8, ... values side by side: log2(k) + 1 passes an axis, each
// a vector instruction a vector, where van Herk's three comparisons a value depend on each other.
#include "thor/detect/window_maximum.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "thor/base/vectorized.h"

namespace thor {
namespace {

/// values[i] = max(values[i], values[i + ahead]) for i < count.
THOR_INLINE void take_maximum(float* values, int64_t count, int64_t ahead) {
  int64_t i = 0;
  for (; i + kFloatLanes <= count; i += kFloatLanes) {
    FloatLanes a, b;
    load(a, values + i);
    load(b, values + i + ahead);
    keep(a < b ? b : a, values + i);
  }
  for (; i < count; ++i) values[i] = std::max(values[i], values[i + ahead]);
}

/// values[i] = the largest of values[i], values[i + step], ..., values[i + (size - 1) step]; what lies less than
/// (size - 1) step before the end is spoiled.
THOR_VECTORIZED void maximum_ahead(float* values, int64_t count, int64_t step, int64_t size) {
  int64_t span = 1;
  for (; 2 * span <= size; span *= 2) take_maximum(values, count -= span * step, span * step);
  if (span < size) take_maximum(values, count - (size - span) * step, (size - span) * step);
}

THOR_VECTORIZED void copy_scaled(const float* from, int64_t count, float factor, float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = factor * from[i];
}

/// An image within a frame that never wins.
struct Frame {
  int64_t height, width;  // of the image
  WindowReach up_down, sideways;
  int64_t tall() const { return height + up_down.before + up_down.after; }
  int64_t wide() const { return width + sideways.before + sideways.after; }
};

void extremum_of(const Frame& frame, const float* image, float sign, float* result) {
  const int64_t wide = frame.wide(), count = frame.tall() * wide;
  std::vector<float> values(static_cast<size_t>(count), -std::numeric_limits<float>::infinity());
  for (int64_t row = 0; row < frame.height; ++row)
    copy_scaled(image + row * frame.width, frame.width, sign,
                values.data() + (row + frame.up_down.before) * wide + frame.sideways.before);
  maximum_ahead(values.data(), count, wide, frame.tall() - frame.height + 1);
  maximum_ahead(values.data(), frame.height * wide, 1, wide - frame.width + 1);
  for (int64_t row = 0; row < frame.height; ++row)
    copy_scaled(values.data() + row * wide, frame.width, sign, result + row * frame.width);
}

/// What is beyond the image adds nothing.
WindowReach within(WindowReach reach, int64_t size) {
  return {std::min(reach.before, size - 1), std::min(reach.after, size - 1)};
}

}  // namespace

Tensor window_extremum(const Tensor& images, WindowReach reach, float sign) {
  const Tensor from = images.contiguous();
  const Tensor result = at::empty_like(from);
  const int64_t height = from.size(2), width = from.size(3);
  if (from.numel() == 0) return result;
  const Frame frame{height, width, within(reach, height), within(reach, width)};
  const float* x = from.data_ptr<float>();
  float* y = result.data_ptr<float>();
  at::parallel_for(0, from.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) extremum_of(frame, x + i * height * width, sign, y + i * height * width);
  });
  return result;
}

}  // namespace thor
