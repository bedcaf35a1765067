// SPDX-License-Identifier: Apache-2.0
#include "mutate.h"

#include <algorithm>
#include <cstring>

namespace thor::test {
namespace {

constexpr size_t kLargestPiece = 64;

// Numbers on the edges of integer types, as they would stand in a binary header.
void put_boundary_number(std::string& bytes, size_t at, Random& random) {
  static const uint64_t kNumbers[] = {0,          1,          0x7f,        0xff,       0x7fff,
                                      0xffff,     0x7fffffff, 0xffffffff,  1ull << 32, 1ull << 40,
                                      1ull << 62, 1ull << 63, ~uint64_t{0}};
  const uint64_t number = kNumbers[random.below(std::size(kNumbers))];
  const size_t width = std::min<size_t>(size_t{1} << random.below(4), bytes.size() - at);
  std::memcpy(&bytes[at], &number, width);
}

// The same in text: a run of digits becomes another number.
void put_text_number(std::string& bytes, size_t at, Random& random) {
  static const char* kNumbers[] = {"0", "-1", "9223372036854775807", "1e999", "nan", "4294967296", "0.5", ""};
  const size_t first = bytes.find_first_of("0123456789", at);
  if (first == std::string::npos) return;
  size_t last = first;
  while (last < bytes.size() && bytes[last] >= '0' && bytes[last] <= '9') ++last;
  bytes.replace(first, last - first, kNumbers[random.below(std::size(kNumbers))]);
}

void damage(std::string& bytes, const std::string& other, Random& random) {
  const size_t at = random.below(bytes.size());
  const size_t piece = std::min<size_t>(1 + random.below(kLargestPiece), bytes.size() - at);
  switch (random.below(8)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
      break;
    case 1:
      bytes[at] = static_cast<char>(random.bits());
      break;
    case 2:
      put_boundary_number(bytes, at, random);
      break;
    case 3:
      put_text_number(bytes, at, random);
      break;
    case 4:
      bytes.resize(at);
      break;
    case 5:
      bytes.erase(at, piece);
      break;
    case 6:
      bytes.insert(at, bytes.substr(at, piece));
      break;
    default:
      bytes.insert(at, other.substr(random.below(other.size() + 1), piece));
  }
}

}  // namespace

std::string mutated(const std::vector<std::string>& seeds, Random& random) {
  std::string bytes = seeds[random.below(seeds.size())];
  const std::string& other = seeds[random.below(seeds.size())];
  for (uint64_t count = 1 + random.below(4); count > 0 && !bytes.empty(); --count) damage(bytes, other, random);
  return bytes;
}

}  // namespace thor::test
