// SPDX-License-Identifier: Apache-2.0
// Private to this room: soft borders of phantoms.
#pragma once
#include <algorithm>

namespace thor {

/// Returns 1 inside and 0 outside, with a smooth ramp of the given width across the border.
inline double cover(double distance, double width) {
  const double f = std::clamp(0.5 - distance / width, 0.0, 1.0);
  return f * f * (3 - 2 * f);
}

inline double mix(double from, double to, double share) { return from + (to - from) * share; }

}  // namespace thor
