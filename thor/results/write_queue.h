// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "thor/results/result_case.h"

namespace thor {

/// Writes cases while those after them are examined, one by one in the order in which they come.
/// Its functions are called by one thread; the cases are written on a thread of its own, in the context of the thread
/// that made the queue.
class WriteQueue {
 public:
  /// `written(bytes)` is called, on the writing thread, for every case that has left the memory.
  explicit WriteQueue(std::function<void(uint64_t bytes)> written);
  /// Writes what is left.
  ~WriteQueue();
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  /// Takes a finished case; waits while several pictures or a volume are still to be written. Throws what the writing
  /// of an earlier one threw.
  void write(std::unique_ptr<ExaminedCase> one);
  /// Waits until all are written. Throws what writing threw.
  void finish();
  /// Waits until nothing is being written -> what was written, in that order; called once.
  std::vector<CaseOutput> outputs();

 private:
  void write_all();
  void rethrow();
  bool idle() const { return waiting_.empty() && !writing_; }

  std::function<void(uint64_t)> written_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<ExaminedCase>> waiting_;
  uint64_t waiting_bytes_ = 0;
  bool writing_ = false, stopped_ = false;
  std::vector<CaseOutput> outputs_;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace thor
