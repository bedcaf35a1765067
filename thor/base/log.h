// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>

namespace thor {

/// Where the library's messages go. The library itself never prints: without a sink they are dropped.
/// `cli/main.cpp` installs sinks that write to standard error.
enum class LogLevel { Debug, Info, Warning };
void set_log_sink(std::function<void(LogLevel, const std::string&)> sink);
void log_message(LogLevel level, const std::string& text);
/// The same, but a given text is said only once per process.
void log_once(LogLevel level, const std::string& text);

template <class... A>
void info(fmt::format_string<A...> text, A&&... a) {
  log_message(LogLevel::Info, fmt::format(text, std::forward<A>(a)...));
}
template <class... A>
void warn(fmt::format_string<A...> text, A&&... a) {
  log_message(LogLevel::Warning, fmt::format(text, std::forward<A>(a)...));
}

/// How far a long piece of work is.
struct ProgressState {
  std::string task;  ///< "training", "detecting sub-017"
  int64_t done = 0, total = 0;
  double seconds = 0;  ///< since the start
  double seconds_left = 0;
  std::string note;  ///< e.g. "loss 0.0123"
  bool finished = false;
};
void set_progress_sink(std::function<void(const ProgressState&)> sink);

/// Reports the progress of one task to the sink; say it as often as you like, the sink decides what to draw.
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
  ProgressState state_;
  int64_t first_;
  double at_most_seconds_;
  std::chrono::steady_clock::time_point start_;
};

/// True once the user has asked to stop (Ctrl-C); long loops look at it and leave cleanly.
bool interrupted();
/// Called by the signal handler; async-signal-safe.
void request_interrupt();

/// Thrown out of a deep loop when the user has asked to stop. Not an Error: nothing went wrong; whoever owns the
/// outer loop catches it and leaves with what is finished.
struct Interrupted : std::exception {
  const char* what() const noexcept override { return "interrupted"; }
};
inline void throw_if_interrupted() {
  if (interrupted()) throw Interrupted();
}

}  // namespace thor
