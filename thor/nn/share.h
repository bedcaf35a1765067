// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ATen/Parallel.h>

namespace thor {

/// Multiplications below which threads cost more than they give: some tenths of a millisecond on one core.
constexpr int64_t kWorthSharing = 24'000'000;

/// Calls work(begin, end) for parts of [0, tasks), side by side where `multiplications`, of all together, are worth it.
template <class Work>
void share(int64_t tasks, int64_t multiplications, Work work) {
  if (multiplications >= kWorthSharing) return at::parallel_for(0, tasks, 1, work);
  work(int64_t{0}, tasks);
}

}  // namespace thor
