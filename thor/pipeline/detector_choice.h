// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "thor/pipeline/pipeline.h"

namespace thor {

/// A detector with its knobs set, and those knobs for the record.
struct DetectorChoice {
  std::string name;
  std::unique_ptr<Detector> detector;
  nlohmann::json config;
};

/// The detector called `name` ("" = the one the model recommends, else THOR): the table's defaults for the model's
/// noise, then what the model recommends for this detector, then `sets` ("detector.start_step=250").
DetectorChoice choose_detector(const Model& model, const std::string& name, const std::vector<std::string>& sets);

/// What a model file stores as its recommended detector: {"name": ..., knobs}.
nlohmann::json detector_settings(const std::string& name, Detector& detector);

}  // namespace thor
