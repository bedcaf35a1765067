// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// Results of pure functions of tensors, by the SHA-256 of what went in, so that equal calls are computed once and give
/// the same bits. Holds at most so many bytes of results; what was not asked for longest goes first. Not for several
/// threads at once.
class CallMemory {
 public:
  explicit CallMemory(uint64_t bytes) : limit_(bytes) {}
  /// What `compute` gave for the function called `name` at these inputs, or gives now.
  Tensor recall(const std::string& name, const std::vector<Tensor>& inputs, const std::function<Tensor()>& compute);
  void clear();
  uint64_t bytes() const { return held_; }

 private:
  void keep(const std::string& key, const Tensor& result);

  uint64_t limit_, held_ = 0;
  std::list<std::pair<std::string, Tensor>> results_;  ///< by key, the latest asked for last
  std::unordered_map<std::string, decltype(results_)::iterator> places_;
};

}  // namespace thor
