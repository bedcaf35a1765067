// SPDX-License-Identifier: Apache-2.0
// Building blocks of loops that the compiler vectorizes.
#pragma once
#include <cstring>

// A function with this attribute is compiled once for each generation of vector units, and the program selects one at
// start-up.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define THOR_VECTORIZED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define THOR_VECTORIZED
#endif
#define THOR_INLINE inline __attribute__((always_inline))

namespace thor {

/// Sixteen floats: one AVX-512 register or several smaller ones. It must not be an argument or result of a function
/// that is not inlined.
constexpr int kFloatLanes = 16;
typedef float FloatLanes __attribute__((vector_size(64)));

THOR_INLINE void load(FloatLanes& lanes, const float* from) { std::memcpy(&lanes, from, sizeof lanes); }
THOR_INLINE void keep(const FloatLanes& lanes, float* to) { std::memcpy(to, &lanes, sizeof lanes); }

}  // namespace thor
