// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/data/brain_tissue.h"
#include "thor/data/preprocess.h"
#include "thor/data/summary.h"
#include "thor/data/templates.h"
#include "thor/detect/evidence.h"
#include "thor/diffusion/diffusion.h"
#include "thor/diffusion/noise.h"
#include "thor/nn/architecture.h"

namespace thor {

/// The precision of a network's weights and activations.
enum class Precision { Fp32, Bf16 };
inline Names names_of(Precision) { return {"fp32", "bf16"}; }

/// Everything about a model that detection must know and a user must never repeat by hand.
struct ModelConfig {
  NetworkConfig model;
  DiffusionConfig diffusion;
  NoiseConfig noise;
  PreprocessConfig preprocess;
  /// Sections `model`, `diffusion`, `noise`, `preprocess`.
  void describe(Fields& fields);
  /// Throws Usage where the parts do not fit each other.
  void check() const;
  /// Throws Usage where the network sees neighbouring slices: training, detection and sampling give it one at a time.
  void check_takes_single_slices() const;
};

struct Member;

/// One network, or an ensemble of several: one safetensors file; all but tensors is JSON in its metadata under "thor.*"
/// keys. An ensemble has no weights of its own and preprocesses as all its members do.
/// Several threads may read one model at once.
struct Model {
  ModelConfig config;
  std::variant<StateDict, std::vector<Member>> networks;  ///< the weights of the one network, or the members
  Templates templates;                                    ///< of the steps of volumes; empty = takes ready slices only
  BrainTissue tissue;                                     ///< that scans are matched to; may be unknown
  JsonText training{"{}"};                                ///< provenance: version, data, seed, steps, losses
  JsonText calibration{"{}"};                             ///< see calibration.h; empty until `thor calibrate`
  JsonText detector{"{}"};                                ///< detector settings the model recommends, may be empty
  std::string hash;                                       ///< SHA-256 of the file it came from
  std::string member = {};  ///< its name, where it is one member of the ensemble in that file (members.h)

  bool is_ensemble() const { return std::holds_alternative<std::vector<Member>>(networks); }
  /// The weights of the one network, float32 under its published names. Throws Internal for an ensemble.
  const StateDict& weights() const;
  StateDict& weights();
  /// The members of the ensemble. Throws Internal for one network.
  const std::vector<Member>& members() const;
  std::vector<Member>& members();
};

/// One network of an ensemble with the detector it recommends, and what that finds in healthy scans.
struct Member {
  std::string name;  ///< as people call it: letters, digits, "-", "."
  Model model;
  HealthyReference reference;
};

/// A number of the section `train` that the model was trained with; 0 where it is not known, as of imported weights.
int64_t trained_with(const Model& model, const char* key);
/// The summary of the images that the model was trained on, if it has one. Throws Input where that cannot be read.
std::optional<DataSummary> trained_on(const Model& model);

/// From a path, or by the name of a model that is installed (model_place.h).
Model load_model(const std::string& path_or_name);
/// `precision`: how the weights are stored; bf16 is half the size, and they are float32 again once loaded.
void save_model(const std::string& path, const Model& model, Precision precision = Precision::Fp32);
/// Writes the file that `model` was loaded from (`name`, as load_model takes it) again, as `to` (which may be the
/// same), with the model's calibration and everything else bit for bit as it is. Throws Input where `from` has become
/// another file meanwhile.
void save_calibration(const std::string& name, const std::string& to, const Model& model);

}  // namespace thor
