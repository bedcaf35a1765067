// SPDX-License-Identifier: Apache-2.0
#include "thor/base/random.h"

#include <cmath>

#include "thor/base/normal_pairs.h"

namespace thor {
namespace {

// SplitMix64 finalizer (Steele et al. 2014): mixes one word of the key into the hash.
uint64_t mix(uint64_t hash, uint64_t word) {
  uint64_t z = hash + 0x9e3779b97f4a7c15ULL + word;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

uint32_t low(uint64_t v) { return static_cast<uint32_t>(v); }
uint32_t high(uint64_t v) { return static_cast<uint32_t>(v >> 32); }

}  // namespace

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> c, std::array<uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = 0xD2511F53ULL * c[0], b = 0xCD9E8D57ULL * c[2];
    c = {high(b) ^ c[1] ^ k[0], low(b), high(a) ^ c[3] ^ k[1], low(a)};
    k = {k[0] + 0x9E3779B9U, k[1] + 0xBB67AE85U};
  }
  return c;
}

Random::Random(const StreamKey& key) {
  uint64_t h = 0;
  for (uint64_t word : {key.seed, key.case_id, key.slice, static_cast<uint64_t>(key.purpose), key.t}) h = mix(h, word);
  // The first draw of the first chain is what it was before there were several. A word of its own keeps chain n from
  // being repeat n.
  if (key.repeat > 0) h = mix(h, key.repeat);
  if (key.chain > 0) h = mix(mix(h, 0x6368'6169'6eULL), key.chain);
  // 128 bits of hash (64 as the key, 64 in the upper counter) make two streams collide with negligible probability.
  const uint64_t upper = mix(h, 0x7468'6f72ULL);
  key_ = {low(h), high(h)};
  counter_ = {0, 0, low(upper), high(upper)};
}

uint32_t Random::bits() {
  if (used_ == 4) {
    block_ = philox4x32(counter_, key_);
    if (++counter_[0] == 0) ++counter_[1];
    used_ = 0;
  }
  return block_[used_++];
}

double Random::uniform() {
  const uint64_t a = bits() >> 5, b = bits() >> 6;
  return static_cast<double>((a << 26) | b) * 0x1.0p-53;
}

uint64_t Random::below(uint64_t n) {
  const uint64_t limit = UINT64_MAX - UINT64_MAX % n;
  for (;;) {
    const uint64_t hi = bits(), v = (hi << 32) | bits();
    if (v < limit) return v % n;
  }
}

double Random::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform())), angle = 2.0 * M_PI * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

void Random::fill_normal(float* out, size_t count) {
  size_t done = 0;
  if (used_ == 4 && !has_spare_) {  // each pair is one block
    const size_t pairs = count / 2;
    normal_pairs(key_, counter_, pairs, out);
    const uint64_t next = (static_cast<uint64_t>(counter_[1]) << 32 | counter_[0]) + pairs;
    counter_[0] = low(next);
    counter_[1] = high(next);
    done = 2 * pairs;
  }
  for (; done < count; ++done) out[done] = static_cast<float>(normal());
}

}  // namespace thor
