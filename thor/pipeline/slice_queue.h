// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <vector>

#include "thor/detect/detector.h"
#include "thor/pipeline/finding.h"
#include "thor/pipeline/pipeline.h"

namespace thor {

/// A slice as the network takes it.
struct NetworkSlice {
  Tensor unit;  ///< float32 [size,size] in [0,1]
  ImageKey key;
  double z_mm = 0;  ///< height in the space after the model's steps; of a picture the one that the model says
};

/// Slices of any number of scans on their way through the network: they wait until a batch is full, whatever scans they
/// belong to, and what is found in each goes back to its scan. Results do not depend on the size of the batch. For one
/// thread; the pipeline outlives it.
class SliceQueue {
 public:
  /// Receives what was found in one slice; nullptr where the network's result is not finite.
  using Receiver = std::function<void(const SliceFinding* finding)>;
  /// `after_call`, if not empty, is called after every pass through the network (Pipeline::detect). Throws Usage for a
  /// batch below 1.
  SliceQueue(const Pipeline& pipeline, int64_t batch, Pipeline::NetworkCallback after_call = {});
  /// Adds a slice, and examines the batch if it is full.
  void add(NetworkSlice slice, Receiver receiver);
  /// Examines the slices that wait. Throws Interrupted.
  void flush();
  /// Seconds spent in the pipeline so far.
  double seconds() const { return seconds_; }

 private:
  const Pipeline& pipeline_;
  int64_t batch_;
  Pipeline::NetworkCallback after_call_;
  std::vector<NetworkSlice> slices_;
  std::vector<Receiver> receivers_;
  double seconds_ = 0;
};

}  // namespace thor
