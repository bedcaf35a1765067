// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace thor {

/// Computes Box-Muller pairs from consecutive blocks of Philox4x32-10, several at a time. Pair i uses the block with
/// the counter `counter` + i (added in the lower 64 bits). Logarithm, sine and cosine are implemented here, accurate to
/// one ulp of double, and compiled without fused multiply-add, so that noise does not depend on the C library or the
/// processor. `out` has room for 2 * pairs values.
void normal_pairs(const std::array<uint32_t, 2>& key, const std::array<uint32_t, 4>& counter, size_t pairs, float* out);

}  // namespace thor
