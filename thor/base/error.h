// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "thor/base/export.h"

namespace thor {

/// The cause of an error. It decides the exit code (see exit_code).
enum class ErrorKind {
  Usage,        ///< the command line or the config asks for something that does not exist: exit 2
  Input,        ///< a file or its content is not what it should be: exit 1
  Unsupported,  ///< valid, but not something this program does: exit 1
  Internal,     ///< a defect of this program: exit 70
};

/// The one exception of the library. Its message says what is wrong, which thing, what was expected and what to do;
/// a catcher that knows more adds a line with `while_doing` and rethrows.
class THOR_EXPORT Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, std::string message);

  ErrorKind kind() const { return kind_; }
  /// "<cause> (while <inner>, while <outer>)", always one line.
  const char* what() const noexcept override { return story_.c_str(); }
  /// Adds the current activity, e.g. "reading sub-017.nii.gz"; the deepest cause stays first.
  void while_doing(const std::string& activity);

 private:
  ErrorKind kind_;
  std::string cause_, context_, story_;
};

/// Process exit code of an error kind: Usage 2, Input 1, Unsupported 1, Internal 70.
int exit_code(ErrorKind kind);

/// Exit code when some items of many failed and the rest was finished.
inline constexpr int kExitSomeFailed = 3;

template <class... A>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<A...> text, A&&... arguments) {
  throw Error(kind, fmt::format(text, std::forward<A>(arguments)...));
}
template <class... A>
[[noreturn]] void fail_usage(fmt::format_string<A...> text, A&&... arguments) {
  throw Error(ErrorKind::Usage, fmt::format(text, std::forward<A>(arguments)...));
}
template <class... A>
[[noreturn]] void fail_input(fmt::format_string<A...> text, A&&... arguments) {
  throw Error(ErrorKind::Input, fmt::format(text, std::forward<A>(arguments)...));
}

/// Runs `work` and adds `activity` to every Error that leaves it.
template <class F>
auto with_context(const std::string& activity, F&& work) {
  try {
    return work();
  } catch (Error& error) {
    error.while_doing(activity);
    throw;
  }
}

}  // namespace thor
