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
    const std::string shape = toString(input.scalar_type()) + shape_text(input.sizes());
    const Tensor flat = input.detach().to(at::kCPU).contiguous();
    hash.update(shape.data(), shape.size()).update(flat.data_ptr(), flat.nbytes());
  }
  return hash.hex();
}

}  // namespace

Tensor CallMemory::recall(const std::string& name, const std::vector<Tensor>& inputs,
                          const std::function<Tensor()>& compute) {
  const std::string key = key_of(name, inputs);
  if (const auto place = places_.find(key); place != places_.end()) {
    results_.splice(results_.end(), results_, place->second);
    return place->second->second.clone();
  }
  const Tensor result = compute();
  keep(key, result);
  return result;
}

// A copy is kept: whoever gets the result may change it in place.
void CallMemory::keep(const std::string& key, const Tensor& result) {
  if (result.nbytes() > limit_) return;
  while (held_ + result.nbytes() > limit_) {
    held_ -= results_.front().second.nbytes();
    places_.erase(results_.front().first);
    results_.pop_front();
  }
  results_.emplace_back(key, result.clone());
  places_[key] = std::prev(results_.end());
  held_ += result.nbytes();
}

void CallMemory::clear() {
  results_.clear();
  places_.clear();
  held_ = 0;
}

}  // namespace thor
