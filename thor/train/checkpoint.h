// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "thor/base/tensor.h"

namespace thor {

/// All that exact resume needs. Random numbers are keyed, so there is no generator state.
struct Checkpoint {
  int64_t step = 0;    ///< optimizer steps done
  double seconds = 0;  ///< of training so far
  StateDict weights, ema, first_moments, second_moments;
  nlohmann::json config;                   ///< of the experiment
  std::string data_sha256;                 ///< of the training slices
  nlohmann::json from = nlohmann::json();  ///< provenance of the model the training started from; null = random weights
};

/// Atomic: the file is the old checkpoint or the new one.
void save_checkpoint(const std::string& path, const Checkpoint& checkpoint);
Checkpoint load_checkpoint(const std::string& path);

}  // namespace thor
