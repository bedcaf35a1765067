// SPDX-License-Identifier: Apache-2.0
#include "thor/base/log.h"

#include <algorithm>

namespace thor {

void log_message(LogLevel level, const std::string& text) {
  if (RunContext* context = current_context()) context->log(level, text);
}

void log_once(LogLevel level, const std::string& text) {
  if (RunContext* context = current_context()) context->log_once(level, text);
}

Progress::Progress(std::string task, int64_t total, int64_t already_done, double at_most_seconds)
    : context_(current_context()),
      first_(already_done),
      at_most_seconds_(at_most_seconds),
      start_(std::chrono::steady_clock::now()) {
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
  if (!context_) return;
  state_.finished = finished;
  state_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const int64_t here = state_.done - first_;
  state_.seconds_left = here > 0 ? state_.seconds / here * (state_.total - state_.done) : 0;
  if (at_most_seconds_ > 0)
    state_.seconds_left = std::min(state_.seconds_left, std::max(0.0, at_most_seconds_ - state_.seconds));
  context_->show(state_);
}

}  // namespace thor
