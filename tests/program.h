// SPDX-License-Identifier: Apache-2.0
// Runs the program as a user would, through the shell, and looks at what comes back.
#pragma once
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support.h"

namespace thor::test {

inline std::string file_content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

struct Outcome {
  int code = -1;  ///< exit code; 128 + signal when it was killed
  std::string out, err;
};

/// Runs shell text in `folder`; "thor" at its start, or $THOR anywhere, is the program under test.
inline Outcome run_in(const std::string& folder, std::string line) {
  const std::string program = environment_or("THOR_PROGRAM", "thor");
  if (line.rfind("thor", 0) == 0) line.replace(0, 4, "\"$THOR\"");
  const std::string script = "cd '" + folder + "' && export THOR='" + program + "' THOR_HOME='" + folder +
                             "/home' && { " + line + "\n} > .out 2> .err < /dev/null";
  const int status = std::system(script.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), file_content(folder + "/.out"),
          file_content(folder + "/.err")};
}

}  // namespace thor::test
