// SPDX-License-Identifier: Apache-2.0
// Building blocks of vectorized loops over float32 and bfloat16 values.
#pragma once
#include <c10/util/BFloat16.h>

#include <cstdint>
#include <cstring>

#include "thor/base/vectorized.h"

namespace thor {

THOR_INLINE float value_of(float x) { return x; }
THOR_INLINE float value_of(c10::BFloat16 x) {
  const uint32_t bits = static_cast<uint32_t>(x.x) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

THOR_INLINE void store(float value, float& to) { to = value; }
/// Rounds to nearest, ties to even. NaN stays NaN because the upper bits of its payload are never all zero here.
THOR_INLINE void store(float value, c10::BFloat16& to) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  to.x = static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

/// Returns exp(x) with a relative error of 2e-7 in [-87, 87], and about the nearest representable power of 2 beyond:
/// 2^n times a polynomial on [-ln2/2, ln2/2]. Integers are clamped, because comparing floats would prevent
/// vectorization.
THOR_INLINE float fast_exp(float x) {
  constexpr float kShift = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer, in the low bits
  constexpr int32_t kShiftBits = 0x4b400000;
  const float shifted = x * 1.44269504f + kShift, n = shifted - kShift;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  int32_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  int32_t exponent = bits - kShiftBits;
  exponent = exponent < -126 ? -126 : exponent;
  exponent = exponent > 127 ? 127 : exponent;
  bits = static_cast<int32_t>(static_cast<uint32_t>(exponent + 127) << 23);
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return p * power;
}

}  // namespace thor
