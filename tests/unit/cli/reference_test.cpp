// SPDX-License-Identifier: Apache-2.0
#include "thor/cli/reference.h"

#include <gmock/gmock.h>

#include "thor/base/file.h"
#include "thor/cli/command_line.h"
#include "thor/cli/flags.h"

namespace thor {
namespace {

using ::testing::HasSubstr;

TEST(Reference, PageOfTheDocumentsIsWhatTheProgramSays) {
  EXPECT_TRUE(read_text_file(THOR_SOURCE_DIR "/docs/reference.md", 1 << 22) == reference_text())
      << "docs/reference.md differs from the declared commands and configs; make it again with\n"
         "  build/release/thor help --markdown > docs/reference.md";
}

TEST(Reference, IsAskedForByHelpInMarkdown) {
  EXPECT_TRUE(parse_command_line({"help", "--markdown"}).reference);
  EXPECT_FALSE(parse_command_line({"help", "detect"}).reference);
}

TEST(Reference, SaysTypeDefaultAndRangeOfAKey) {
  const std::string text = reference_text();
  EXPECT_THAT(text, HasSubstr("| `train.batch` | whole number | `16` | 1 to 65536 | images per optimizer step |\n"));
  EXPECT_THAT(text, HasSubstr("| `noise.kind` | text | `gaussian` | gaussian, simplex |"));
  EXPECT_THAT(text, HasSubstr("### thor detect\n"));
}

TEST(Flags, SettingsOfMessagesBecomeTheProgramsOptions) {
  EXPECT_EQ(with_flags("choose one with `frame`"), "choose one with --frame");
  EXPECT_EQ(with_flags("`start_image` and `sample.start_step=9` or less"),
            "--start-image and --set sample.start_step=9 or less");
}

TEST(Flags, WhatIsNoSettingStaysAsItIs) {
  for (const char* text : {"made by `thor prepare`", "a `b` c", "one ` alone", "", "`x=1`"})
    EXPECT_EQ(with_flags(text), text);
}

}  // namespace
}  // namespace thor
