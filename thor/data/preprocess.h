// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/image/image.h"

namespace thor {

/// From a scan to what the network sees; written into the model file and replayed at detection (METHODS 11). A picture
/// takes only the way of a slice: `steps` and `slices` are for volumes.
struct PreprocessConfig {
  int64_t size = 128;                    ///< side of the square the network sees, pixels
  std::string intensity = "full_range";  ///< full_range | percentile
  double percentile = 98;                ///< for intensity: percentile, value that becomes 1
  std::vector<YamlText> steps;           ///< of a volume before it is sliced (volume_chain.h); none = reorient to RAS
  std::vector<double> slices;            ///< [from, to] mm RAS in the chain's space; empty = all
  void describe(Fields& fields);
  /// Throws Usage where steps or slices are not what they must be.
  void check() const;
};

/// A preprocessed slice and what is needed to go back to its own grid.
struct PreparedSlice {
  Tensor unit;                    ///< float32 [size,size] in [0,1]
  int64_t height = 0, width = 0;  ///< native size
  double black = 0, white = 1;    ///< native values that became 0 and 1
};

/// The native values that become 0 and 1: one pair for all slices of a volume.
struct Window {
  double black = 0, white = 1;
};
/// Throws Input where nothing can be seen: one value everywhere, no known white.
Window window_of(const PreprocessConfig& config, const Image& image);
/// Native values in [0,1]: what the window leaves of them.
Tensor in_window(const Tensor& voxels, const Window& window);

/// Scale to [0,1], pad to a square centred (extra row or column on the far side) with the minimum, bilinear resize
/// (align_corners false, no anti-aliasing). `slice` is one of the image's.
PreparedSlice preprocess(const PreprocessConfig& config, const Image& image, const Window& window, int64_t slice);
/// The same of an image with a single slice, in its own window.
PreparedSlice preprocess(const PreprocessConfig& config, const Image& image);

/// The way back for a map or picture on the network's grid: bilinear resize, crop the padding. -> [height,width]
Tensor to_native_grid(const Tensor& unit, int64_t height, int64_t width);
/// The way back for a mask: nearest pixel. [size,size] -> float32 [height,width], 0 or 1
Tensor mask_to_native_grid(const Tensor& mask, int64_t height, int64_t width);
/// The way there for a map: pad with its minimum, bilinear resize; values above 1 stay. [H,W] -> [size,size]
Tensor to_network_grid(const Tensor& map, int64_t size);
/// Same for a mask going in: pad and nearest resize. [H,W] -> [size,size], values 0 or 1.
Tensor mask_to_network_grid(const Tensor& mask, int64_t size);

}  // namespace thor
