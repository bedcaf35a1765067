// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>

#include "thor/image/format/tiff_layout.h"
#include "thor/image/image.h"

namespace thor {
namespace {

/// The number behind a key such as "\nimages=" or " SizeZ=\""; 0 where there is none that counts images.
int64_t count_after(const std::string& text, const std::string& key) {
  const size_t at = text.find(key);
  if (at == std::string::npos) return 0;
  const char* digits = text.c_str() + at + key.size();
  const long long count = *digits >= '0' && *digits <= '9' ? std::strtoll(digits, nullptr, 10) : 0;
  return count > 0 && count <= kMaxVoxels ? count : 0;
}

/// False where the numbers of a description multiply to more images than any file has.
bool fits(const TiffStack& stack) {
  return stack.channels <= kMaxVoxels / stack.slices && stack.frames <= kMaxVoxels / (stack.channels * stack.slices);
}

TiffStack imagej_stack(const std::string& description) {
  TiffStack stack;
  stack.program = "ImageJ";
  stack.images = count_after(description, "\nimages=");
  stack.channels = std::max<int64_t>(1, count_after(description, "\nchannels="));
  stack.frames = std::max<int64_t>(1, count_after(description, "\nframes="));
  stack.slices = count_after(description, "\nslices=");
  // What is no channel and no time point is a slice.
  if (stack.slices == 0) stack.slices = std::max<int64_t>(1, stack.images / stack.channels / stack.frames);
  return fits(stack) ? stack : TiffStack{};
}

TiffStack ome_stack(const std::string& description, int64_t channels_of_a_page) {
  TiffStack stack;
  const size_t pixels = description.find("<Pixels ");
  const size_t end = description.find('>', pixels);
  if (pixels == std::string::npos || description.find("<Pixels ", pixels + 1) != std::string::npos) return {};
  const std::string about = description.substr(pixels, end - pixels);
  stack.program = "OME";
  stack.slices = std::max<int64_t>(1, count_after(about, " SizeZ=\""));
  stack.frames = std::max<int64_t>(1, count_after(about, " SizeT=\""));
  stack.channels = std::max<int64_t>(1, count_after(about, " SizeC=\"") / std::max<int64_t>(1, channels_of_a_page));
  if (!fits(stack)) return {};
  stack.images = stack.slices * stack.channels * stack.frames;
  const std::string key = " DimensionOrder=\"XY";
  if (const size_t at = about.find(key); at != std::string::npos) {
    const std::string order = about.substr(at + key.size(), 3);
    std::string sorted = order;
    std::sort(sorted.begin(), sorted.end());
    if (sorted == "CTZ") stack.order = order;
  }
  return stack;
}

}  // namespace

int64_t TiffStack::page(int64_t slice, int64_t choice) const {
  int64_t page = 0, step = 1;
  for (const char axis : order) {
    page += step * (axis == 'Z' ? slice : axis == 'C' ? choice % channels : choice / channels);
    step *= axis == 'Z' ? slices : axis == 'C' ? channels : frames;
  }
  return page;
}

TiffStack read_tiff_stack(const std::string& description, int64_t channels_of_a_page) {
  if (description.rfind("ImageJ=", 0) == 0) return imagej_stack(description);
  if (description.find("<OME ") != std::string::npos) return ome_stack(description, channels_of_a_page);
  return {};
}

}  // namespace thor
