// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// The parameter names and shapes of a network.
using ShapeList = std::map<std::string, std::vector<int64_t>>;

/// The differences found by strict loading; `ok()` if all three lists are empty.
struct LoadReport {
  std::vector<std::string> missing, unexpected;
  std::vector<std::string> mis_shaped;  ///< "name: file [..], network [..]"
  bool ok() const { return missing.empty() && unexpected.empty() && mis_shaped.empty(); }
  std::string text() const;
};

LoadReport compare(const StateDict& state, const ShapeList& expected);
/// Throws Input with the report's text unless names and shapes match exactly; returns float32 contiguous copies.
StateDict load_strictly(const StateDict& state, const ShapeList& expected, const std::string& what);

/// Renames a UNet checkpoint to MONAI Generative's names (METHODS 4): strips `model_weights.`, `state_dict.`, `model.`,
/// `unet.`, `module.` prefixes, maps MONAI core's attention and upsampler names, drops embedded LPIPS tensors.
StateDict to_generative_names(const StateDict& state);

/// Returns true if attention has the names of MONAI core (>= 1.4), whose networks apply the output projection.
bool has_monai_core_names(const StateDict& state);

/// Returns true if the name begins with `prefix`.
bool starts_with(const std::string& text, const std::string& prefix);

/// Returns the tensors of `state` with names that start with `prefix`, with the prefix removed.
StateDict subset(const StateDict& state, const std::string& prefix);

/// A prefix in a StateDict, so that the code of a network reads like its parameter names: conv(w / "conv1.conv", x).
/// It is immutable: any number of threads may use one object.
class Scope {
 public:
  explicit Scope(const StateDict& state, std::string prefix = {}) : state_(&state), prefix_(std::move(prefix)) {}
  Scope operator/(const std::string& name) const {
    return Scope(*state_, prefix_.empty() ? name : prefix_ + "." + name);
  }
  Scope operator/(int64_t index) const { return *this / std::to_string(index); }
  /// Returns the tensor. Throws Internal if it is missing, which strict loading prevents.
  const Tensor& operator[](const std::string& name) const;
  bool has(const std::string& name) const;

 private:
  const StateDict* state_;
  std::string prefix_;
};

}  // namespace thor
