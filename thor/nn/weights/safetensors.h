// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>

#include "thor/base/tensor.h"

namespace thor {

/// A safetensors file: named tensors and text metadata.
struct Safetensors {
  StateDict tensors;
  std::map<std::string, std::string> metadata;
};

/// Maps the file and checks the header before any allocation: sizes, offsets inside the file, no overlap, no gap, shape
/// x dtype = bytes, known dtype. Tensors are read-only views that keep the mapping alive. Throws Input.
Safetensors read_safetensors(const std::string& path);
/// Writes a file atomically, with tensors sorted by name and an 8-byte aligned header.
void write_safetensors(const std::string& path, const Safetensors& content);

}  // namespace thor
