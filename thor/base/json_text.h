// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>

namespace thor {

/// A JSON value with no fixed structure, as text: settings of a detector, measurements of preprocessing steps. Headers
/// pass it on without knowing a JSON library.
struct JsonText {
  std::string text = "null";  ///< valid JSON, keys in alphabetical order, UTF-8
  JsonText() = default;
  /// Takes JSON that is valid. It is explicit because a braced list would become a text otherwise.
  explicit JsonText(std::string valid_json) : text(std::move(valid_json)) {}
  bool empty() const { return text == "null" || text == "{}"; }
};
JsonText json_text(const nlohmann::json& value);
/// Throws Input where it is not valid JSON.
nlohmann::json parse(const JsonText& text);
/// True where both are the same value; 1 and 1.0 are.
bool operator==(const JsonText& a, const JsonText& b);
inline bool operator!=(const JsonText& a, const JsonText& b) { return !(a == b); }

}  // namespace thor
