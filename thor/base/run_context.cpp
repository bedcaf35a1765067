// SPDX-License-Identifier: Apache-2.0
#include "thor/base/run_context.h"

namespace thor {
namespace {

thread_local RunContext* current = nullptr;

}  // namespace

RunContext::RunContext(LogSink log, ProgressSink progress) : log_(std::move(log)), progress_(std::move(progress)) {}

void RunContext::log(LogLevel level, const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (log_) log_(level, text);
}

void RunContext::log_once(LogLevel level, const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (said_.insert(text).second && log_) log_(level, text);
}

void RunContext::show(const ProgressState& state) {
  const std::lock_guard lock(mutex_);
  if (progress_) progress_(state);
}

RunContext* current_context() { return current; }

RunScope::RunScope(RunContext* context) : before_(current) {
  if (context) current = context;
}

RunScope::~RunScope() { current = before_; }

bool interrupted() { return current && current->stop_requested(); }

}  // namespace thor
