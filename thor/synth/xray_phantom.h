// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/synth/phantom.h"

namespace thor {

/// A synthetic wrist radiograph, number `index`: [size, 3/4 size]. `label` is "" (healthy) or one of xray_labels(); the
/// same subject without its findings is equal wherever they do not show. Exposure differs from image to image.
Phantom make_xray_phantom(int64_t size, int64_t seed, int64_t index, const std::string& label);

}  // namespace thor
