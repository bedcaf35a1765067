// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "thor/base/run_context.h"

namespace thor {

/// Messages go to the current context of the thread; the library itself never prints.
void log_message(LogLevel level, const std::string& text);
/// The same, but a given text is said only once per context.
void log_once(LogLevel level, const std::string& text);

template <class... A>
void info(fmt::format_string<A...> text, A&&... a) {
  log_message(LogLevel::Info, fmt::format(text, std::forward<A>(a)...));
}
template <class... A>
void warn(fmt::format_string<A...> text, A&&... a) {
  log_message(LogLevel::Warning, fmt::format(text, std::forward<A>(a)...));
}

/// Reports the progress of one task to the context in which it was made; say it as often as you like, the sink decides
/// what to draw. For one thread at a time, which may be another than the one that made it.
class Progress {
 public:
  /// `at_most_seconds` > 0: the work ends after that time even if `total` is not reached.
  Progress(std::string task, int64_t total, int64_t already_done = 0, double at_most_seconds = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void advance(int64_t steps = 1, std::string note = {});
  /// There turned out to be more to do than was said at the beginning, or, below 0, less.
  void extend(int64_t steps) { state_.total += steps; }

 private:
  void report(bool finished);
  RunContext* context_;
  ProgressState state_;
  int64_t first_;
  double at_most_seconds_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace thor
