// SPDX-License-Identifier: Apache-2.0
#include "thor/cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>

#include "thor/base/config.h"
#include "thor/base/error.h"

namespace thor {
namespace {

bool is_positional(const Option& option) { return option.names[0] != '-'; }

/// "-o,--out" -> "--out".
std::string long_name(const Option& option) { return option.names.substr(option.names.rfind(',') + 1); }

[[noreturn]] void refuse(const Option& option, const std::string& text, const std::string& expected) {
  fail_usage("{} is '{}', expected {}", long_name(option), text, expected);
}

/// The whole of `text` as a number; `read` is strtoll and its relatives.
template <class F>
auto number(const Option& option, const std::string& text, const std::string& expected, F&& read) {
  char* end = nullptr;
  errno = 0;
  const auto value = read(text.c_str(), &end);
  if (text.empty() || *end || errno != 0) refuse(option, text, expected);
  return value;
}

struct Assign {
  const Option& option;
  const std::vector<std::string>& words;

  void operator()(bool* target) const { *target = true; }
  void operator()(int64_t* target) const {
    *target = number(option, words[0], "a whole number", [](auto s, auto e) { return std::strtoll(s, e, 10); });
  }
  void operator()(uint64_t* target) const {
    const std::string expected = "a whole number, 0 or more";
    if (words[0].find('-') != std::string::npos) refuse(option, words[0], expected);
    *target = number(option, words[0], expected, [](auto s, auto e) { return std::strtoull(s, e, 10); });
  }
  void operator()(double* target) const {
    *target = number(option, words[0], "a number", [](auto s, auto e) { return std::strtod(s, e); });
    if (!std::isfinite(*target)) refuse(option, words[0], "a finite number");
  }
  void operator()(std::string* target) const { *target = word(); }
  void operator()(const Choice& target) const { target.set(word()); }
  void operator()(std::vector<std::string>* target) const { *target = words; }

 private:
  const std::string& word() const {
    if (words[0].empty()) refuse(option, words[0], "a value that is not empty");
    const auto& choices = option.choices;
    if (!choices.empty() && std::find(choices.begin(), choices.end(), words[0]) == choices.end())
      fail_usage("{} is '{}', expected one of: {}{}", long_name(option), words[0], fmt::join(choices, ", "),
                 did_you_mean(words[0], choices));
    return words[0];
  }
};

void declare(CLI::App& app, const Option& option) {
  if (bool* const* flag = std::get_if<bool*>(&option.target)) {
    app.add_flag(option.names, **flag);
    return;
  }
  const auto take = [&option](const CLI::results_t& words) {
    std::visit(Assign{option, words}, option.target);
    return true;
  };
  CLI::Option* added = app.add_option(option.names, take)->required(option.required);
  if (std::holds_alternative<std::vector<std::string>*>(option.target)) {
    added->expected(1, CLI::detail::expected_max_vector_size)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    // "--set a=1 FILE": an option takes one word each time, a positional takes all that are left.
    added->allow_extra_args(is_positional(option));
  }
}

std::vector<std::string> option_names(const Command& command) {
  std::vector<std::string> names{"--help", "--quiet"};
  for (const auto& option : command.options)
    if (!is_positional(option)) names.push_back(long_name(option));
  return names;
}

/// "--sed=3" -> "--sed".
std::string without_value(const std::string& word) { return word.substr(0, word.find('=')); }

void refuse_leftovers(const Command& command, const CLI::App& app) {
  for (const auto& word : app.remaining()) {
    if (word == "--") continue;
    if (word[0] == '-')
      fail_usage("thor {} has no option '{}'{} (see 'thor {} --help')", command.name, without_value(word),
                 did_you_mean(without_value(word), option_names(command)), command.name);
    fail_usage("thor {} does not expect '{}' (see 'thor {} --help')", command.name, word, command.name);
  }
}

/// The names that commands had in earlier versions.
constexpr std::pair<const char*, const char*> kRenamed[] = {{"localize", "evaluate boxes"},
                                                            {"phantom", "synthesize phantom"},
                                                            {"paint", "synthesize paint"},
                                                            {"simulate", "synthesize simulate"},
                                                            {"sample", "synthesize sample"}};

/// The second words of all commands that begin with `first`: of "synthesize" phantom, paint, simulate and sample.
std::vector<std::string> second_words(const std::vector<Command>& all, const std::string& first) {
  std::vector<std::string> seconds;
  for (const Command& command : all)
    if (command.name.rfind(first + " ", 0) == 0) seconds.push_back(command.name.substr(first.size() + 1));
  return seconds;
}

[[noreturn]] void refuse_command(const std::vector<Command>& all, const std::string& name) {
  if (name[0] == '-') fail_usage("thor has no option '{}'{}", name, did_you_mean(name, {"--help", "--version"}));
  for (const auto& [old, now] : kRenamed)
    if (name == old) fail_usage("'thor {}' is now 'thor {}' (see 'thor {} --help')", old, now, now);
  if (const auto seconds = second_words(all, name); !seconds.empty())
    fail_usage("thor {} is followed by one of: {} (see 'thor --help')", name, fmt::join(seconds, ", "));
  std::vector<std::string> names;
  for (const Command& command : all) names.push_back(command.name);
  fail_usage("unknown command '{}'{} (see 'thor --help')", name, did_you_mean(name, names));
}

/// The command that the first of `words` name, and how many of them its name takes; of "evaluate" and "evaluate boxes"
/// the longer one where both fit. Null where no command fits.
std::pair<const Command*, int> find_command(const std::vector<Command>& all, const std::vector<std::string>& words) {
  for (const int count : {2, 1}) {
    if (static_cast<size_t>(count) > words.size()) continue;
    const std::string name = count == 2 ? words[0] + " " + words[1] : words[0];
    for (const Command& command : all)
      if (command.name == name) return {&command, count};
  }
  return {nullptr, 0};
}

constexpr std::pair<CommandGroup, const char*> kGroups[] = {
    {CommandGroup::Use, "use a model"}, {CommandGroup::Build, "build a model"}, {CommandGroup::Study, "study methods"}};

}  // namespace

void parse_options(const Command& command, Invocation& call, std::vector<std::string> words) {
  CLI::App app;
  app.set_help_flag();
  app.add_flag("-h,--help", call.help);
  app.add_flag("-q,--quiet", call.quiet);
  for (const auto& option : command.options) declare(app, option);
  app.allow_extras();
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    // Asking for help must work whatever else is missing; a misspelt option is likely why something is missing.
    if (app.get_option("--help")->count() > 0) call.help = true;
    refuse_leftovers(command, app);
    if (!call.help) fail_usage("{} (see 'thor {} --help')", error.what(), command.name);
  }
  refuse_leftovers(command, app);
}

Invocation parse_command_line(const std::vector<std::string>& words) {
  Invocation call;
  if (words.empty()) return call;
  const auto asks_for_help = [](const std::string& word) { return word == "--help" || word == "-h"; };
  call.version = words[0] == "--version";
  call.help = asks_for_help(words[0]) || words[0] == "help";
  call.reference = words.size() == 2 && words[0] == "help" && words[1] == "--markdown";
  if (call.version || call.reference || (call.help && words.size() == 1)) return call;

  const std::vector<std::string> named(words.begin() + (call.help ? 1 : 0), words.end());
  const std::vector<Command> all = commands();
  const auto [command, taken] = find_command(all, named);
  if (!command) {
    call.help = named.size() == 2 && asks_for_help(named[1]) && !second_words(all, named[0]).empty();
    if (call.help) return call;
    refuse_command(all, named[0]);
  }
  call.command = *command;
  if (!call.help) parse_options(call.command, call, {named.begin() + taken, named.end()});
  return call;
}

std::string overview_text() {
  std::string text =
      "thor finds anomalies in medical images with a diffusion model of healthy ones.\n\n"
      "usage: thor COMMAND ...        thor COMMAND --help        thor --version\n";
  for (const auto& [group, title] : kGroups) {
    text += fmt::format("\n{}:\n", title);
    for (const auto& command : commands())
      if (command.group == group) text += fmt::format("  {:<20} {}\n", command.name, command.synopsis);
  }
  return text +
         "\nFlags say where (files, device, seed); every parameter is in the config file and in --set key=value.\n"
         "Exit codes: 0 done, 1 bad input, 2 bad command line or config, 3 some inputs failed, 70 a bug,\n"
         "130 interrupted.\n";
}

std::string help_text(const Command& command) {
  std::string usage = "usage: thor " + command.name;
  for (const auto& option : command.options) {
    const bool several = std::holds_alternative<std::vector<std::string>*>(option.target);
    std::string part = is_positional(option) ? option.names : long_name(option);
    if (!option.value.empty()) part += " " + option.value;
    if (several) part += is_positional(option) ? "..." : " ...";
    usage += option.required ? " " + part : " [" + part + "]";
  }
  std::string text =
      fmt::format("thor {}: {}\n\n{}\n\n{}\n\n", command.name, command.synopsis, usage, command.description);
  const auto row = [&](const std::string& left, const std::string& help) {
    text += fmt::format("  {:<24} {}\n", left, help);
  };
  for (const auto& option : command.options) {
    std::string help = option.help;
    if (!option.choices.empty()) help += fmt::format(" ({})", fmt::join(option.choices, " | "));
    row(option.value.empty() ? option.names : option.names + " " + option.value, help);
  }
  row("-q,--quiet", "warnings only, no progress");
  row("-h,--help", "this text");
  text += "\nexamples:\n";
  for (const auto& example : command.examples)
    text += fmt::format("  {}:\n    thor {}\n", example.purpose, example.line);
  return text;
}

}  // namespace thor
