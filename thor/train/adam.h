// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019) over a list of parameters, multi-tensor; its whole
/// state is two tensors a parameter and the step, which makes exact resume plain.
/// One object serves one thread at a time.
class Adam {
 public:
  /// beta1 0.9, beta2 0.999, eps 1e-8. `weight_decay` is decoupled (AdamW); 0 is Adam.
  Adam(std::vector<Tensor> parameters, double weight_decay);

  /// One update from the parameters' gradients. `step` counts from 1.
  void update(int64_t step, double learning_rate);
  void zero_gradients();
  /// Scales the gradients so that their joint norm is at most `clip` (0 = no limit); returns the norm before.
  double clip_gradients(double clip);

  std::vector<Tensor>& first_moments() { return m_; }
  std::vector<Tensor>& second_moments() { return v_; }

 private:
  std::vector<Tensor> gradients() const;
  std::vector<Tensor> parameters_, m_, v_;
  double weight_decay_;
};

}  // namespace thor
