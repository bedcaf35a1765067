// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/tensor.h"

namespace thor {

/// Reads the tensors of a PyTorch checkpoint (.pt, .pth, .ckpt), zip or legacy format; nested dictionaries are
/// flattened with dots. The restricted unpickler reconstructs tensors and plain containers and executes nothing; any
/// other global (for example os.system) is refused by name. Sizes are checked against the file before allocation.
/// Throws Input.
StateDict read_torch_file(const std::string& path);

/// Reads a file with read_safetensors or read_torch_file, selected by its first bytes.
StateDict read_weights_file(const std::string& path);

}  // namespace thor
