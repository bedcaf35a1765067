// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "thor/base/config.h"
#include "thor/pipeline/model.h"

namespace thor {

/// Exit code after Ctrl-C: what was finished is whole.
inline constexpr int kExitInterrupted = 130;

/// Where the value of an option goes; its type says what the option takes. A bool is a switch.
using OptionTarget = std::variant<bool*, int64_t*, uint64_t*, double*, std::string*, std::vector<std::string>*, Choice>;

/// One option ("--seed", or "-o,--out") or, without dashes, one positional argument ("MODEL").
struct Option {
  std::string names;
  std::string value;  ///< what stands for the value in the help, "" for switches and positionals
  std::string help;
  OptionTarget target;
  bool required = false;
  std::vector<std::string> choices = {};  ///< for text; empty = anything
};

/// A command line as a user would type it (without the program's name), and what it does.
struct Example {
  std::string line, purpose;
};

/// The section of `thor --help` that lists a command.
enum class CommandGroup { Use, Build, Study };

/// One command, declared in one place: parsing, `--help` and the tests of the examples all come from this.
struct Command {
  std::string name;  ///< one word ("detect") or two ("synthesize phantom")
  CommandGroup group = CommandGroup::Use;
  std::string synopsis, description;
  std::vector<Example> examples;
  std::vector<Option> options;
  std::function<int()> run;  ///< called once the options are filled; returns the exit code
};

/// Fresh declarations of all commands, by group, in the order of a user's work.
std::vector<Command> commands();

Command detect_command();
Command calibrate_command();
Command info_command();
Command doctor_command();
Command demo_command();
Command prepare_command();
Command train_command();
Command curves_command();
Command import_command();
Command pack_command();
Command combine_command();
Command evaluate_command();
Command evaluate_boxes_command();
Command evaluate_rates_command();
Command diagnose_command();
Command benchmark_command();
Command ablate_command();
Command synthesize_phantom_command();
Command synthesize_paint_command();
Command synthesize_simulate_command();
Command synthesize_sample_command();

// Options that several commands have.
Option set_option(std::vector<std::string>& sets, const std::string& keys);
Option detector_option(std::string& name);
Option member_option(std::string& name);
Option seed_option(uint64_t& seed);
Option device_option(std::string& device);
Option batch_option(int64_t& images);
Option precision_option(Precision& precision);
Option lpips_option(std::string& file);
Option json_option(bool& json);

/// `--speed` of a command whose settings must not depend on the machine: a name ("fast"), not a time.
Option speed_option(std::string& speed);
/// True where `--speed` gives a time for one image ("10s") and not the name of settings ("fast").
bool is_time(const std::string& speed);
/// Puts a named speed in front of `sets`, so that these still win; "" adds nothing. Throws Usage for a time.
void add_speed(std::vector<std::string>& sets, const std::string& speed);

}  // namespace thor
