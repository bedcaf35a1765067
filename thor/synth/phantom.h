// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/config.h"
#include "thor/base/run_context.h"
#include "thor/base/tensor.h"
#include "thor/data/boxes.h"

namespace thor {

/// Parameters of synthetic brain-like slices or wrist radiographs, with and without anomalies.
struct PhantomConfig {
  std::string kind = "brain";  ///< brain | xray
  int64_t size = 128;          ///< side (of radiographs the longer one), pixels
  int64_t train = 200;         ///< healthy images for training
  int64_t val = 16;            ///< healthy images for validation
  int64_t test = 24;  ///< images with one anomaly each, by group in turn; for radiographs also as many healthy ones
  int64_t seed = 0;
  void describe(Fields& fields);
};

struct Phantom {
  Tensor image;            ///< float32 [H,W] in [0,1]
  Tensor mask;             ///< float32 [H,W], 1 in the anomaly; all 0 for a healthy one
  std::vector<Box> boxes;  ///< boxes of the anomalies of a radiograph
};
/// The smallest and the largest side of phantoms, pixels.
inline constexpr int64_t kMinPhantomSize = 32, kMaxPhantomSize = 1024;

/// Draws head number `index`, [size,size]; `lesion` is "", "small", "medium" or "large" (pixels on the 128 grid as in
/// METHODS 10).
Phantom make_phantom(int64_t size, int64_t seed, int64_t index, const std::string& lesion);

/// Writes `folder`/images/*.png, masks/*.png and train.csv, val.csv, test.csv (image,mask,group); for radiographs also
/// healthy.csv and boxes.csv (see read_boxes; those of test.csv). -> the paths of the lists.
/// `context`: null = that of the calling thread. Stopped on request it throws Input: the set is not complete.
std::vector<std::string> write_phantoms(const std::string& folder, const PhantomConfig& config,
                                        RunContext* context = nullptr);

}  // namespace thor
