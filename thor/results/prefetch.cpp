// SPDX-License-Identifier: Apache-2.0
#include "thor/results/prefetch.h"

#include "thor/base/run_context.h"

namespace thor {

Prefetch::Prefetch(size_t count, Reader read, const Limits& limits)
    : count_(count), read_(std::move(read)), limits_(limits), thread_(in_current_context([this] { read_all(); })) {}

Prefetch::~Prefetch() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

// Whoever waits for a case gets it, however much memory is in use: what he holds may wait for just this case.
bool Prefetch::may_read() const {
  return (waited_for_ && ready_.empty()) || (ready_.size() < limits_.at_most && bytes_ < limits_.max_bytes);
}

void Prefetch::read_all() {
  for (size_t index = 0; index < count_; ++index) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return stopped_ || may_read(); });
      if (stopped_) return;
    }
    Read read;
    try {
      read.one = read_(index);
    } catch (...) {
      read.error = std::current_exception();
    }
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (read.one) bytes_ += read.one->bytes();
      ready_.push_back(std::move(read));
    }
    changed_.notify_all();
  }
}

std::unique_ptr<ExaminedCase> Prefetch::next() {
  std::unique_lock<std::mutex> lock(mutex_);
  waited_for_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !ready_.empty(); });
  waited_for_ = false;
  Read read = std::move(ready_.front());
  ready_.pop_front();
  lock.unlock();
  changed_.notify_all();
  if (read.error) std::rethrow_exception(read.error);
  return std::move(read.one);
}

void Prefetch::release(uint64_t bytes) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    bytes_ -= bytes;
  }
  changed_.notify_all();
}

}  // namespace thor
