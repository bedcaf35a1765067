// SPDX-License-Identifier: Apache-2.0
// Reading golden files: settings come from the file's metadata and key names, so that other files of the same format
// can be tried.
#pragma once
#include <ATen/ATen.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/device.h"
#include "thor/nn/unet.h"
#include "thor/nn/weights/safetensors.h"

namespace thor::test {

struct Golden {
  /// Its tensors lie where the test computes.
  explicit Golden(const std::string& name, at::Device device = at::kCPU)
      : file(read_safetensors(golden_dir() + "/" + name)) {
    for (auto& [key, tensor] : file.tensors) tensor = tensor.to(device);
  }
  const at::Tensor& operator[](const std::string& key) const { return file.tensors.at(key); }
  bool has(const std::string& key) const { return file.tensors.count(key) > 0; }
  /// Metadata text; "" where there is none.
  std::string about(const std::string& key) const {
    const auto found = file.metadata.find(key);
    return found == file.metadata.end() ? "" : found->second;
  }
  /// Distinct first groups of `pattern` among the keys that match it whole.
  std::set<std::string> matches(const std::string& pattern) const {
    std::set<std::string> found;
    std::smatch match;
    for (const auto& [key, tensor] : file.tensors)
      if (std::regex_match(key, match, std::regex(pattern))) found.insert(match[1]);
    return found;
  }
  Safetensors file;
};

/// The network of a golden file, from the "config" of its metadata.
inline UNetConfig unet_config(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  UNetConfig config;
  config.in_channels = json.at("in_channels");
  config.out_channels = json.at("out_channels");
  config.channels = json.at("num_channels").get<std::vector<int64_t>>();
  config.attention = json.at("attention_levels").get<std::vector<bool>>();
  config.res_blocks = json.at("num_res_blocks");
  config.head_channels = json.at("num_head_channels");
  config.norm_groups = json.at("norm_num_groups");
  return config;
}

/// All numbers in a text such as "beta 1e-4..2e-2" or "[60, 50]".
inline std::vector<double> numbers_in(const std::string& text) {
  static const std::regex number(R"([-+]?(?:\d+\.\d+|\d+)(?:[eE][-+]?\d+)?)");
  std::vector<double> values;
  for (std::sregex_iterator it(text.begin(), text.end(), number), end; it != end; ++it)
    values.push_back(std::stod(it->str()));
  return values;
}

}  // namespace thor::test
