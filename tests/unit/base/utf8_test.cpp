// SPDX-License-Identifier: Apache-2.0
#include "thor/base/utf8.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace thor {
namespace {

TEST(Utf8, TextStaysAndOtherBytesAreWrittenOut) {
  for (const std::string text : {"a.png", "M\u00fcller.png", "\u6f22 \U0001F600", ""}) {
    EXPECT_EQ(utf8_text(text), text);
    EXPECT_EQ(bytes_of_utf8_text(text), text);
  }
  EXPECT_EQ(utf8_text("M\xfcller.png"), "M\\xfcller.png");
  EXPECT_EQ(utf8_text("\xe2\x82"), "\\xe2\\x82");
}

TEST(Utf8, BytesComeBack) {
  for (const std::string bytes : {"M\xfcller.png", "\xff", "a\x80z\xc3\xa9", "\xed\xa0\x80"})
    EXPECT_EQ(bytes_of_utf8_text(utf8_text(bytes)), bytes);
  EXPECT_EQ(bytes_of_utf8_text("a\\x41 \\xg0 \\x"), "a\\x41 \\xg0 \\x");
}

TEST(Utf8, JsonTakesAnyBytes) {
  const nlohmann::json json{{"name", "M\xfcller"}, {"list", {1, "\xff"}}, {"\xfe", nullptr}};
  EXPECT_EQ(nlohmann::json::parse(dump_json(json)),
            nlohmann::json({{"name", "M\\xfcller"}, {"list", {1, "\\xff"}}, {"\\xfe", nullptr}}));
  EXPECT_EQ(dump_json({{"a", {1, 2}}}), "{\"a\":[1,2]}");
}

}  // namespace
}  // namespace thor
