// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/call_memory.h"

#include <ATen/ATen.h>

#include "thor/base/file.h"

namespace thor {
namespace {

std::string key_of(const std::string& name, const std::vector<Tensor>& inputs) {
  Sha256 hash;
  hash.update(name.data(), name.size());
  for (const Tensor& input : inputs) {
    const std::string shape = shape_text(input.sizes());
    const Tensor flat = input.detach().to(at::kCPU).contiguous();
    hash.update(shape.data(), shape.size()).update(flat.data_ptr(), flat.nbytes());
  }
  return hash.hex();
}

}  // namespace

Tensor CallMemory::recall(const std::string& name, const std::vector<Tensor>& inputs,
                          const std::function<Tensor()>& compute) {
  const std::string key = key_of(name, inputs);
  if (const auto found = results_.find(key); found != results_.end()) return found->second.clone();
  const Tensor result = compute();
  keep(key, result);
  return result;
}

// A copy is kept: whoever gets the result may change it in place.
void CallMemory::keep(const std::string& key, const Tensor& result) {
  if (result.nbytes() > limit_) return;
  while (held_ + result.nbytes() > limit_) {
    const auto oldest = results_.find(oldest_first_.front());
    held_ -= oldest->second.nbytes();
    results_.erase(oldest);
    oldest_first_.pop_front();
  }
  results_.emplace(key, result.clone());
  oldest_first_.push_back(key);
  held_ += result.nbytes();
}

void CallMemory::clear() {
  results_.clear();
  oldest_first_.clear();
  held_ = 0;
}

}  // namespace thor
