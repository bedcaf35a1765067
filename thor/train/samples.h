// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/pipeline/model.h"
#include "thor/train/batch.h"

namespace thor {

/// Draws four images from pure noise (DDIM, 25 network calls) and writes them side by side as one PNG: what the model
/// takes for healthy. `weights` are the model's, in the dtype to compute in.
void write_samples(const std::string& path, const Model& model, const StateDict& weights, uint64_t seed);

/// The same for a model that undoes corruption: the batch's images corrupted, restored and as they should be, one above
/// the other, four side by side.
void write_restored(const std::string& path, const Model& model, const StateDict& weights, const Batch& batch);

}  // namespace thor
