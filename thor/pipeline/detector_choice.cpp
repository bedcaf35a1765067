// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/detector_choice.h"

#include "thor/base/error.h"

namespace thor {

DetectorChoice choose_detector(const Model& model, const std::string& name, const std::vector<std::string>& sets) {
  const std::string recommended = model.detector.value("name", "");
  DetectorChoice choice;
  choice.name = !name.empty() ? name : !recommended.empty() ? recommended : "thor";
  choice.detector = make_detector(choice.name, model.config.noise.kind);

  Fields fields;
  fields.group("detector", *choice.detector);
  if (choice.name == recommended) {
    nlohmann::json knobs = model.detector;
    knobs.erase("name");
    with_context("reading the detector settings in the model", [&] {
      fields.read(nlohmann::json{{"detector", knobs}}.dump());
    });
  }
  for (const auto& set : sets) {
    if (set.rfind("detector.name=", 0) == 0)
      fail_usage("the detector is chosen with --detector, not with --set {}", set);
    fields.assign(set);
  }
  choice.config = fields.to_json().value("detector", nlohmann::json::object());
  return choice;
}

nlohmann::json detector_settings(const std::string& name, Detector& detector) {
  Fields fields;
  fields.group("detector", detector);
  nlohmann::json settings = fields.to_json().value("detector", nlohmann::json::object());
  settings["name"] = name;
  return settings;
}

}  // namespace thor
