// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <string>

#include "thor/pipeline/model.h"

namespace thor {

/// Where to compute: "auto" (the first GPU, else the CPU), "cpu", "cuda" or "cuda:N". Throws Usage, with the devices
/// that are there, for anything else. From then on float32 is computed as float32 on every device.
at::Device choose_device(const std::string& name);
at::ScalarType dtype_of(Precision precision);

}  // namespace thor
