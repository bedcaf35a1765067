// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace thor {

/// Exit code after Ctrl-C: what was finished is whole.
inline constexpr int kExitInterrupted = 130;

/// Where the value of an option goes; its type says what the option takes. A bool is a switch.
using OptionTarget = std::variant<bool*, int64_t*, uint64_t*, double*, std::string*, std::vector<std::string>*>;

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

/// One command, declared in one place: parsing, `--help` and the tests of the examples all come from this.
struct Command {
  std::string name, synopsis, description;
  std::vector<Example> examples;
  std::vector<Option> options;
  std::function<int()> run;  ///< called once the options are filled; returns the exit code
};

/// Fresh declarations of all commands, in the order of a user's work.
std::vector<Command> commands();

Command phantom_command();
Command paint_command();
Command sample_command();
Command simulate_command();
Command prepare_command();
Command train_command();
Command pack_command();
Command combine_command();
Command calibrate_command();
Command detect_command();
Command diagnose_command();
Command evaluate_command();
Command localize_command();
Command import_command();
Command info_command();
Command doctor_command();
Command demo_command();
Command benchmark_command();
Command ablate_command();
Command curves_command();

// Options that several commands have.
Option set_option(std::vector<std::string>& sets, const std::string& keys);
Option detector_option(std::string& name);
Option member_option(std::string& name);
Option seed_option(uint64_t& seed);
Option device_option(std::string& device);
Option batch_option(int64_t& images);
Option precision_option(std::string& precision);
Option lpips_option(std::string& file);
Option json_option(bool& json);

/// What `--fast` and `--seeds` say: short for settings of the detector.
struct SpeedOptions {
  bool fast = false;
  int64_t seeds = 0;  ///< 0 = not given
  /// In front of `sets`, so that these still win.
  void add_to(std::vector<std::string>& sets) const;
};
Option fast_option(SpeedOptions& speed);
Option seeds_option(SpeedOptions& speed);

}  // namespace thor
