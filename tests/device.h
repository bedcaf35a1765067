// SPDX-License-Identifier: Apache-2.0
// Where the tests of networks and detectors compute: THOR_TEST_DEVICE=cuda runs them on a GPU.
#pragma once
#include <c10/core/Device.h>

#include "tests/support.h"
#include "thor/nn/kernel/gpu.h"

namespace thor::test {

/// THOR_TEST_DEVICE, else the CPU; float32 is computed as such.
inline at::Device test_device() {
  compute_in_full_float32();
  return at::Device(environment_or("THOR_TEST_DEVICE", "cpu"));
}

/// What a difference to the CPU may be on this device: GPUs add in another order.
inline double tolerance(double on_cpu) { return test_device().is_cpu() ? on_cpu : 4 * on_cpu; }

inline at::Tensor on_device(const at::Tensor& tensor) { return tensor.to(test_device()); }
inline StateDict on_device(const StateDict& tensors) {
  StateDict moved;
  for (const auto& [name, tensor] : tensors) moved[name] = on_device(tensor);
  return moved;
}

}  // namespace thor::test

/// For tests of what only a GPU has.
#define SKIP_WITHOUT_GPU() \
  if (!thor::test::test_device().is_cuda()) GTEST_SKIP() << "set THOR_TEST_DEVICE=cuda where there is a GPU"
