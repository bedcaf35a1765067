// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "thor/data/preprocess.h"
#include "thor/data/templates.h"
#include "thor/detect/evidence.h"
#include "thor/diffusion/diffusion.h"
#include "thor/diffusion/noise.h"
#include "thor/nn/unet.h"

namespace thor {

/// Everything about a model that detection must know and a user must never repeat by hand.
struct ModelConfig {
  UNetConfig model;
  DiffusionConfig diffusion;
  NoiseConfig noise;
  PreprocessConfig preprocess;
  /// Sections `model`, `diffusion`, `noise`, `preprocess`.
  void describe(Fields& fields);
  void check() const;
};

struct Member;

/// What training leaves behind: one safetensors file; the rest is JSON in its metadata under "thor.*" keys.
/// Several threads may read one model at once.
struct Model {
  ModelConfig config;
  StateDict weights;                                      ///< float32, MONAI Generative's names
  Templates templates;                                    ///< of the chain of volumes; empty = takes ready slices only
  nlohmann::json training = nlohmann::json::object();     ///< provenance: version, data, seed, steps, losses
  nlohmann::json calibration = nlohmann::json::object();  ///< see calibration.h; empty until `thor calibrate`
  nlohmann::json detector = nlohmann::json::object();     ///< detector settings the model recommends, may be empty
  std::string hash;                                       ///< SHA-256 of the file it came from
  /// Of an ensemble, which has no weights of its own and preprocesses as all its members do.
  std::vector<Member> members = {};
  std::string member = {};  ///< its name, where it is one member of the ensemble in that file (members.h)
};

/// One network of an ensemble with the detector it recommends, and what that finds in healthy scans.
struct Member {
  std::string name;  ///< as people call it: letters, digits, "-", "."
  Model model;
  HealthyReference reference;
};

/// A number of the section `train` that the model was trained with; 0 where it is not known, as of imported weights.
int64_t trained_with(const Model& model, const char* key);

/// From a path, or by the name of a model that is installed (model_place.h).
Model load_model(const std::string& path_or_name);
/// `precision`: how the weights are stored, fp32 or bf16 (half the size; they are float32 again once loaded).
void save_model(const std::string& path, const Model& model, const std::string& precision = "fp32");
/// Writes the file that `model` was loaded from (`name`, as load_model takes it) again, as `to` (which may be the
/// same), with the model's calibration and everything else bit for bit as it is. Throws Input where `from` has become
/// another file meanwhile.
void save_calibration(const std::string& name, const std::string& to, const Model& model);

}  // namespace thor
