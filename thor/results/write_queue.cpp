// SPDX-License-Identifier: Apache-2.0
#include "thor/results/write_queue.h"

#include <utility>

#include "thor/base/run_context.h"

namespace thor {
namespace {

constexpr size_t kMaxWaiting = 16;
constexpr uint64_t kMaxWaitingToBeWritten = uint64_t{64} << 20;  // bytes

}  // namespace

WriteQueue::WriteQueue(std::function<void(uint64_t)> written)
    : written_(std::move(written)), thread_(in_current_context([this] { write_all(); })) {}

WriteQueue::~WriteQueue() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void WriteQueue::write(std::unique_ptr<ExaminedCase> one) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] {
    return waiting_.size() < kMaxWaiting && (waiting_.empty() || waiting_bytes_ < kMaxWaitingToBeWritten);
  });
  rethrow();
  waiting_bytes_ += one->bytes();
  waiting_.push_back(std::move(one));
  changed_.notify_all();
}

void WriteQueue::finish() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return idle(); });
  rethrow();
}

std::vector<CaseOutput> WriteQueue::outputs() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return idle(); });
  return std::exchange(outputs_, {});
}

void WriteQueue::rethrow() {
  if (error_) std::rethrow_exception(error_);
}

void WriteQueue::write_all() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::unique_ptr<ExaminedCase> one = std::move(waiting_.front());
    waiting_.pop_front();
    const uint64_t bytes = one->bytes();
    waiting_bytes_ -= bytes;
    writing_ = true;
    const bool failed = error_ != nullptr;  // nothing follows a failure, as where cases are written at once
    lock.unlock();
    std::vector<CaseOutput> output;
    std::exception_ptr error;
    try {
      if (!failed) output.push_back(one->write());
    } catch (...) {
      error = std::current_exception();
    }
    one.reset();
    written_(bytes);
    lock.lock();
    writing_ = false;
    if (error) error_ = error;
    for (CaseOutput& written : output) outputs_.push_back(std::move(written));
    changed_.notify_all();
  }
}

}  // namespace thor
