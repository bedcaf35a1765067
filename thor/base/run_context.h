// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "thor/base/export.h"

namespace thor {

enum class LogLevel { Debug, Info, Warning };

/// How far a long piece of work is.
struct ProgressState {
  std::string task;  ///< "training", "detecting sub-017"
  int64_t done = 0, total = 0;
  double seconds = 0;  ///< since the start
  double seconds_left = 0;
  std::string note;  ///< e.g. "loss 0.0123"
  bool finished = false;
};

/// The surroundings of one job: where its messages and its progress go, and whether it has been asked to stop. The
/// functions of the library that work for long take one (`RunConfig::context` and its like) and make it the current
/// one of their thread; the threads that they start take it over. Without a context messages are dropped and nothing
/// stops. Two jobs of one process are followed and stopped apart when each has a context of its own. It outlives the
/// job. All calls may come from any thread; the sinks are called by one thread at a time.
class RunContext {
 public:
  using LogSink = std::function<void(LogLevel, const std::string&)>;
  using ProgressSink = std::function<void(const ProgressState&)>;
  /// A sink that is empty drops what it is given. Sinks must not throw and must not log.
  explicit RunContext(LogSink log = {}, ProgressSink progress = {});
  RunContext(const RunContext&) = delete;
  RunContext& operator=(const RunContext&) = delete;

  void log(LogLevel level, const std::string& text);
  /// Logs a given text only the first time.
  void log_once(LogLevel level, const std::string& text);
  void show(const ProgressState& state);
  /// Asks the job to stop; it does so soon and leaves whole files only. Async-signal-safe. There is no way back: the
  /// next job takes a new context.
  void request_stop() noexcept { stop_requested_.store(true); }
  bool stop_requested() const noexcept { return stop_requested_.load(); }

 private:
  std::atomic<bool> stop_requested_{false};
  static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");
  std::mutex mutex_;
  LogSink log_;
  ProgressSink progress_;
  std::set<std::string> said_;
};

/// The context of what the calling thread does; null where it has none.
RunContext* current_context();

/// Makes a context the current one of this thread until the end of the scope; null keeps the one that is current.
class RunScope {
 public:
  explicit RunScope(RunContext* context);
  ~RunScope();
  RunScope(const RunScope&) = delete;
  RunScope& operator=(const RunScope&) = delete;

 private:
  RunContext* before_;
};

/// `work` as another thread is to run it: in the context that is current where this is called.
template <class F>
auto in_current_context(F work) {
  return [context = current_context(), work = std::move(work)](auto&&... arguments) {
    const RunScope scope(context);
    return work(std::forward<decltype(arguments)>(arguments)...);
  };
}

/// Thrown out of a deep loop once the job has been asked to stop. Not an Error: nothing went wrong; whoever owns the
/// outer loop catches it and leaves with what is finished.
struct THOR_EXPORT Interrupted : std::exception {
  const char* what() const noexcept override { return "interrupted"; }
};
/// True once the current job has been asked to stop; long loops look at it and leave cleanly.
bool interrupted();
inline void throw_if_interrupted() {
  if (interrupted()) throw Interrupted();
}

}  // namespace thor
