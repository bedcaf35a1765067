// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/config.h"
#include "thor/base/random.h"
#include "thor/base/tensor.h"

namespace thor {

enum class ChangeKind { BiasField, Noise, Contrast, Resolution, Shift };
inline Names names_of(ChangeKind) { return {"bias_field", "noise", "contrast", "resolution", "shift"}; }

/// Parameters of a simulated change of scanner, protocol or registration; keys `change.*`.
struct ScannerChange {
  ChangeKind kind = ChangeKind::BiasField;
  double strength = 0.3;  ///< strength in the unit of the kind, see describe()
  void describe(Fields& fields);
  void check() const;
};

/// A slice with its optional mask; geometric changes apply to both.
struct SliceAndMask {
  Tensor image;  ///< float32 [H,W] in [0,1]
  Tensor mask;   ///< float32 [H,W], 0 or 1; may be undefined
};

/// Applies a change with strength s. bias_field multiplies by exp(s f) with a smooth field f of unit standard deviation
/// (receive coil). noise is Rician, with s the standard deviation of both channels, white = 1 (Gudbjartsson & Patz
/// 1995). contrast is x^s. resolution averages to pixels s times as large and upsamples again. shift moves by s pixels
/// in a random direction and fills with black (misregistration). It is a pure function of its arguments.
SliceAndMask change_scanner(const ScannerChange& change, const SliceAndMask& slice, const StreamKey& key);

}  // namespace thor
