// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

namespace thor {

/// The number of multiplications below which threads do not pay off: some tenths of a millisecond on one core.
constexpr int64_t kWorthThreads = 24'000'000;

/// Calls work(begin, end) for parts of [0, tasks), in parallel if the total number of `multiplications` justifies it.
/// Threads take parts dynamically, and parts become smaller towards the end, so that a busy core does not delay the
/// others.
template <class Work>
void parallel_for(int64_t tasks, int64_t multiplications, Work work) {
  if (multiplications < kWorthThreads) return work(int64_t{0}, tasks);
  const int64_t threads = at::get_num_threads();
  std::atomic<int64_t> next{0};
  at::parallel_for(0, threads, 1, [&](int64_t, int64_t) {
    for (int64_t begin = next; begin < tasks;) {
      const int64_t end = begin + std::max<int64_t>(1, (tasks - begin) / (2 * threads));
      if (!next.compare_exchange_weak(begin, end)) continue;
      work(begin, end);
      begin = next;
    }
  });
}

}  // namespace thor
