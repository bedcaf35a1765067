// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <functional>
#include <map>
#include <memory>

#include "thor/nn/architecture.h"
#include "thor/nn/kernel/gpu.h"

namespace thor {

/// A network of any architecture where it runs and as precise as it runs. On a CPU the images of a batch go through one
/// by one: nothing is lost (one image fills the cores), an image's result cannot depend on its neighbours, memory does
/// not grow with the batch and an interrupt is heard after one image. On a GPU they go through together, and the step
/// is recorded once for each shape and replayed. All calls throw Interrupted once the user asked to stop.
/// One object serves one thread at a time.
class Network {
 public:
  Network(const NetworkConfig& config, const StateDict& weights, at::Device device, at::ScalarType precision);
  at::Device device() const { return device_; }
  /// Whether heights of slices count.
  bool knows_z() const { return config_->form().knows_z; }
  /// x_t in model range, of slices at these heights (float32 [N], undefined = unknown) -> the raw output.
  /// [N,1,H,W] -> float32 [N,1,H,W]
  Tensor forward(const Tensor& xt, int64_t t, const Tensor& z_mm = {}) const;
  /// 1 - cosine similarity of two images, in model range, in the features of the network at timestep t, mean over its
  /// levels (half the unit-normalized squared difference). [N,1,H,W] twice -> [N,1,H,W] in [0,2]
  Tensor feature_distance(const Tensor& a, const Tensor& b, int64_t t) const;

 private:
  Tensor each(int64_t count, const std::function<Tensor(int64_t begin, int64_t count)>& part) const;
  Tensor step(const NetworkInput& input) const;
  /// The recorded step for images of this shape; null where it cannot be recorded.
  Recording* recording_for(const std::vector<Tensor>& inputs) const;

  NetworkConfig config_;
  StateDict weights_;
  at::Device device_;
  mutable std::map<std::vector<int64_t>, std::unique_ptr<Recording>> recordings_;  ///< by shape
};

}  // namespace thor
