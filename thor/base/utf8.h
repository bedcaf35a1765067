// SPDX-License-Identifier: Apache-2.0
// Names of files are bytes; JSON, HTML and CSV hold UTF-8.
#pragma once
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace thor {

/// Bytes of the UTF-8 character that starts at `at`, 0 where there is none.
size_t utf8_character(const std::string& text, size_t at);

/// The text itself where it is UTF-8; otherwise every byte that belongs to no character is written as "\xfc".
std::string utf8_text(const std::string& text);
/// Turns every "\x80" to "\xff" back into its byte: the name of the file that `utf8_text` wrote.
std::string bytes_of_utf8_text(const std::string& text);

/// JSON of any text, on one line or indented; what is not UTF-8 is written as `utf8_text` does.
std::string dump_json(const nlohmann::json& value, int indent = -1);

}  // namespace thor
