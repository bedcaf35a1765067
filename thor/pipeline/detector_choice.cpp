// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/detector_choice.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/detect/ensemble.h"
#include "thor/pipeline/members.h"

namespace thor {

namespace {

constexpr const char* kEnsemble = "ensemble";
constexpr const char* kSpeedSetting = "detector.speed=";

/// Says what the network never met in training: it would answer all the same, and nothing in a map would show it.
void warn_of_untrained(const Model& model, const DetectorChoice& choice) {
  const auto number = [](const nlohmann::json& of, const char* key) {
    const auto found = of.find(key);
    return found != of.end() && found->is_number() ? found->get<int64_t>() : int64_t{0};
  };
  // Once: a budget sets up many settings of one model.
  const auto say = [](const char* format, auto... values) {
    log_once(LogLevel::Warning, fmt::format(fmt::runtime(format), values...));
  };
  const nlohmann::json config = parse(choice.config);
  const int64_t t_max = trained_with(model, "t_max"), patch = trained_with(model, "patch");
  for (const char* knob : {"start_step", "test_step"})
    if (const int64_t t = number(config, knob); t_max > 0 && t >= t_max)
      say("detector.{} is {}, but the model was trained on timesteps below {} only", knob, t, t_max);
  if (config.contains("patch") && number(config, "patch") != patch)
    say("detector.patch is {}, but the model was trained with train.patch {}", number(config, "patch"), patch);
}

void read_recommended(Fields& fields, const Model& model) {
  nlohmann::json knobs = parse(model.detector);
  knobs.erase("name");
  with_context("reading the detector settings in the model", [&] {
    fields.read(nlohmann::json{{"detector", knobs}}.dump());
  });
}

void assign(Fields& fields, const std::vector<std::string>& sets) {
  for (const auto& set : sets) {
    if (set.rfind("detector.name=", 0) == 0)
      fail_usage("the detector is chosen with `detector`, not by setting {}", set);
    if (set.rfind("detector.sampler.steps=", 0) == 0 && fields.has("detector.sampler.timesteps"))
      fields.assign("detector.sampler.timesteps=[]");  // else the timesteps would win, whoever named them
    fields.assign(set);
  }
}

/// Names, networks and settings of the members decide what a map value means, as much as the knobs do.
nlohmann::json members_of(const Model& model) {
  nlohmann::json list = nlohmann::json::array();
  for (const Member& member : model.members())
    list.push_back({{"name", member.name}, {"model", member.model.hash}, {"detector", parse(member.model.detector)}});
  return list;
}

/// The knobs under "detector"; an empty object where the detector has none.
nlohmann::json knobs_of(const Fields& fields) { return fields.to_json().value("detector", nlohmann::json::object()); }

DetectorChoice choose_ensemble(const Model& model, const std::string& name, const std::vector<std::string>& sets) {
  if (!name.empty() && name != kEnsemble)
    fail_usage("the model is an ensemble of {} networks, each with its own detector; it has no detector '{}'",
               model.members().size(), name);
  DetectorChoice choice{{kEnsemble, {}}, make_ensemble()};
  Fields fields;
  fields.group("detector", *choice.detector);
  if (!model.detector.empty()) read_recommended(fields, model);
  for (const auto& set : sets)
    if (set.rfind(kSpeedSetting, 0) == 0)
      fail_usage("how fast its members are is part of an ensemble; combine others to have it otherwise");
  assign(fields, sets);
  nlohmann::json config = knobs_of(fields);
  config["members"] = members_of(model);
  choice.config = json_text(config);
  return choice;
}

/// Splits the settings into the speed that was asked for, if one was, and the others.
std::string take_speed(std::vector<std::string>& sets) {
  std::string speed;
  std::vector<std::string> others;
  for (const std::string& set : sets)
    if (set.rfind(kSpeedSetting, 0) == 0)
      speed = set.substr(std::strlen(kSpeedSetting));
    else
      others.push_back(set);
  sets = std::move(others);
  return speed;
}

/// What makes the method as published again of any speed: the defaults of the sampler and of all that other speeds set.
std::vector<std::string> full_settings(const DetectorRow& row) {
  const auto published = row.make(NoiseKind::Gaussian);
  Fields fields;
  fields.group("detector", *published);
  const nlohmann::json defaults = fields.to_json();
  std::vector<std::string> settings;
  const auto set_back = [&](const std::string& key) {
    std::string place = "/" + key;
    std::replace(place.begin(), place.end(), '.', '/');
    settings.push_back(key + "=" + defaults.at(nlohmann::json::json_pointer(place)).dump());
  };
  for (const auto& field : fields.list())
    if (field.name.rfind("detector.sampler.", 0) == 0) set_back(field.name);
  for (const DetectorSpeed& speed : row.speeds)
    for (const std::string& set : speed.sets) set_back(set.substr(0, set.find('=')));
  return settings;
}

}  // namespace

std::vector<std::string> speed_settings(const std::string& detector, const std::string& speed) {
  if (speed.empty()) return {};
  const DetectorRow& row = detector_row(detector);
  if (speed == kFullSpeed) return full_settings(row);
  std::vector<std::string> names;
  for (const DetectorSpeed& one : row.speeds) {
    if (one.name == speed) return one.sets;
    names.push_back(one.name);
  }
  if (speed == kFastSpeed) return {};
  fail_usage("detector.speed of {} is '{}', expected {}", detector, speed, fmt::join(names, ", "));
}

DetectorChoice choose_detector(const Model& model, const std::string& name, const std::vector<std::string>& sets) {
  if (model.is_ensemble()) return choose_ensemble(model, name, sets);
  const std::string recommended = parse(model.detector).value("name", "");
  DetectorChoice choice;
  choice.name = !name.empty() ? name : !recommended.empty() ? recommended : "thor";
  choice.detector = make_detector(choice.name, model.config.noise.kind);

  Fields fields;
  fields.group("detector", *choice.detector);
  if (choice.name == recommended) read_recommended(fields, model);
  std::vector<std::string> own = sets;
  for (const auto& set : speed_settings(choice.name, take_speed(own))) fields.assign(set);
  assign(fields, own);
  nlohmann::json config = knobs_of(fields);
  if (!model.member.empty()) config["member"] = model.member;  // other members' values mean something else
  choice.config = json_text(config);
  warn_of_untrained(model, choice);
  return choice;
}

CalibratedDetector detector_of(const Model& model, const CalibrationSetting& setting) {
  nlohmann::json knobs = parse(setting.config);
  CalibratedDetector made{model, {{setting.detector, setting.config}, nullptr}};
  try {
    if (knobs.contains("member")) {
      const std::string member =
          knobs["member"].is_string() ? knobs["member"].get<std::string>() : knobs["member"].dump();
      if (model.member != member) made.model = member_of(model, member);
    } else if (model.is_ensemble() != (setting.detector == kEnsemble)) {
      fail_input("it is for {}", setting.detector == kEnsemble ? "an ensemble, and the model is one network"
                                                               : "one network, and the model is an ensemble");
    }
    if (setting.detector == kEnsemble) {
      if (knobs.value("members", nlohmann::json()) != members_of(made.model))
        fail_input("the ensemble has other members than it had then");
      knobs.erase("members");
      made.choice.detector = make_ensemble();
    } else {
      made.choice.detector = make_detector(setting.detector, made.model.config.noise.kind);
    }
    knobs.erase("member");
    Fields fields;
    fields.group("detector", *made.choice.detector);
    fields.read(nlohmann::json{{"detector", knobs}}.dump());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Internal) throw;
    fail_input("the calibration for {} cannot be set up again: {}; 'thor calibrate' writes a new one", setting.detector,
               error.what());
  }
  return made;
}

JsonText detector_settings(const std::string& name, Detector& detector) {
  Fields fields;
  fields.group("detector", detector);
  nlohmann::json settings = knobs_of(fields);
  settings["name"] = name;
  return json_text(settings);
}

}  // namespace thor
