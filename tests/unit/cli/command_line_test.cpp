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
                  CommandGroup::Use,
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

TEST(CommandLine, TakesTheLongestNameOfACommandThatFits) {
  EXPECT_EQ(parse_command_line(words_of("evaluate --maps m --truth t.csv")).command.name, "evaluate");
  EXPECT_EQ(parse_command_line(words_of("evaluate boxes --maps m --truth b --healthy h")).command.name,
            "evaluate boxes");
  EXPECT_EQ(parse_command_line(words_of("help synthesize paint")).command.name, "synthesize paint");
}

TEST(CommandLine, SaysWhatFollowsTheFirstWordOfAName) {
  EXPECT_THAT(refusal("synthesize").text,
              HasSubstr("thor synthesize is followed by one of: phantom, paint, simulate, sample"));
  EXPECT_THAT(refusal("synthesize brains").text, HasSubstr("followed by one of: phantom"));
  const Invocation call = parse_command_line({"synthesize", "--help"});
  EXPECT_TRUE(call.help);
  EXPECT_EQ(call.command.name, "");  // the overview
}

TEST(CommandLine, NamesTheCommandThatReplacedAnOlderOne) {
  EXPECT_EQ(refusal("localize --maps m").text,
            "'thor localize' is now 'thor evaluate boxes' (see 'thor evaluate boxes --help')");
  for (const char* old : {"phantom", "paint", "simulate", "sample"})
    EXPECT_THAT(refusal(old).text, HasSubstr("is now 'thor synthesize " + std::string(old) + "'"));
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

TEST(Commands, AreListedUnderTheirGroupsEachOnce) {
  const std::string text = overview_text();
  const size_t use = text.find("\nuse a model:"), build = text.find("\nbuild a model:"),
               study = text.find("\nstudy methods:"), end = text.find("\nFlags say where");
  ASSERT_LT(use, build);
  ASSERT_LT(build, study);
  ASSERT_LT(study, end);
  ASSERT_NE(end, std::string::npos);
  for (const auto& command : commands()) {
    SCOPED_TRACE(command.name);
    const size_t at = text.find("\n  " + command.name + "  ");
    const size_t from = command.group == CommandGroup::Use ? use : command.group == CommandGroup::Build ? build : study;
    EXPECT_GT(at, from);
    EXPECT_LT(at, command.group == CommandGroup::Use ? build : command.group == CommandGroup::Build ? study : end);
    EXPECT_EQ(text.find("\n  " + command.name + "  ", at + 1), std::string::npos);
  }
}

TEST(Speed, IsATimeOrANameThatGoesInFrontOfOtherSettings) {
  EXPECT_TRUE(is_time("10s"));
  EXPECT_TRUE(is_time(".5s"));
  EXPECT_FALSE(is_time("fast"));
  EXPECT_FALSE(is_time(""));
  std::vector<std::string> sets{"detector.seeds=1"};
  add_speed(sets, "");
  EXPECT_EQ(sets, (std::vector<std::string>{"detector.seeds=1"}));
  add_speed(sets, "fast");
  EXPECT_EQ(sets, (std::vector<std::string>{"detector.speed=fast", "detector.seeds=1"}));
}

// What is calibrated or diagnosed must be the same on any machine.
TEST(Speed, IsNoTimeWhereSettingsMustNotDependOnTheMachine) {
  std::vector<std::string> sets;
  try {
    add_speed(sets, "10s");
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Usage);
    EXPECT_THAT(error.what(), HasSubstr("--speed is '10s', expected a name, full or fast"));
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
