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

/// Results of pure functions of batches, image by image, by the SHA-256 of what went in, so that equal calls are
/// computed once and give the same bits, whatever batch an image is in. Holds at most so many bytes of results; what
/// was not asked for longest goes first. Not for several threads at once.
class CallCache {
 public:
  explicit CallCache(uint64_t bytes) : limit_(bytes) {}
  /// A function of batches [N,...] whose rows do not influence each other -> [N,...].
  using Function = std::function<Tensor(const std::vector<Tensor>& inputs)>;
  /// What `compute`, the function called `name`, gave for each row of these inputs, or gives now for those rows that it
  /// has not seen.
  Tensor recall(const std::string& name, const std::vector<Tensor>& inputs, const Function& compute);
  void clear();
  uint64_t bytes() const { return held_; }

 private:
  Tensor find(const std::string& key);
  void keep(const std::string& key, const Tensor& result);

  uint64_t limit_, held_ = 0;
  std::list<std::pair<std::string, Tensor>> results_;  ///< by key, the latest asked for last
  std::unordered_map<std::string, decltype(results_)::iterator> places_;
};

}  // namespace thor
