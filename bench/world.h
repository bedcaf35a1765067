// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "thor/pipeline/model.h"
#include "thor/pipeline/network.h"

namespace thor::bench {

/// The timestep of every single network step.
inline constexpr int64_t kStep = 200;

/// The networks, the inputs, and what the peer made of them, in a folder that both sides read. Random weights: how long
/// a network takes does not depend on them.
class World {
 public:
  /// Writes into the folder what is missing: paper.safetensors (128, 256, 256), small.safetensors
  /// (configs/thor-brain-small.yaml), inputs.safetensors, image.png.
  explicit World(const std::string& folder);
  const std::string& folder() const { return folder_; }
  std::string model_path(const std::string& network) const { return folder_ + "/" + network + ".safetensors"; }
  /// "paper" or "small".
  const Model& model(const std::string& network);
  /// With precision fp32 or bf16, on the CPU.
  const Network& network(const std::string& network, const std::string& precision);
  /// x_t of a step: 64, 128 or 256 pixels, two images again and again. [batch,1,size,size]
  Tensor images(int64_t size, int64_t batch) const;
  /// An image to examine: [1,1,128,128] in [0,1]
  Tensor head() const;
  /// "train.xt" [8,1,128,128], "train.t" [8], "train.target".
  Tensor input(const std::string& name) const;
  /// "paper.128", "small.loss", ... Throws Input with the command that makes them where the peer has not answered yet.
  Tensor answer(const std::string& name) const;

 private:
  std::string folder_;
  StateDict inputs_;
  std::map<std::string, Model> models_;
  std::map<std::string, std::unique_ptr<Network>> networks_;
};

}  // namespace thor::bench
