// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/image/image.h"

namespace thor {

/// The value that becomes 1: the white of the file format, or a percentile of the image (X-rays).
enum class Intensity { FullRange, Percentile };
inline Names names_of(Intensity) { return {"full_range", "percentile"}; }

/// Preprocessing from a scan to the input of the network. It is stored in the model file and repeated at detection
/// (METHODS 11). `steps` and `slices` apply to volumes only; a picture is preprocessed as a single slice.
struct PreprocessConfig {
  int64_t size = 128;  ///< side of the network input, pixels
  Intensity intensity = Intensity::FullRange;
  double percentile = 98;         ///< for intensity: percentile, the one that is scaled to 1
  std::vector<YamlText> steps;    ///< steps of a volume (volume_steps.h); none = reorient to RAS
  std::vector<double> slices;     ///< heights [from, to], mm RAS after the steps; empty = all
  std::vector<double> landmarks;  ///< quantiles of the brain that are matched to the training's (brain_tissue.h)
  double picture_z_mm = 0;        ///< height of pictures, where `slices` are more than one
  /// Height of a picture or single slice, which has no place of its own, mm.
  double picture_height() const;
  void describe(Fields& fields);
  /// Throws Usage if steps or slices are invalid.
  void check() const;
};

/// A preprocessed slice and the parameters of the inverse transformation.
struct PreparedSlice {
  Tensor unit;                    ///< float32 [size,size] in [0,1]
  int64_t height = 0, width = 0;  ///< native size
  double black = 0, white = 1;    ///< native values that were scaled to 0 and 1
};

/// The native values that are scaled to 0 and 1, common to all slices of a volume.
struct Window {
  double black = 0, white = 1;
};
/// True for a black that lies below 0 by less than a tenth of the white: ringing or interpolation around an air of 0.
inline bool is_ringing(double black, double white) { return black < 0 && -black < 0.1 * white; }
/// Throws Input if the image is constant or its white is unknown.
Window window_of(const PreprocessConfig& config, const Image& image);
/// Scales native values to [0,1] by the window, with clipping.
Tensor in_window(const Tensor& voxels, const Window& window);
/// Values in [0,1] as those of an 8-bit picture, uint8.
Tensor gray_levels(const Tensor& unit);

/// Scales a slice of the image to [0,1], pads it to a centred square with its minimum (an extra row or column goes to
/// the far side), and resizes it bilinearly (align_corners false, no anti-aliasing).
PreparedSlice preprocess(const PreprocessConfig& config, const Image& image, const Window& window, int64_t slice);
/// Preprocesses an image with a single slice in its own window.
PreparedSlice preprocess(const PreprocessConfig& config, const Image& image);

/// Maps a map or picture from the grid of the network back: bilinear resize, padding cropped. -> [height,width]
Tensor to_native_grid(const Tensor& unit, int64_t height, int64_t width);
/// Maps a mask back by the nearest pixel. [size,size] -> float32 [height,width], 0 or 1
Tensor mask_to_native_grid(const Tensor& mask, int64_t height, int64_t width);
/// Maps a map to the grid of the network: padded with its minimum, resized bilinearly, not clipped. [H,W] ->
/// [size,size]
Tensor to_network_grid(const Tensor& map, int64_t size);
/// Maps a mask to the grid of the network: padded, resized by the nearest pixel. [H,W] -> [size,size], values 0 or 1
Tensor mask_to_network_grid(const Tensor& mask, int64_t size);

}  // namespace thor
