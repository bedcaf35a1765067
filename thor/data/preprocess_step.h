// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/base/json_text.h"
#include "thor/data/templates.h"

namespace thor {

/// The state of a scan between preprocessing steps.
struct StepState {
  Image image;               ///< result of the previous steps
  Tensor mask;               ///< float32 [D,H,W] on its grid, 1 = brain; undefined until a step computes it
  Tensor field;              ///< bias field that was divided out, float32 [D,H,W] on its grid; undefined = none
  Affine native_from_steps;  ///< RAS mm after the steps -> RAS mm of the native scan
  bool registered = false;   ///< the space after the steps is that of a template
  const Templates& templates;

  /// Returns a template by its name. Throws Usage if it was not loaded.
  const Template& template_of(const std::string& name) const;
  /// Changes the geometry of the voxels and discards the placement that the file had.
  void place(const Affine& ras_from_voxel);
};

/// One preprocessing step: its parameters and its operation.
/// Its const functions may be called by several threads at once.
class PreprocessStep {
 public:
  virtual ~PreprocessStep() = default;
  /// Declares the keys of its item in `preprocess.steps` (besides `step`).
  virtual void describe(Fields& fields) = 0;
  /// Returns the names of the templates and masks that it needs.
  virtual std::vector<std::string> templates() const { return {}; }
  /// Returns the existing files beside a scan that it reads.
  virtual std::vector<std::string> files(const std::string& /*scan*/) const { return {}; }
  /// Returns the orientation ("RAS") after the step from the one before it; "" = unknown without the templates.
  virtual std::string orientation(const std::string& before) const { return before; }
  /// Returns true if it changes the grid of the voxels, but not what they are.
  virtual bool moves_voxels() const { return false; }
  /// Returns the name of the brain mask in a template's space, if it is the step that uses it.
  virtual std::optional<std::string> brain_template() const { return {}; }
  /// Throws Usage if its parameters are inconsistent.
  virtual void check() const {}
  /// Applies the step. -> an object with its measurements
  virtual JsonText run(StepState& state) const = 0;
};

/// A row of the table of preprocessing steps.
struct PreprocessStepRow {
  std::string name, purpose;
  std::function<std::unique_ptr<PreprocessStep>()> make;
};
const std::vector<PreprocessStepRow>& preprocess_steps();

/// Reads and checks the steps of a config. Throws Usage for unknown steps or parameters and inconsistent ones.
std::vector<std::unique_ptr<PreprocessStep>> parse_steps(const std::vector<YamlText>& steps);

// Factories of the rows; the parameters are described in the sources of the steps.
std::unique_ptr<PreprocessStep> make_reorient_step();
std::unique_ptr<PreprocessStep> make_n4_step();
std::unique_ptr<PreprocessStep> make_register_step();
std::unique_ptr<PreprocessStep> make_resample_step();
std::unique_ptr<PreprocessStep> make_brain_mask_step();
std::unique_ptr<PreprocessStep> make_crop_pad_step();
std::unique_ptr<PreprocessStep> make_intensity_step();

}  // namespace thor
