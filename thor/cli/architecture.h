// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/nn/unet.h"

namespace thor {

/// The network that weights under MONAI Generative's names belong to, as far as names and shapes tell: image channels,
/// channels and attention of each level, residual blocks. `head_channels` and `norm_groups` leave no trace there; they
/// get plausible values. Throws Input where the names are not those of this UNet.
UNetConfig architecture_of(const StateDict& weights);

}  // namespace thor
