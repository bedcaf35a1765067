// SPDX-License-Identifier: Apache-2.0
// Reading golden files: settings come from the file's metadata and key names, so that other files of the same format
// can be tried.
#pragma once
#include <ATen/ATen.h>

#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/support.h"
#include "thor/nn/safetensors.h"

namespace thor::test {

struct Golden {
  explicit Golden(const std::string& name) : file(read_safetensors(golden_dir() + "/" + name)) {}
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

/// All numbers in a text such as "beta 1e-4..2e-2" or "[60, 50]".
inline std::vector<double> numbers_in(const std::string& text) {
  static const std::regex number(R"([-+]?(?:\d+\.\d+|\d+)(?:[eE][-+]?\d+)?)");
  std::vector<double> values;
  for (std::sregex_iterator it(text.begin(), text.end(), number), end; it != end; ++it)
    values.push_back(std::stod(it->str()));
  return values;
}

}  // namespace thor::test
