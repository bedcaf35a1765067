// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/synth/phantom.h"

namespace thor {

/// Draws the synthetic wrist radiograph number `index`, [size, 3/4 size]. `label` is "" (healthy) or one of
/// xray_labels(). Outside the visible findings the image equals that of the healthy subject. The exposure varies
/// between images.
Phantom make_xray_phantom(int64_t size, int64_t seed, int64_t index, const std::string& label);

}  // namespace thor
