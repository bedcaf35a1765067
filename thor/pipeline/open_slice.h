// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "thor/data/case_list.h"
#include "thor/data/preprocess.h"
#include "thor/detect/detector.h"
#include "thor/image/image.h"
#include "thor/image/resample.h"
#include "thor/pipeline/finding.h"

namespace thor {

/// A decoded picture on its way through the pipeline: as little of the native image as its outputs need.
struct OpenSlice {
  CaseInput input;
  ImageKey key;
  Tensor unit;                    ///< float32 [size,size] in [0,1], for the network
  Tensor gray;                    ///< uint8 [H,W], the native image as the overlay shows it
  AxisOrder order;                ///< that turned it in its plane to lie as the model's slices do (slice_orientation.h)
  int64_t height = 0, width = 0;  ///< once turned
  double black = 0, white = 1;    ///< native values of 0 and 1
  Geometry geometry;
  bool medical = false;
};
/// Reads and preprocesses one image. Throws Input and Unsupported as `read_image` and `preprocess` do.
OpenSlice open_slice(const CaseInput& input, const PreprocessConfig& config);
/// The same of an image that is read already; it has a single slice.
OpenSlice open_slice(const CaseInput& input, const PreprocessConfig& config, const Image& image);

/// The cases of a batch as a detector takes them, [N,1,size,size].
Images stacked(const std::vector<OpenSlice>& batch);

/// What was found in a case's one slice, brought back to lie as its file stores it.
struct StoredSlice {
  Tensor map;             ///< float32 [H,W]
  Tensor pseudo_healthy;  ///< float32 [H,W] in [0,1]: of the window from black to white
  Tensor mask;            ///< float32 [H,W], 0 or 1: the map's values above a threshold; undefined without one
};
StoredSlice as_stored(const OpenSlice& one, const SliceFinding& finding, std::optional<double> threshold);

}  // namespace thor
