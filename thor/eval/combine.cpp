// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/combine.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/base/version.h"
#include "thor/eval/map_set.h"
#include "thor/pipeline/members.h"
#include "thor/pipeline/model_parts.h"

namespace thor {
namespace {

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

HealthyReference reference_of(const NamedModel& one, const std::vector<SplitRow>& healthy,
                              const ReferenceConfig& config, const RunConfig& run) {
  DetectorChoice choice = choose_detector(one.model, "", {});
  const Pipeline pipeline(one.model, std::move(choice.detector), run);
  info("{}: {} in {} healthy scans", one.name, choice.name, healthy.size());
  const MapSet found = need_maps(detect_slices(pipeline, choice, cases_of_rows(healthy), run));
  if (!found.failed.empty()) fail_input("{}", found.failed[0].message);
  return healthy_reference(found.maps.unsqueeze(1), at::tensor(found.z_mm, at::kFloat), config);
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
  nlohmann::json training{{"combined_by", fmt::format("thor {}", version())}, {"healthy_scans", healthy.size()}};
  const nlohmann::json first = parse(models[0].model.training);
  if (const auto data = first.find("data"); data != first.end()) training["data"] = *data;
  ensemble.training = json_text(training);
  std::vector<Member> members;
  for (NamedModel& one : models) {
    HealthyReference fitted = reference_of(one, healthy, reference, run);
    one.model.calibration = JsonText("{}");
    one.model.templates.clear();
    one.model.tissue = {};
    members.push_back({one.name, std::move(one.model), std::move(fitted)});
  }
  ensemble.networks = std::move(members);
  return ensemble;
}

}  // namespace thor
