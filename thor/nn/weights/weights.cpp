// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/weights/weights.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "thor/base/error.h"

namespace thor {
namespace {

void replace(std::string& text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
}

/// "a, b, c and 7 more"
std::string some_of(const std::vector<std::string>& names) {
  constexpr size_t kShown = 5;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i ? ", " : "") + names[i];
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text;
}

}  // namespace

bool has_monai_core_names(const StateDict& state) {
  return std::any_of(state.begin(), state.end(),
                     [](const auto& item) { return item.first.find(".attn.out_proj.") != std::string::npos; });
}

bool starts_with(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

std::string LoadReport::text() const {
  std::string text;
  const auto add = [&](const char* label, const std::vector<std::string>& names) {
    if (names.empty()) return;
    text += fmt::format("{}{} {}: {}", text.empty() ? "" : "; ", names.size(), label, some_of(names));
  };
  add("missing", missing);
  add("unexpected", unexpected);
  add("of another shape", mis_shaped);
  return text.empty() ? "all names and shapes match" : text;
}

LoadReport compare(const StateDict& state, const ShapeList& expected) {
  LoadReport report;
  for (const auto& [name, shape] : expected) {
    const auto found = state.find(name);
    if (found == state.end())
      report.missing.push_back(name);
    else if (found->second.sizes() != at::IntArrayRef(shape))
      report.mis_shaped.push_back(
          fmt::format("{}: file {}, network {}", name, shape_text(found->second.sizes()), shape_text(shape)));
  }
  for (const auto& [name, tensor] : state)
    if (!expected.count(name)) report.unexpected.push_back(name);
  return report;
}

StateDict load_strictly(const StateDict& state, const ShapeList& expected, const std::string& what) {
  const LoadReport report = compare(state, expected);
  if (!report.ok()) fail_input("{} does not fit the network: {}", what, report.text());
  StateDict loaded;
  for (const auto& [name, tensor] : state)
    loaded.emplace(name, tensor.detach().to(at::kFloat).clone(at::MemoryFormat::Contiguous));
  return loaded;
}

StateDict to_generative_names(const StateDict& state) {
  static const std::string kWrappers[] = {"model_weights.", "model_state_dict.", "state_dict.",
                                          "model.",         "module.",           "unet."};
  StateDict inner = state;
  // Whatever stands beside a wrapper (optimizer state, an embedded perceptual network) is not the UNet.
  for (bool again = true; again;) {
    again = false;
    for (const auto& wrapper : kWrappers) {
      StateDict part = subset(inner, wrapper);
      if (part.empty()) continue;
      inner = std::move(part);
      again = true;
    }
  }
  StateDict renamed;
  for (const auto& [name, tensor] : inner) {
    if (starts_with(name, "lpips.") || starts_with(name, "loss_fn.")) continue;
    std::string generative = name;
    replace(generative, ".attn.out_proj.", ".proj_attn.");
    replace(generative, ".attn.to_", ".to_");
    replace(generative, ".upsampler.postconv.", ".upsampler.conv.");
    if (!renamed.emplace(generative, tensor).second)
      fail_input("the checkpoint has two tensors that both mean '{}'", generative);
  }
  return renamed;
}

StateDict subset(const StateDict& state, const std::string& prefix) {
  StateDict part;
  for (auto it = state.lower_bound(prefix); it != state.end() && starts_with(it->first, prefix); ++it)
    part.emplace(it->first.substr(prefix.size()), it->second);
  return part;
}

const Tensor& Scope::operator[](const std::string& name) const {
  const std::string full = prefix_.empty() ? name : prefix_ + "." + name;
  const auto found = state_->find(full);
  if (found == state_->end()) fail(ErrorKind::Internal, "the network has no parameter '{}'", full);
  return found->second;
}

bool Scope::has(const std::string& name) const { return state_->count(prefix_.empty() ? name : prefix_ + "." + name); }

}  // namespace thor
