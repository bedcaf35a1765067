// SPDX-License-Identifier: Apache-2.0
// File names are bytes, while JSON, HTML and CSV contain UTF-8.
#pragma once
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace thor {

/// Returns the length in bytes of the UTF-8 character that starts at `at`, 0 if there is none.
size_t utf8_character(const std::string& text, size_t at);

/// Returns the text, with every byte that is not part of a UTF-8 character escaped, for example as "\xfc".
std::string utf8_text(const std::string& text);
/// Inverts `utf8_text`: turns every "\x80" to "\xff" back into its byte.
std::string bytes_of_utf8_text(const std::string& text);

/// Serializes JSON on one line or indented; bytes that are not UTF-8 are escaped as by `utf8_text`.
std::string dump_json(const nlohmann::json& value, int indent = -1);

}  // namespace thor
