// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <c10/core/ScalarType.h>

#include <cmath>
#include <functional>
#include <string>

#include "thor/base/tensor.h"

namespace thor::bench {

struct Precision {
  const char* name;
  at::ScalarType type;
};
inline constexpr Precision kPrecisions[] = {{"fp32", at::kFloat}, {"bf16", at::kBFloat16}};

/// Something to be timed, whose answer was found to be right.
struct Checked {
  std::function<void()> run;
  double operations = 0;  ///< floating-point operations of one run; 0 = not counted
  double error = NAN;     ///< how far its answer is from the one it was compared with
  double seconds = 0.3;   ///< to be timed at least; a run that takes longer is timed once
};

/// Registers a benchmark. `make` runs once, before the first measurement; where it throws, nothing is timed.
void measure(const std::string& name, std::function<Checked()> make);

/// `error`; throws Input where it is beyond `tolerance` or not a number.
double accepted(double error, double tolerance);
/// The largest difference, as a share of the expected values' standard deviation; accepted.
double agreement(const Tensor& found, const Tensor& expected, double tolerance);

}  // namespace thor::bench
