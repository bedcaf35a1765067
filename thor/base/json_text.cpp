// SPDX-License-Identifier: Apache-2.0
#include "thor/base/json_text.h"

#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/utf8.h"

namespace thor {

JsonText json_text(const nlohmann::json& value) { return JsonText(dump_json(value)); }

nlohmann::json parse(const JsonText& text) {
  auto value = nlohmann::json::parse(text.text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) fail_input("'{}' is not valid JSON", text.text.substr(0, 80));
  return value;
}

bool operator==(const JsonText& a, const JsonText& b) { return a.text == b.text || parse(a) == parse(b); }

}  // namespace thor
