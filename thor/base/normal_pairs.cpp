// SPDX-License-Identifier: Apache-2.0
#include "thor/base/normal_pairs.h"

#include <algorithm>
#include <cmath>

#include "thor/base/vectorized.h"

namespace thor {
namespace {

constexpr size_t kPairsAtOnce = 128;

/// The four words of as many blocks.
struct Words {
  alignas(64) uint32_t word[4][kPairsAtOnce];
};

THOR_INLINE uint64_t bits_of(double x) {
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
THOR_INLINE double double_of(uint64_t bits) {
  double x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
/// An integer below 2^52 as a double, which not every vector unit has an instruction for.
THOR_INLINE double to_double(uint64_t small) {
  constexpr uint64_t kTwoTo52 = 0x4330000000000000ULL;
  return double_of(small | kTwoTo52) - 0x1p52;
}

/// 53 bits of two words, as `Random::uniform` takes them.
THOR_INLINE double uniform_of(uint32_t a, uint32_t b) {
  return (static_cast<double>(static_cast<int32_t>(a >> 5)) * 67108864.0 +
          static_cast<double>(static_cast<int32_t>(b >> 6))) *
         0x1p-53;
}

/// ln x for 2^-53 <= x <= 1: x = 2^k (1 + f) with 1 + f about 1, s = f / (2 + f), ln(1 + f) = 2 artanh s by its series.
THOR_INLINE double log_of(double x) {
  constexpr uint64_t kSqrtHalf = 0x3fe6a09e667f3bcdULL, kSixtyFour = 64ULL << 52;
  constexpr double kLn2High = 0x1.62e42fee00000p-1, kLn2Low = 0x1.a39ef35793c76p-33;
  const uint64_t shifted = (bits_of(x) - kSqrtHalf + kSixtyFour) >> 52;
  const double k = to_double(shifted) - 64;
  const double f = double_of(bits_of(x) - (shifted << 52) + kSixtyFour) - 1;
  const double s = f / (2 + f), z = s * s;
  double series = 2.0 / 21;
  series = series * z + 2.0 / 19;
  series = series * z + 2.0 / 17;
  series = series * z + 2.0 / 15;
  series = series * z + 2.0 / 13;
  series = series * z + 2.0 / 11;
  series = series * z + 2.0 / 9;
  series = series * z + 2.0 / 7;
  series = series * z + 2.0 / 5;
  series = series * z + 2.0 / 3;
  const double half = 0.5 * f * f;
  return k * kLn2High - ((half - (s * (half + series * z) + k * kLn2Low)) - f);
}

struct SineCosine {
  double sine, cosine;
};

/// Of an angle in [0, 2 pi]: what is left of it beyond the nearest quarter turn, by the series.
THOR_INLINE SineCosine sine_cosine_of(double angle) {
  constexpr double kRound = 0x1.8p52, kQuarter = 0x1.921fb544p0, kQuarterRest = 0x1.0b4611a626331p-34;
  const double rounded = angle * (2 / M_PI) + kRound, quarters = rounded - kRound;
  const double r = (angle - quarters * kQuarter) - quarters * kQuarterRest, z = r * r;
  double sine = 1 / 355687428096000.0;
  sine = sine * z - 1 / 1307674368000.0;
  sine = sine * z + 1 / 6227020800.0;
  sine = sine * z - 1 / 39916800.0;
  sine = sine * z + 1 / 362880.0;
  sine = sine * z - 1 / 5040.0;
  sine = sine * z + 1 / 120.0;
  sine = sine * z - 1 / 6.0;
  sine = r + r * z * sine;
  double cosine = 1 / 20922789888000.0;
  cosine = cosine * z - 1 / 87178291200.0;
  cosine = cosine * z + 1 / 479001600.0;
  cosine = cosine * z - 1 / 3628800.0;
  cosine = cosine * z + 1 / 40320.0;
  cosine = cosine * z - 1 / 720.0;
  cosine = cosine * z + 1 / 24.0;
  const double half = 0.5 * z, whole = 1 - half;
  cosine = whole + (((1 - whole) - half) + z * z * cosine);
  const uint64_t quadrant = bits_of(rounded), odd = 0 - (quadrant & 1);
  const uint64_t a = bits_of(sine), b = bits_of(cosine);
  return {double_of(((a & ~odd) | (b & odd)) ^ ((quadrant & 2) << 62)),
          double_of(((b & ~odd) | (a & odd)) ^ (((quadrant + 1) & 2) << 62))};
}

THOR_VECTORIZED void draw_blocks(const uint32_t* key, const uint32_t* upper, uint64_t first, size_t count,
                                 Words& words) {
  for (size_t i = 0; i < count; ++i) {
    const uint64_t lower = first + i;
    uint32_t c0 = static_cast<uint32_t>(lower), c1 = static_cast<uint32_t>(lower >> 32), c2 = upper[0], c3 = upper[1];
    uint32_t k0 = key[0], k1 = key[1];
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const uint64_t a = 0xD2511F53ULL * c0, b = 0xCD9E8D57ULL * c2;
      c0 = static_cast<uint32_t>(b >> 32) ^ c1 ^ k0;
      c1 = static_cast<uint32_t>(b);
      c2 = static_cast<uint32_t>(a >> 32) ^ c3 ^ k1;
      c3 = static_cast<uint32_t>(a);
      k0 += 0x9E3779B9U;
      k1 += 0xBB67AE85U;
    }
    words.word[0][i] = c0;
    words.word[1][i] = c1;
    words.word[2][i] = c2;
    words.word[3][i] = c3;
  }
}

THOR_VECTORIZED void make_normal(const Words& words, size_t count, float* __restrict cosines, float* __restrict sines) {
  for (size_t i = 0; i < count; ++i) {
    const double radius = std::sqrt(-2.0 * log_of(1.0 - uniform_of(words.word[0][i], words.word[1][i])));
    const SineCosine of = sine_cosine_of(2.0 * M_PI * uniform_of(words.word[2][i], words.word[3][i]));
    cosines[i] = static_cast<float>(radius * of.cosine);
    sines[i] = static_cast<float>(radius * of.sine);
  }
}

}  // namespace

void normal_pairs(const std::array<uint32_t, 2>& key, const std::array<uint32_t, 4>& counter, size_t pairs,
                  float* out) {
  const uint64_t first = static_cast<uint64_t>(counter[1]) << 32 | counter[0];
  Words words;
  alignas(64) float cosines[kPairsAtOnce], sines[kPairsAtOnce];
  for (size_t done = 0; done < pairs; done += kPairsAtOnce) {
    const size_t count = std::min(kPairsAtOnce, pairs - done);
    draw_blocks(key.data(), counter.data() + 2, first + done, count, words);
    make_normal(words, count, cosines, sines);
    for (size_t i = 0; i < count; ++i) {
      *out++ = cosines[i];
      *out++ = sines[i];
    }
  }
}

}  // namespace thor
