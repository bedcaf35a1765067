// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "thor/base/error.h"
#include "thor/base/run_context.h"
#include "thor/base/version.h"
#include "thor/cli/command_line.h"
#include "thor/cli/console.h"
#include "thor/cli/flags.h"
#include "thor/cli/reference.h"

namespace {

int say_error(const std::string& text, int code) {
  fmt::print(stderr, "thor: error: {}\n", text.substr(0, text.find('\n')));
  return code;
}

int out_of_memory() {
  return say_error("out of memory: use a smaller --batch, smaller images or a smaller network", 1);
}

int run_program(const std::vector<std::string>& words) {
  const thor::Invocation call = thor::parse_command_line(words);
  int code = 0;
  if (call.version) {
    fmt::print("thor {}\n", thor::version());
  } else if (call.command.name.empty() && !call.reference) {
    fmt::print("{}", thor::overview_text());
    code = call.help ? 0 : 2;
  } else if (call.reference) {
    fmt::print("{}", thor::reference_text());
  } else if (call.help) {
    fmt::print("{}", thor::help_text(call.command));
  } else {
    thor::prepare_process();
    thor::RunContext context = thor::console_context(call.quiet);
    const thor::StopOnSignals signals(context);
    const thor::RunScope scope(&context);
    code = call.command.run();
    if (code == 0 && context.stop_requested()) code = thor::kExitInterrupted;
  }
  // Results that did not reach a full disk are an error, not a success.
  if (std::fflush(stdout) != 0) thor::fail_input("cannot write the results to standard output");
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run_program({argv + 1, argv + argc});
  } catch (const thor::Error& error) {
    return say_error(thor::with_flags(error.what()), thor::exit_code(error.kind()));
  } catch (const thor::Interrupted&) {
    return thor::kExitInterrupted;
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  } catch (const std::exception& error) {
    const std::string text = error.what();  // libtorch reports a refused allocation as an ordinary error
    if (text.find("allocate memory") != std::string::npos || text.find("out of memory") != std::string::npos)
      return out_of_memory();
    return say_error("internal: " + text, thor::exit_code(thor::ErrorKind::Internal));
  }
}
