// SPDX-License-Identifier: Apache-2.0
#include "thor/train/loss.h"

#include <ATen/ATen.h>

namespace thor {

Tensor training_loss(LossKind kind, const Tensor& output, const Batch& batch) {
  const Tensor target = batch.target.to(output.device());
  if (!batch.counted.defined())
    return kind == LossKind::L1 ? at::l1_loss(output, target) : at::mse_loss(output, target);
  const Tensor counted = batch.counted.to(output.device()), difference = output - target;
  return ((kind == LossKind::L1 ? difference.abs() : difference.square()) * counted).sum() / counted.sum();
}

}  // namespace thor
