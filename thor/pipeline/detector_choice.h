// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/pipeline/calibration.h"
#include "thor/pipeline/pipeline.h"

namespace thor {

/// A detector by its name and all of its knobs, for the record.
struct DetectorSetting {
  std::string name;
  JsonText config;
};

/// A detector with its knobs set.
struct DetectorChoice : DetectorSetting {
  std::unique_ptr<Detector> detector;
};

/// Speeds that every detector has: as published, and the one of its row that is called so. Where a row has none of that
/// name, the method is as fast as it gets and nothing changes.
inline constexpr const char* kFullSpeed = "full";
inline constexpr const char* kFastSpeed = "fast";

/// What a speed of a detector sets; nothing for "". Throws Usage, with the speeds there are, for another.
std::vector<std::string> speed_settings(const std::string& detector, const std::string& speed);

/// The detector called `name` ("" = the one the model recommends, else THOR): the table's defaults for the model's
/// noise, then what the model recommends for this detector, then what the speed that `sets` names
/// ("detector.speed=fast") sets, then the other `sets` ("detector.start_step=250"). The config has the knobs, not the
/// name of the speed: a calibration holds for equal knobs, whatever they are called.
DetectorChoice choose_detector(const Model& model, const std::string& name, const std::vector<std::string>& sets);

/// The network and the detector that a calibration in a model was made with: of an ensemble the member it names, or the
/// ensemble itself. `model` must be the whole file's. Throws Input where they cannot be made any more: other members,
/// or settings that this version does not know.
struct CalibratedDetector {
  Model model;
  DetectorChoice choice;
};
CalibratedDetector detector_of(const Model& model, const CalibrationSetting& setting);

/// What a model file stores as its recommended detector: {"name": ..., knobs}.
JsonText detector_settings(const std::string& name, Detector& detector);

}  // namespace thor
