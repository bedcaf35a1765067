// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/device.h"

#include <ATen/Context.h>

#include "thor/base/error.h"
#include "thor/nn/kernel/gpu.h"

namespace thor {
namespace {

int64_t gpu_count() { return at::hasCUDA() ? static_cast<int64_t>(at::getNumGPUs()) : 0; }

std::string devices_there() {
  std::string names = "cpu";
  for (int64_t i = 0; i < gpu_count(); ++i) names += fmt::format(", cuda:{}", i);
  if (!at::hasCUDA()) names += " (this program's libtorch is built without CUDA)";
  return names;
}

/// The N of "cuda:N", 0 for "cuda"; -1 for any other text.
int64_t gpu_index(const std::string& name) {
  if (name == "cuda") return 0;
  const std::string prefix = "cuda:";
  const std::string digits = name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : "";
  const bool number =
      !digits.empty() && digits.size() <= 3 && digits.find_first_not_of("0123456789") == std::string::npos;
  return number ? std::stoll(digits) : -1;
}

}  // namespace

at::Device choose_device(const std::string& name) {
  compute_in_full_float32();
  if (name == "cpu") return at::Device(at::kCPU);
  if (name == "auto") return gpu_count() > 0 ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  const int64_t index = gpu_index(name);
  if (index < 0) fail_usage("device '{}' is not known, expected auto, cpu, cuda or cuda:N", name);
  if (index >= gpu_count()) fail_usage("device '{}' is not there; there is: {}", name, devices_there());
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

at::ScalarType dtype_of(Precision precision) { return precision == Precision::Bf16 ? at::kBFloat16 : at::kFloat; }

}  // namespace thor
