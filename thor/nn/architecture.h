// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/base/tensor.h"
#include "thor/nn/weights/weights.h"

namespace thor {

/// The input of one network call. A further condition (a severity) becomes a field here.
struct NetworkInput {
  Tensor x;          ///< x_t in model range, float32 [N,Cin,H,W]
  Tensor t;          ///< timesteps, int64 [N]
  Tensor z_mm = {};  ///< heights of the slices, float32 [N] (NaN = unknown); undefined = all unknown
};

/// The images that a network takes and gives.
struct NetworkForm {
  int64_t in_channels = 1, out_channels = 1;
  int64_t slices = 1;    ///< neighbouring slices among the input channels
  int64_t multiple = 1;  ///< H and W are multiples of it
  bool knows_z = false;  ///< whether `NetworkInput::z_mm` counts
};

/// One kind of network: its config and what follows from it. Weights are arguments, so an architecture is cheap to
/// copy.
class Architecture {
 public:
  virtual ~Architecture() = default;
  virtual std::unique_ptr<Architecture> clone() const = 0;
  /// Its name in the table.
  virtual const char* kind() const = 0;
  /// The keys of the YAML section `model` (besides `kind`).
  virtual void describe(Fields& fields) = 0;
  /// Throws Usage where the numbers do not fit each other.
  virtual void check() const = 0;
  virtual NetworkForm form() const = 0;
  /// Every parameter name with its shape. Throws as `check`.
  virtual ShapeList shapes() const = 0;
  /// Fresh weights, each tensor from its own stream of `seed`.
  virtual StateDict initial(uint64_t seed) const = 0;
  /// The raw output, float32 [N,Cout,H,W], computed in the dtype of the weights. Differentiable.
  virtual Tensor forward(const StateDict& weights, const NetworkInput& input) const = 0;
  /// The feature maps that `perceptual: unet` compares, float32 [N,C,h,w], finest first.
  virtual std::vector<Tensor> features(const StateDict& weights, const NetworkInput& input) const = 0;
};

/// A row of the table of architectures.
struct ArchitectureRow {
  std::string name, title;
  int64_t spatial_rank;                                 ///< 2: its convolutions go along H and W
  std::function<std::unique_ptr<Architecture>()> make;  ///< with its defaults
  /// The architecture that weights under published names belong to, as far as names and shapes tell. Throws Input.
  std::function<std::unique_ptr<Architecture>(const StateDict& weights)> of_weights;
};
const std::vector<ArchitectureRow>& architectures();
/// By name; Usage error with the nearest name otherwise.
const ArchitectureRow& architecture_row(const std::string& name);

/// The section `model` of a config: an architecture as a value, by default the UNet. `kind` decides which other keys
/// there are, so it is read before them (`network_of_kind`).
class NetworkConfig {
 public:
  NetworkConfig();
  NetworkConfig(const Architecture& architecture);
  NetworkConfig(const NetworkConfig& other);
  NetworkConfig& operator=(const NetworkConfig& other);
  NetworkConfig(NetworkConfig&&) noexcept;
  NetworkConfig& operator=(NetworkConfig&&) noexcept;
  ~NetworkConfig();
  const std::string& kind() const { return kind_; }
  const Architecture* operator->() const { return architecture_.get(); }
  /// `kind`, and the keys of the architecture.
  void describe(Fields& fields);
  /// Throws Usage where the numbers do not fit each other, or where `kind` was changed after the other keys were read.
  void check() const;

 private:
  std::string kind_;
  std::unique_ptr<Architecture> architecture_;
};

/// The architecture that a config names as `model.kind`, in YAML text or in an assignment of `sets`
/// ("model.kind=unet"), else the UNet; with its defaults. Throws Usage for an unknown name.
NetworkConfig network_of_kind(const std::string& yaml_text, const std::vector<std::string>& sets);

}  // namespace thor
