// SPDX-License-Identifier: Apache-2.0
#include "thor/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "thor/base/error.h"

namespace thor {
namespace {

using testing::HasSubstr;

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

struct Refusal {
  ErrorKind kind;
  std::string text;
};
/// The error that the line gives; fails the test when it gives none.
Refusal refusal(const std::string& line) {
  try {
    parse_command_line(words_of(line));
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  }
  ADD_FAILURE() << "accepted: " << line;
  return {ErrorKind::Internal, ""};
}

/// A command of its own, so that the test sees where the values go.
struct Probe {
  std::string text, chosen;
  std::vector<std::string> files, sets;
  int64_t count = 0;
  uint64_t seed = 0;
  bool flag = false;
  Command command{"probe",
                  "s",
                  "d",
                  {},
                  {{"FILE", "", "h", &files, true},
                   {"-o,--out", "OUT", "h", &text, true},
                   {"--set", "K=V", "h", &sets},
                   {"--count", "N", "h", &count},
                   {"--seed", "N", "h", &seed},
                   {"--kind", "K", "h", &chosen, false, {"unet", "lpips"}},
                   {"--json", "", "h", &flag}},
                  [] { return 0; }};
  Invocation parse(const std::string& line) {
    Invocation call;
    parse_options(command, call, words_of(line));
    return call;
  }
  std::string error_of(const std::string& line) {
    try {
      parse(line);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::Usage);
      return error.what();
    }
    return "accepted";
  }
};

TEST(CommandLine, FillsOptionsOfEveryType) {
  Probe p;
  p.parse("a.png b.png -o out --set x=1 --count -3 --seed 18446744073709551615 --set y=[1,2] --kind lpips --json");
  EXPECT_EQ(p.files, (std::vector<std::string>{"a.png", "b.png"}));
  EXPECT_EQ(p.text, "out");
  EXPECT_EQ(p.sets, (std::vector<std::string>{"x=1", "y=[1,2]"}));
  EXPECT_EQ(p.count, -3);
  EXPECT_EQ(p.seed, 18446744073709551615ull);
  EXPECT_EQ(p.chosen, "lpips");
  EXPECT_TRUE(p.flag);
}

TEST(CommandLine, LeavesPositionalsAfterARepeatedOptionAlone) {
  Probe p;
  p.parse("--set x=1 a.png --out out b.png");
  EXPECT_EQ(p.files, (std::vector<std::string>{"a.png", "b.png"}));
  EXPECT_EQ(p.sets, (std::vector<std::string>{"x=1"}));
}

TEST(CommandLine, TakesValuesAfterAnEqualsSign) {
  Probe p;
  p.parse("a.png --out=out --set=x=1");
  EXPECT_EQ(p.text, "out");
  EXPECT_EQ(p.sets, (std::vector<std::string>{"x=1"}));
}

TEST(CommandLine, TakesNamesThatLookLikeOptionsAfterTwoDashes) {
  Probe p;
  p.parse("--out out -- --odd.png");
  EXPECT_EQ(p.files, (std::vector<std::string>{"--odd.png"}));
}

TEST(CommandLine, RefusesValuesOfAnotherType) {
  EXPECT_THAT(Probe().error_of("a -o b --count 3x"), HasSubstr("--count is '3x', expected a whole number"));
  EXPECT_THAT(Probe().error_of("a -o b --count 99999999999999999999"), HasSubstr("expected a whole number"));
  EXPECT_THAT(Probe().error_of("a -o b --seed -1"), HasSubstr("--seed is '-1'"));
  EXPECT_THAT(Probe().error_of("a -o b --kind lpisp"), HasSubstr("did you mean 'lpips'"));
}

TEST(CommandLine, RefusesWhatIsMissingOrGivenTwice) {
  EXPECT_THAT(Probe().error_of("a"), HasSubstr("--out"));
  EXPECT_THAT(Probe().error_of("-o b"), HasSubstr("FILE"));
  EXPECT_THAT(Probe().error_of("a -o"), HasSubstr("--out"));
  EXPECT_THAT(Probe().error_of("a -o b -o c"), HasSubstr("--out"));
}

TEST(CommandLine, NamesTheNearestOptionAndCommand) {
  EXPECT_THAT(Probe().error_of("a -o b --cuont 3"), HasSubstr("no option '--cuont'; did you mean '--count'?"));
  EXPECT_THAT(refusal("detetc x").text, HasSubstr("unknown command 'detetc'; did you mean 'detect'?"));
  EXPECT_THAT(refusal("--verison").text, HasSubstr("did you mean '--version'?"));
  EXPECT_EQ(refusal("info a b").kind, ErrorKind::Usage);
}

TEST(CommandLine, ShowsHelpWhateverElseIsMissing) {
  EXPECT_TRUE(parse_command_line({"detect", "--help"}).help);
  EXPECT_EQ(parse_command_line({"help", "detect"}).command.name, "detect");
  EXPECT_TRUE(parse_command_line({"--version"}).version);
}

TEST(Commands, DeclareEverythingThatTheirHelpShows) {
  for (const auto& command : commands()) {
    SCOPED_TRACE(command.name);
    EXPECT_GE(command.synopsis.size(), 10u);
    EXPECT_GE(command.description.size(), 40u);
    EXPECT_GE(command.examples.size(), 2u);
    EXPECT_TRUE(command.run);
    const std::string help = help_text(command);
    for (const auto& option : command.options) {
      EXPECT_THAT(help, HasSubstr(option.names));
      EXPECT_THAT(help, HasSubstr(option.help));
    }
    for (const auto& example : command.examples) EXPECT_THAT(help, HasSubstr(example.line));
    EXPECT_THAT(overview_text(), HasSubstr(command.synopsis));
  }
}

TEST(Commands, HaveExamplesThatAreAccepted) {
  for (const auto& command : commands())
    for (const auto& example : command.examples) {
      SCOPED_TRACE(example.line);
      Invocation call;
      EXPECT_NO_THROW(call = parse_command_line(words_of(example.line)));
      EXPECT_EQ(call.command.name, command.name);
    }
}

}  // namespace
}  // namespace thor
