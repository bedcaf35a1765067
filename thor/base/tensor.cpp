// SPDX-License-Identifier: Apache-2.0
#include "thor/base/tensor.h"

#include "thor/base/error.h"

namespace thor {

std::string shape_text(at::IntArrayRef sizes) {
  return fmt::format("[{}]", fmt::join(sizes.begin(), sizes.end(), ", "));
}

void check_images(const Tensor& t, const char* what) {
  if (!t.defined() || t.dim() != 4 || t.size(1) != 1 || t.scalar_type() != at::kFloat)
    fail(ErrorKind::Internal, "{} must be float32 [N, 1, H, W], not {}", what,
         t.defined() ? shape_text(t.sizes()) : std::string("undefined"));
}

}  // namespace thor
