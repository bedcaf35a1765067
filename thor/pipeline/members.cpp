// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/members.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/pipeline/model_parts.h"

namespace thor {
namespace {

constexpr const char* kMembersKey = "thor.members";
constexpr size_t kMaxMembers = 16, kMaxName = 40;

bool is_member_name(const std::string& name) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.'; };
  return !name.empty() && name.size() <= kMaxName && name[0] != '.' && std::all_of(name.begin(), name.end(), allowed);
}

std::string prefix_of(const std::string& name) { return "member." + name + "/"; }

/// Moves a tensor out of the file, wherever its map keeps it.
Tensor take(StateDict& tensors, const std::string& name) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) fail_input("its tensor '{}' is missing", name);
  Tensor tensor = found->second.clone();
  tensors.erase(found);
  return tensor;
}

auto find_member(std::vector<Member>& members, const std::string& name) {
  return std::find_if(members.begin(), members.end(), [&](const Member& member) { return member.name == name; });
}

Member parse_member(const nlohmann::json& about, StateDict tensors) {
  Member member;
  member.reference = {take(tensors, "healthy.level"), take(tensors, "healthy.quantiles"), at::zeros({1}, at::kFloat)};
  Tensor& level = member.reference.level;
  if (level.dim() == 2) level = level.unsqueeze(0);  // of earlier versions, which knew one height
  if (tensors.count("healthy.z_mm")) member.reference.z_mm = take(tensors, "healthy.z_mm");
  member.model.config = parse_model_config(json_text(about.at("config")));
  member.model.networks = parse_model_weights(tensors, member.model.config);
  const int64_t size = member.model.config.preprocess.size;
  check_reference(member.reference, size, size);
  about.at("name").get_to(member.name);
  about.at("hash").get_to(member.model.hash);
  const nlohmann::json &training = about.at("training"), &detector = about.at("detector");
  if (!detector.is_object() || !training.is_object()) fail_input("its detector or training is not a JSON object");
  member.model.training = json_text(training);
  member.model.detector = json_text(detector);
  return member;
}

}  // namespace

Model member_of(Model ensemble, const std::string& name) {
  if (!ensemble.is_ensemble()) fail_usage("the model is one network, not an ensemble: it has no member '{}'", name);
  const auto found = find_member(ensemble.members(), name);
  if (found == ensemble.members().end()) {
    std::vector<std::string> names;
    for (const Member& member : ensemble.members()) names.push_back(member.name);
    fail_usage("the ensemble has no member '{}'; it has: {}{}", name, fmt::join(names, ", "),
               did_you_mean(name, names));
  }
  Model model = std::move(found->model);
  model.member = name;
  model.templates = std::move(ensemble.templates);
  model.tissue = std::move(ensemble.tissue);
  model.calibration = std::move(ensemble.calibration);
  model.hash = ensemble.hash;
  return model;
}

Model load_member(const std::string& path_or_name, const std::string& member) {
  Model model = load_model(path_or_name);
  return member.empty() ? model : member_of(std::move(model), member);
}

void check_member_name(const std::string& name) {
  if (!is_member_name(name))
    fail_usage("a member is called '{}', expected 1 to {} letters, digits, '-' and '.'", name, kMaxName);
}

void store_members(const std::vector<Member>& members, Precision precision, Safetensors& file) {
  nlohmann::json list = nlohmann::json::array();
  for (const Member& member : members) {
    const std::string prefix = prefix_of(member.name);
    for (const auto& [name, tensor] : stored_weights(member.model.weights(), precision))
      file.tensors[prefix + name] = tensor;
    file.tensors[prefix + "healthy.level"] = member.reference.level;
    file.tensors[prefix + "healthy.quantiles"] = member.reference.quantiles;
    file.tensors[prefix + "healthy.z_mm"] = member.reference.z_mm;
    ModelConfig config = member.model.config;
    list.push_back({{"name", member.name},
                    {"config", Fields(config).to_json()},
                    {"detector", parse(member.model.detector)},
                    {"training", parse(member.model.training)},
                    {"hash", member.model.hash}});
  }
  file.metadata[kMembersKey] = json_text(list).text;
}

bool holds_members(const Safetensors& file) { return file.metadata.count(kMembersKey) > 0; }

std::vector<Member> take_members(const ModelConfig& ensemble, Safetensors& file) {
  std::vector<Member> members;
  const nlohmann::json list = parse(parse_metadata(kMembersKey, file.metadata.at(kMembersKey)));
  if (!list.is_array() || list.empty() || list.size() > kMaxMembers)
    fail_input("its metadata '{}' is not a list of 1 to {} members", kMembersKey, kMaxMembers);
  for (const auto& about : list) {
    with_context(fmt::format("reading its member {}", members.size() + 1), [&] {
      try {
        const auto name = about.at("name").get<std::string>();
        if (!is_member_name(name)) fail_input("it has no name that can be used");
        if (find_member(members, name) != members.end()) fail_input("another is called '{}' too", name);
        members.push_back(parse_member(about, subset(file.tensors, prefix_of(name))));
      } catch (const nlohmann::json::exception& e) {
        fail_input("it is not described as a member: {}", e.what());
      }
      if (preprocess_json(members.back().model.config) != preprocess_json(ensemble))
        fail_input("it preprocesses images otherwise than the ensemble");
    });
  }
  return members;
}

}  // namespace thor
