// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "thor/results/result_case.h"

namespace thor {

/// Reads cases while those before them are examined: a thread that is a few pictures or one volume ahead. What it reads
/// does not depend on how far ahead it is.
/// `next` is called by one thread, `release` by any; `read` runs on a thread of its own, in the context of the thread
/// that made the object.
class Prefetch {
 public:
  /// The case with this index, or what went wrong.
  using Reader = std::function<std::unique_ptr<ExaminedCase>(size_t index)>;
  /// Reads ahead at most `at_most` cases, and none while more than `max_bytes` of cases are in memory.
  struct Limits {
    size_t at_most = 1;
    uint64_t max_bytes = uint64_t{256} << 20;
  };
  Prefetch(size_t count, Reader read, const Limits& limits);
  /// Stops reading; waits for the case that is being read.
  ~Prefetch();
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  /// The next case, in order; called once for each. Throws what reading it threw.
  std::unique_ptr<ExaminedCase> next();
  /// So much of what was handed out is no longer in memory.
  void release(uint64_t bytes);

 private:
  struct Read {
    std::unique_ptr<ExaminedCase> one;
    std::exception_ptr error;
  };
  void read_all();
  bool may_read() const;

  const size_t count_;
  const Reader read_;
  const Limits limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Read> ready_;
  uint64_t bytes_ = 0;  // of cases, ready or handed out
  bool waited_for_ = false, stopped_ = false;
  std::thread thread_;
};

}  // namespace thor
