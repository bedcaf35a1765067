// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/tensor.h"

namespace thor {

/// Tensors of a PyTorch checkpoint (.pt, .pth, .ckpt), zip or legacy format, nested dictionaries flattened with dots.
/// A restricted unpickler: it rebuilds tensors and plain containers and executes nothing; any other global (os.system,
/// say) is refused by name. Sizes are checked against the file before allocating. Throws Input.
StateDict read_torch_file(const std::string& path);

/// read_safetensors or read_torch_file, by the file's first bytes.
StateDict read_weights_file(const std::string& path);

}  // namespace thor
