// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/image/formats.h"

namespace thor {

void check_size(int64_t width, int64_t height, int64_t depth) {
  if (width < 1 || height < 1 || depth < 1) fail_input("its header gives it {} x {} x {} voxels", width, height, depth);
  if (height > kMaxPixels / width)
    fail_input("it has {} x {} pixels, more than the {} million allowed; crop or shrink it first", width, height,
               kMaxPixels / 1'000'000);
  if (depth > kMaxVoxels / (width * height))
    fail_input("it has {} x {} x {} voxels, more than the {} million allowed; crop or shrink it first", width, height,
               depth, kMaxVoxels / 1'000'000);
}

void note_colour() { log_once(LogLevel::Info, "colour pictures are read as their luminance"); }

Tensor empty_slice(int64_t height, int64_t width) { return at::empty({1, height, width}, at::kFloat); }

template <class T>
void luminance(const T* samples, int64_t count, int64_t channels, float* gray) {
  bool any_colour = false;
  for (int64_t i = 0; i < count; ++i, samples += channels) {
    const bool colour = channels >= 3 && !(samples[0] == samples[1] && samples[1] == samples[2]);
    any_colour = any_colour || colour;
    // Gray stored as RGB keeps its exact value.
    gray[i] = static_cast<float>(colour ? 0.299 * samples[0] + 0.587 * samples[1] + 0.114 * samples[2] : samples[0]);
  }
  if (any_colour) note_colour();
}

template void luminance(const uint8_t*, int64_t, int64_t, float*);
template void luminance(const int8_t*, int64_t, int64_t, float*);
template void luminance(const uint16_t*, int64_t, int64_t, float*);
template void luminance(const int16_t*, int64_t, int64_t, float*);
template void luminance(const uint32_t*, int64_t, int64_t, float*);
template void luminance(const int32_t*, int64_t, int64_t, float*);
template void luminance(const uint64_t*, int64_t, int64_t, float*);
template void luminance(const int64_t*, int64_t, int64_t, float*);
template void luminance(const float*, int64_t, int64_t, float*);
template void luminance(const double*, int64_t, int64_t, float*);

}  // namespace thor
