// SPDX-License-Identifier: Apache-2.0
// What loops that the compiler shall vectorize are made of.
#pragma once
#include <cstring>

// One version of a loop for each generation of vector units; the program picks at start-up.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define THOR_VECTORIZED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define THOR_VECTORIZED
#endif
#define THOR_INLINE inline __attribute__((always_inline))

namespace thor {

/// Sixteen floats, one AVX-512 register or as many smaller ones as it takes. Not for the arguments and results of
/// functions that are not inlined.
constexpr int kFloatLanes = 16;
typedef float FloatLanes __attribute__((vector_size(64)));

THOR_INLINE void load(FloatLanes& lanes, const float* from) { std::memcpy(&lanes, from, sizeof lanes); }
THOR_INLINE void keep(const FloatLanes& lanes, float* to) { std::memcpy(to, &lanes, sizeof lanes); }

}  // namespace thor
