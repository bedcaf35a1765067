// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/train/batch.h"
#include "thor/train/experiment.h"

namespace thor {

/// Mean error of the network's output, each pixel weighed as it counts: `mse` squared, `l1` absolute. float32 [N,1,H,W]
/// -> a scalar on the output's device.
Tensor training_loss(LossKind kind, const Tensor& output, const Batch& batch);

}  // namespace thor
