// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/combine.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/base/utf8.h"
#include "thor/base/version.h"
#include "thor/pipeline/members.h"
#include "thor/pipeline/model_parts.h"

namespace thor {
namespace {

constexpr const char* kReferenceKey = "reference";  // in the training record of an ensemble

bool same_tissue(BrainTissue a, BrainTissue b) {
  if (!a.known() || !b.known()) return a.known() == b.known();
  const auto of_a = a.parts(), of_b = b.parts();
  return std::equal(of_a.begin(), of_a.end(), of_b.begin(),
                    [](const auto& one, const auto& other) { return one.second->equal(*other.second); });
}

void check_models(const std::vector<NamedModel>& models) {
  if (models.size() < 2) fail_usage("an ensemble needs at least 2 models, {} was given", models.size());
  std::set<std::string> names;
  for (const NamedModel& one : models) {
    check_member_name(one.name);
    if (!names.insert(one.name).second) fail_usage("two members are called '{}'; name them with NAME=MODEL", one.name);
    if (one.model.is_ensemble()) fail_usage("'{}' is an ensemble itself; combine its members", one.name);
    if (preprocess_json(one.model.config) != preprocess_json(models[0].model.config))
      fail_usage(
          "'{}' preprocesses images otherwise than '{}'; give both the same steps with 'thor import' and `config`",
          one.name, models[0].name);
    if (!same_tissue(one.model.tissue, models[0].model.tissue))
      fail_usage(
          "'{}' matches scans to other training slices than '{}'; give both the same with 'thor pack' and `match_to`",
          one.name, models[0].name);
  }
}

/// Detects with a model, as it recommends, in healthy scans.
MapSet maps_of(const NamedModel& one, const std::vector<CaseInput>& healthy, const RunConfig& run) {
  DetectorChoice choice = choose_detector(one.model, "", {});
  const Pipeline pipeline(one.model, std::move(choice.detector), run);
  info("{}: {} in {} healthy scans", one.name, choice.name, healthy.size());
  return need_maps(detect_slices(pipeline, choice, healthy, run));
}

HealthyReference reference_of(const MapSet& healthy, const ReferenceConfig& config) {
  return healthy_reference(healthy.maps.unsqueeze(1), at::tensor(healthy.z_mm, at::kFloat), config);
}

/// Makes the same reference without the scans of these names.
HealthyReference reference_without(const MapSet& healthy, const std::set<std::string>& names,
                                   const ReferenceConfig& config) {
  std::vector<size_t> kept;
  for (size_t i = 0; i < healthy.names.size(); ++i)
    if (names.count(healthy.names[i]) == 0) kept.push_back(i);
  return reference_of(some_slices(healthy, kept), config);
}

/// Brings a set into the order of a list of scans.
MapSet in_order_of(const std::vector<CaseInput>& list, const MapSet& set) {
  std::vector<size_t> slices;
  for (const CaseInput& one : list)
    for (size_t i = 0; i < set.names.size(); ++i)
      if (set.names[i] == one.name) slices.push_back(i);
  MapSet ordered = some_slices(set, slices);
  ordered.withheld = set.withheld;
  ordered.failed = set.failed;
  return ordered;
}

/// The parameters that the references in an ensemble were made with.
ReferenceConfig reference_config_of(const Model& ensemble) {
  ReferenceConfig config;
  const nlohmann::json training = parse(ensemble.training);
  if (const auto stored = training.find(kReferenceKey); stored != training.end())
    Fields(config).read_known(dump_json(*stored));
  return config;
}

}  // namespace

Model combine(std::vector<NamedModel> models, const std::vector<SplitRow>& healthy, const ReferenceConfig& reference,
              const RunConfig& run) {
  const RunScope scope(run.context);
  check_models(models);
  Model ensemble;
  ensemble.config = models[0].model.config;
  ensemble.templates = models[0].model.templates;
  ensemble.tissue = models[0].model.tissue;
  ReferenceConfig fields = reference;
  nlohmann::json training{{"combined_by", fmt::format("thor {}", version())},
                          {"healthy_scans", healthy.size()},
                          {kReferenceKey, Fields(fields).to_json()}};
  const nlohmann::json first = parse(models[0].model.training);
  if (const auto data = first.find("data"); data != first.end()) training["data"] = *data;
  ensemble.training = json_text(training);
  std::vector<Member> members;
  for (NamedModel& one : models) {
    const MapSet found = maps_of(one, cases_of_rows(healthy), run);
    if (!found.failed.empty()) fail_input("{}", found.failed[0].message);
    HealthyReference fitted = reference_of(found, reference);
    one.model.calibration = JsonText("{}");
    one.model.templates.clear();
    one.model.tissue = {};
    members.push_back({one.name, std::move(one.model), std::move(fitted)});
  }
  ensemble.networks = std::move(members);
  return ensemble;
}

MapSet cross_detect(const Model& ensemble, const std::string& detector, const std::vector<std::string>& sets,
                    const std::vector<CaseInput>& healthy, int64_t folds, const RunConfig& run) {
  if (!ensemble.is_ensemble())
    fail_usage("the model is one network, which has no healthy references to make anew: calibrate it without `folds`");
  const RunScope scope(run.context);
  const ReferenceConfig config = reference_config_of(ensemble);
  std::vector<MapSet> of_members;
  for (const Member& member : ensemble.members())
    of_members.push_back(maps_of({member.name, member_of(ensemble, member.name)}, healthy, run));
  // Only scans that every member can use.
  std::vector<CaseInput> usable;
  std::set<std::string> names;
  for (const CaseInput& one : healthy) {
    if (!names.insert(one.name).second) fail_usage("two healthy scans are called '{}'", one.name);
    const auto found = [&](const MapSet& set) {
      return std::find(set.names.begin(), set.names.end(), one.name) != set.names.end();
    };
    if (std::all_of(of_members.begin(), of_members.end(), found)) usable.push_back(one);
  }
  if (folds < 2 || folds > static_cast<int64_t>(usable.size()))
    fail_usage("{} folds of {} healthy scans, expected 2 folds or more and a scan in each", folds, usable.size());
  std::vector<MapSet> parts;
  for (int64_t fold = 0; fold < folds; ++fold) {
    std::vector<CaseInput> mine;
    std::set<std::string> left_out;
    for (size_t i = static_cast<size_t>(fold); i < usable.size(); i += static_cast<size_t>(folds)) {
      mine.push_back(usable[i]);
      left_out.insert(usable[i].name);
    }
    info("fold {} of {}", fold + 1, folds);
    Model model = ensemble;
    for (size_t i = 0; i < of_members.size(); ++i)
      model.members()[i].reference = reference_without(of_members[i], left_out, config);
    DetectorChoice choice = choose_detector(model, detector, sets);
    const Pipeline pipeline(model, std::move(choice.detector), run);
    parts.push_back(detect_slices(pipeline, choice, mine, run));
  }
  MapSet whole = in_order_of(usable, join_map_sets(parts));
  whole.failed = of_members[0].failed;
  return whole;
}

}  // namespace thor
