// SPDX-License-Identifier: Apache-2.0
#include "thor/base/utf8.h"

#include <fmt/format.h>

#include <cctype>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace thor {
namespace {

nlohmann::json readable(const nlohmann::json& value) {
  if (value.is_string()) return utf8_text(value.get_ref<const std::string&>());
  if (!value.is_structured()) return value;
  nlohmann::json copy = value.is_array() ? nlohmann::json::array() : nlohmann::json::object();
  for (const auto& [key, item] : value.items())
    if (value.is_array())
      copy.push_back(readable(item));
    else
      copy[utf8_text(key)] = readable(item);
  return copy;
}

}  // namespace

size_t utf8_character(const std::string& text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t bytes = lead < 0x80 ? 1 : lead >= 0xC2 && lead < 0xE0 ? 2 : (lead & 0xF0) == 0xE0 ? 3 : 4;
  if (lead == 0 || (lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || at + bytes > text.size()) return 0;
  for (size_t k = 1; k < bytes; ++k)
    if ((static_cast<unsigned char>(text[at + k]) & 0xC0) != 0x80) return 0;
  // Overlong forms, surrogates and characters beyond Unicode show in the second byte.
  const auto second = bytes > 1 ? static_cast<unsigned char>(text[at + 1]) : 0;
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) return 0;
  if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return 0;
  return bytes;
}

std::string utf8_text(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = utf8_character(text, at);
    if (bytes == 0 && text[at] != '\0')
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]));
    else
      out.append(text, at, bytes > 0 ? bytes : 1);
    at += bytes > 0 ? bytes : 1;
  }
  return out;
}

std::string bytes_of_utf8_text(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    const auto digit = [&](size_t k) { return std::isxdigit(static_cast<unsigned char>(text[at + k])) != 0; };
    if (text.compare(at, 2, "\\x") == 0 && at + 3 < text.size() && digit(2) && digit(3)) {
      const long value = std::strtol(text.substr(at + 2, 2).c_str(), nullptr, 16);
      if (value >= 0x80) {
        out.push_back(static_cast<char>(value));
        at += 3;
        continue;
      }
    }
    out.push_back(text[at]);
  }
  return out;
}

std::string dump_json(const nlohmann::json& value, int indent) {
  try {
    return value.dump(indent);
  } catch (const nlohmann::json::type_error&) {
    return readable(value).dump(indent);
  }
}

}  // namespace thor
