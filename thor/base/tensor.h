// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <map>
#include <string>

namespace thor {

using at::Tensor;

/// Named tensors, e.g. the weights of a network under their published names, sorted by name.
using StateDict = std::map<std::string, Tensor>;

/// Formats a shape as "[2, 1, 128, 128]".
std::string shape_text(at::IntArrayRef sizes);

/// Throws Internal unless `t` is a float32 tensor with 4 dimensions and one channel: [N,1,H,W].
void check_images(const Tensor& t, const char* what);

}  // namespace thor
