// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "thor/data/preprocess.h"
#include "thor/image/image.h"
#include "thor/image/resample.h"
#include "thor/pipeline/finding.h"
#include "thor/pipeline/model.h"
#include "thor/pipeline/slice_queue.h"

namespace thor {

/// A picture or single slice that is ready for the network, with as much of the native image as its outputs need.
struct OpenSlice {
  NetworkSlice slice;
  Tensor gray;                    ///< uint8 [H,W], the native image as the overlay shows it
  AxisOrder order;                ///< that turned it in its plane to lie as the model's slices do (slice_orientation.h)
  int64_t height = 0, width = 0;  ///< once turned
  double black = 0, white = 1;    ///< native values of 0 and 1
  ToneCurve tones;                ///< that the slice took before the network saw it
  Geometry geometry;
  bool medical = false;
};
/// Preprocesses an image of one slice as the model says. Throws Input as `preprocess` does.
OpenSlice open_slice(const Model& model, const Image& image);

/// What was found in a case's one slice, brought back to lie as its file stores it.
struct StoredSlice {
  Tensor map;             ///< float32 [H,W]
  Tensor pseudo_healthy;  ///< float32 [H,W] in [0,1]: of the window from black to white
  Tensor mask;            ///< float32 [H,W], 0 or 1: the map's values above a threshold; undefined without one
};
StoredSlice as_stored(const OpenSlice& one, const SliceFinding& finding, std::optional<double> threshold);

}  // namespace thor
