// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/config.h"
#include "thor/base/random.h"
#include "thor/base/tensor.h"

namespace thor {

/// What another scanner, protocol or registration may do to a slice; keys `change.*`.
struct ScannerChange {
  std::string kind = "bias_field";  ///< bias_field | noise | contrast | resolution | shift
  double strength = 0.3;            ///< in the unit of its kind, see describe()
  void describe(Fields& fields);
  void check() const;
};

/// A slice and, where it has one, its mask: what moves the one moves the other.
struct SliceAndMask {
  Tensor image;  ///< float32 [H,W] in [0,1]
  Tensor mask;   ///< float32 [H,W], 0 or 1; may be undefined
};

/// bias_field: times exp(s f), f a smooth field of deviation 1 (receive coil). noise: Rician, s the deviation of both
/// channels in units of white (Gudbjartsson & Patz 1995). contrast: x^s. resolution: averaged to pixels s times as
/// large and enlarged again. shift: by s pixels in a random direction, black coming in (misregistration).
/// A pure function of its arguments.
SliceAndMask change_scanner(const ScannerChange& change, const SliceAndMask& slice, const StreamKey& key);

}  // namespace thor
