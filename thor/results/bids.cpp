// SPDX-License-Identifier: Apache-2.0
#include "thor/results/bids.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>

namespace fs = std::filesystem;

namespace thor {
namespace {

constexpr const char* kDescription = "dataset_description.json";

std::string letters_and_digits(const std::string& text) {
  std::string kept;
  std::copy_if(text.begin(), text.end(), std::back_inserter(kept), [](unsigned char c) { return std::isalnum(c); });
  return kept.empty() ? "unnamed" : kept;
}

/// Subject, session, other entities, suffix.
const std::regex& bids_pattern() {
  static const std::regex pattern(
      "(sub-[A-Za-z0-9]+)(_ses-[A-Za-z0-9]+)?((?:_[A-Za-z]+-[A-Za-z0-9]+)*)(_[A-Za-z0-9]+)?");
  return pattern;
}

}  // namespace

std::string real_path(const std::string& path) {
  std::error_code ec;
  const fs::path real = fs::weakly_canonical(path, ec);
  return ec ? path : real.string();
}

std::optional<BidsPlace> bids_place(const std::string& file) {
  std::error_code ec;
  const fs::path whole = fs::weakly_canonical(file, ec);
  for (fs::path folder = whole.parent_path(); folder.has_relative_path(); folder = folder.parent_path())
    if (fs::is_regular_file(folder / kDescription, ec))
      return BidsPlace{folder.string(), whole.lexically_relative(folder).generic_string()};
  return std::nullopt;
}

bool is_bids_name(const std::string& scan_name) { return std::regex_match(scan_name, bids_pattern()); }

BidsNames bids_names(const std::string& scan_name) {
  std::smatch parts;
  if (!std::regex_match(scan_name, parts, bids_pattern())) {
    const std::string subject = "sub-" + letters_and_digits(scan_name);
    return {subject + "/anat", subject + "_desc-thor"};
  }
  const std::string session = parts[2].str();  // "_ses-2" or ""
  const std::string between = session.empty() ? "" : "/" + session.substr(1);
  return {parts[1].str() + between + "/anat", parts[1].str() + session + parts[3].str() + "_desc-thor"};
}

}  // namespace thor
