// SPDX-License-Identifier: Apache-2.0
// What reading a model and reading the members of an ensemble share. Files are hostile: all of it throws Input.
#pragma once
#include <string>

#include "thor/base/json_text.h"
#include "thor/pipeline/model.h"

namespace thor {

/// The stored config of a model, checked.
ModelConfig parse_model_config(const JsonText& stored);
/// Weights in float32, exactly those of the network, all finite.
StateDict parse_model_weights(const StateDict& tensors, const ModelConfig& config);
/// Weights as they are stored.
StateDict stored_weights(const StateDict& weights, Precision precision);
/// One entry of the metadata as JSON of any type; nested so shallowly that what walks it cannot run out of stack.
JsonText parse_metadata(const std::string& key, const std::string& text);
/// The section `preprocess` of a model's config: what all members of an ensemble have in common.
JsonText preprocess_json(const ModelConfig& config);

}  // namespace thor
