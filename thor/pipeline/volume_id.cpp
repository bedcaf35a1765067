// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/volume_id.h"

#include <ATen/ATen.h>

#include <cstring>

namespace thor {
namespace {

/// The 64-bit finalizer of MurmurHash3: every bit of the input moves half of the output's.
uint64_t mixed(uint64_t x) {
  x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL;
  return x ^ x >> 33;
}

}  // namespace

uint64_t volume_id(const Tensor& voxels) {
  const Tensor values = voxels.contiguous();
  const float* first = values.data_ptr<float>();
  uint64_t sum = mixed(static_cast<uint64_t>(values.numel()));
  for (int64_t i = 0; i < values.numel(); ++i) {
    const float value = first[i] + 0.0F;  // -0 and 0 are one value
    uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    sum += mixed(bits + 1ULL);
  }
  return mixed(sum);
}

}  // namespace thor
