// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/model_place.h"

#include <filesystem>
#include <set>

#include "thor/base/error.h"
#include "thor/pipeline/pipeline.h"

namespace thor {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModelEnding = ".safetensors";

std::vector<std::string> names_in(const std::vector<std::string>& folders) {
  std::set<std::string> names;
  for (const auto& folder : folders) {
    std::error_code absent;
    for (const auto& entry : fs::directory_iterator(folder, absent))
      if (entry.path().extension() == kModelEnding) names.insert(entry.path().stem().string());
  }
  return {names.begin(), names.end()};
}

bool looks_like_a_path(const std::string& text) {
  return text.find('/') != std::string::npos || fs::path(text).has_extension() || fs::exists(text);
}

}  // namespace

std::vector<std::string> model_folders() {
  std::vector<std::string> folders{thor_home() + "/models"};
  std::error_code unknown;
  const fs::path program = fs::read_symlink("/proc/self/exe", unknown);
  if (unknown) return folders;
  folders.push_back((program.parent_path().parent_path() / "share/thor/models").string());
  folders.push_back((program.parent_path().parent_path().parent_path() / "models").string());
  return folders;
}

std::string find_model(const std::string& path_or_name, const std::vector<std::string>& folders) {
  if (looks_like_a_path(path_or_name)) return path_or_name;
  for (const auto& folder : folders)
    if (const std::string file = folder + "/" + path_or_name + kModelEnding; fs::exists(file)) return file;
  const auto names = names_in(folders);
  fail_input("there is no model file '{0}', nor a model of that name{1}; models by name: {2}", path_or_name,
             did_you_mean(path_or_name, names), names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
}

}  // namespace thor
