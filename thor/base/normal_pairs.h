// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace thor {

/// Box-Muller pairs from consecutive blocks of Philox4x32-10, several at a time: pair i comes from the block whose
/// counter is `counter` plus i in its lower 64 bits. Logarithm, sine and cosine are ours, within an ulp of double, and
/// compiled without contracting a * b + c, so that noise does not depend on the C library or the processor.
/// `out` has room for 2 * pairs.
void normal_pairs(const std::array<uint32_t, 2>& key, const std::array<uint32_t, 4>& counter, size_t pairs, float* out);

}  // namespace thor
