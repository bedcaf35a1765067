// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/cli/command.h"

namespace thor {

/// A command line, understood: which command with its options filled in, or which help text was asked for.
struct Invocation {
  Command command;  ///< empty for the overview and the version
  bool help = false, version = false, quiet = false;
  bool reference = false;  ///< the page of all commands and configs, `thor help --markdown`
};

/// Reads a command line (without the program's name). Throws Usage: unknown command or option with the nearest
/// name, missing or malformed values.
Invocation parse_command_line(const std::vector<std::string>& words);

/// The words after the command's name into its options, and into `call`.
void parse_options(const Command& command, Invocation& call, std::vector<std::string> words);

/// What `thor --help` and `thor COMMAND --help` print.
std::string overview_text();
std::string help_text(const Command& command);

}  // namespace thor
