// SPDX-License-Identifier: Apache-2.0
#include "thor/data/preprocess_step.h"

#include <algorithm>

#include "thor/base/error.h"

namespace thor {
namespace {

std::vector<std::string> step_names() {
  std::vector<std::string> names;
  for (const auto& row : preprocess_steps()) names.push_back(row.name);
  return names;
}

std::unique_ptr<PreprocessStep> make_step(const std::string& name) {
  for (const auto& row : preprocess_steps())
    if (row.name == name) return row.make();
  const auto names = step_names();
  fail_usage("there is no step '{}'; steps are: {}{}", name, fmt::join(names, ", "), did_you_mean(name, names));
}

std::unique_ptr<PreprocessStep> parse_step(size_t index, const YamlText& item) {
  std::string name;
  Fields choice;
  choice.add("step", &name, "which step");
  choice.read_known(item.text);
  if (name.empty()) fail_usage("'{}' is no step; expected a mapping: {{step: NAME, ...}}", item.text);
  auto step = make_step(name);
  Fields fields;
  fields.add("step", &name, "which step");
  step->describe(fields);
  read_item("preprocess.steps", index, fields, item);
  step->check();
  return step;
}

}  // namespace

const Template& StepState::template_of(const std::string& name) const {
  const auto found = templates.find(name);
  if (found == templates.end())
    fail_usage(
        "the template '{0}' of the preprocessing steps is not there, so only ready slices can be taken; name its file "
        "with `template` {0}=FILE (a model gets it with 'thor import' and `config`)",
        name);
  return found->second;
}

void StepState::place(const Affine& ras_from_voxel) { image.geometry = {ras_from_voxel, {}}; }

const std::vector<PreprocessStepRow>& preprocess_steps() {
  static const std::vector<PreprocessStepRow> rows{
      {"reorient", "permute and flip axes, never interpolate", make_reorient_step},
      {"n4", "divide by the bias field (Tustison et al. 2010)", make_n4_step},
      {"register", "place the scan in the space of a template, voxels untouched", make_register_step},
      {"resample", "look voxels up on another grid", make_resample_step},
      {"brain_mask", "set what is not brain to black", make_brain_mask_step},
      {"crop_pad", "cut or extend to a size", make_crop_pad_step},
      {"intensity", "scale so that white is known: one window for the whole volume", make_intensity_step},
  };
  return rows;
}

std::vector<std::unique_ptr<PreprocessStep>> parse_steps(const std::vector<YamlText>& steps) {
  std::vector<std::unique_ptr<PreprocessStep>> parsed;
  for (size_t i = 0; i < steps.size(); ++i)
    with_context(fmt::format("reading step {} of preprocess.steps", i + 1),
                 [&] { parsed.push_back(parse_step(i, steps[i])); });
  return parsed;
}

}  // namespace thor
