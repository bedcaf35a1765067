// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <string>

#include "tests/unit/image/pictures.h"

namespace thor::test {

// Byte offsets in the NIfTI-1 header.
inline constexpr size_t kDim = 40, kDatatype = 70, kBitpix = 72, kPixdim = 76, kOffset = 108, kSlope = 112,
                        kIntercept = 116, kUnits = 123, kQformCode = 252, kSformCode = 254, kQuaternion = 256,
                        kQformOrigin = 268, kSform = 280, kData = 352;

/// A header of version 1 with 16-bit samples, field by field, in either byte order.
class NiftiBytes {
 public:
  explicit NiftiBytes(bool swapped) : swapped_(swapped) {
    bytes_.replace(344, 3, "n+1");
    set(0, int32_t{348});
    for (int i = 0; i < 4; ++i) set(kDim + 2 * i, int16_t(i == 0 ? 3 : i == 1 ? 6 : i == 2 ? 5 : 1));
    set(kDatatype, int16_t{4});
    for (int i = 0; i < 4; ++i) set(76 + 4 * i, i == 0 ? 1.0f : 0.5f * static_cast<float>(i));
    set(kBitpix, int16_t{16});
    set(kOffset, 352.0f);
  }
  template <class T>
  NiftiBytes& set(size_t offset, T value) {
    std::string raw(reinterpret_cast<const char*>(&value), sizeof value);
    if (swapped_) std::reverse(raw.begin(), raw.end());
    bytes_.replace(offset, raw.size(), raw);
    return *this;
  }
  /// With the pattern as samples, which begin at that byte.
  std::string file(size_t start = kData) const {
    std::string samples = samples_of<int16_t>(pattern(5, 6)), header = bytes_;
    for (size_t i = 0; swapped_ && i < samples.size(); i += 2) std::swap(samples[i], samples[i + 1]);
    header.resize(start);
    return header + samples;
  }

 private:
  bool swapped_;
  std::string bytes_ = std::string(352, '\0');
};

}  // namespace thor::test
