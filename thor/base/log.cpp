// SPDX-License-Identifier: Apache-2.0
#include "thor/base/log.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

namespace thor {
namespace {

std::mutex mutex;
std::function<void(LogLevel, const std::string&)> log_sink;
std::function<void(const ProgressState&)> progress_sink;
std::set<std::string> said;
std::atomic<bool> stop_requested{false};

}  // namespace

void set_log_sink(std::function<void(LogLevel, const std::string&)> sink) {
  const std::lock_guard lock(mutex);
  log_sink = std::move(sink);
}

void log_message(LogLevel level, const std::string& text) {
  const std::lock_guard lock(mutex);
  if (log_sink) log_sink(level, text);
}

void log_once(LogLevel level, const std::string& text) {
  {
    const std::lock_guard lock(mutex);
    if (!said.insert(text).second) return;
  }
  log_message(level, text);
}

void set_progress_sink(std::function<void(const ProgressState&)> sink) {
  const std::lock_guard lock(mutex);
  progress_sink = std::move(sink);
}

Progress::Progress(std::string task, int64_t total, int64_t already_done, double at_most_seconds)
    : first_(already_done), at_most_seconds_(at_most_seconds), start_(std::chrono::steady_clock::now()) {
  state_.task = std::move(task);
  state_.done = already_done;
  state_.total = total;
  report(false);
}

Progress::~Progress() { report(true); }

void Progress::advance(int64_t steps, std::string note) {
  state_.done += steps;
  if (!note.empty()) state_.note = std::move(note);
  report(false);
}

void Progress::report(bool finished) {
  state_.finished = finished;
  state_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const int64_t here = state_.done - first_;
  state_.seconds_left = here > 0 ? state_.seconds / here * (state_.total - state_.done) : 0;
  if (at_most_seconds_ > 0)
    state_.seconds_left = std::min(state_.seconds_left, std::max(0.0, at_most_seconds_ - state_.seconds));
  const std::lock_guard lock(mutex);
  if (progress_sink) progress_sink(state_);
}

bool interrupted() { return stop_requested.load(); }
void request_interrupt() { stop_requested.store(true); }

}  // namespace thor
