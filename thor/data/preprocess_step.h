// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/data/templates.h"

namespace thor {

/// A scan on its way through a chain.
struct StepState {
  Image image;               ///< as the steps so far left it
  Tensor mask;               ///< float32 [D,H,W] on its grid, 1 = brain; undefined until a step finds it
  Tensor field;              ///< float32 [D,H,W] on its grid: what a bias field divided by; undefined = nothing
  Affine native_from_steps;  ///< RAS mm of the chain's space -> RAS mm of the native scan
  bool registered = false;   ///< the chain's space is that of a template
  const Templates& templates;

  /// Throws Usage where no such template was loaded.
  const Template& template_of(const std::string& name) const;
  /// Voxels placed elsewhere: what the file said of its placement holds no more.
  void place(const Affine& ras_from_voxel);
};

/// One step: its parameters and what it does.
/// Its const functions may be called by several threads at once.
class PreprocessStep {
 public:
  virtual ~PreprocessStep() = default;
  /// The keys of its item in `preprocess.steps` (besides `step`).
  virtual void describe(Fields& fields) = 0;
  /// The templates and masks it needs, by name.
  virtual std::vector<std::string> templates() const { return {}; }
  /// The files beside a scan that it reads, as far as they are there.
  virtual std::vector<std::string> files(const std::string& /*scan*/) const { return {}; }
  /// Where x, y and z grow after it ("RAS"), given where they did before; "" = not known without the templates.
  virtual std::string orientation(const std::string& before) const { return before; }
  /// Throws Usage if its parameters do not fit each other.
  virtual void check() const {}
  /// -> an object: what it measured
  virtual nlohmann::json run(StepState& state) const = 0;
};

/// A row of the table of steps.
struct PreprocessStepRow {
  std::string name, purpose;
  std::function<std::unique_ptr<PreprocessStep>()> make;
};
const std::vector<PreprocessStepRow>& preprocess_steps();

/// Steps of a config, read and checked. Throws Usage: an unknown step or parameter, or some that do not fit.
std::vector<std::unique_ptr<PreprocessStep>> parse_steps(const std::vector<YamlText>& steps);

// What each row makes; the parameters stand in its source.
std::unique_ptr<PreprocessStep> make_reorient_step();
std::unique_ptr<PreprocessStep> make_n4_step();
std::unique_ptr<PreprocessStep> make_register_step();
std::unique_ptr<PreprocessStep> make_resample_step();
std::unique_ptr<PreprocessStep> make_brain_mask_step();
std::unique_ptr<PreprocessStep> make_crop_pad_step();
std::unique_ptr<PreprocessStep> make_intensity_step();

}  // namespace thor
