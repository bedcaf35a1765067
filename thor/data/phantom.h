// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/config.h"
#include "thor/base/tensor.h"

namespace thor {

/// Synthetic brain-like slices with and without lesions, for the demo and the tests.
struct PhantomConfig {
  int64_t size = 128;      ///< side, pixels
  int64_t train = 200;     ///< healthy slices for training
  int64_t val = 16;        ///< healthy slices for validation
  int64_t test = 24;       ///< slices with one lesion each: small, medium and large in turn
  int64_t seed = 0;
  void describe(Fields& fields);
};

struct Phantom {
  Tensor image;  ///< float32 [size,size] in [0,1]
  Tensor mask;   ///< float32 [size,size], 1 in the lesion; all 0 for a healthy one
};
/// Phantom number `index`; `lesion` is "", "small", "medium" or "large" (pixels on the 128 grid as in METHODS 10).
Phantom make_phantom(int64_t size, int64_t seed, int64_t index, const std::string& lesion);

/// Writes `folder`/images/*.png, masks/*.png and train.csv, val.csv, test.csv (image,mask,group).
void write_phantoms(const std::string& folder, const PhantomConfig& config);

}  // namespace thor
