// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// An image in memory: pixels by rows, the channels of a pixel side by side, with a border all round.
template <class Value>
struct PixelMap {
  Value* values = nullptr;
  int64_t height = 0, width = 0;  ///< without the border
  int64_t channels = 0;           ///< from pixel to pixel
  int64_t border = 0;             ///< pixels

  /// Where channel 0 of a pixel lies; -border is the first row and column.
  int64_t offset(int64_t row, int64_t column) const {
    return ((row + border) * (width + 2 * border) + column + border) * channels;
  }
};

/// One convolution followed by ReLU, with its weights as the kernel reads them. For small images, for which
/// libraries spend more time on preparing than on multiplying. Each pixel is summed up by one thread, always in the
/// same order.
/// Its const functions may be called by several threads at once.
class DirectConvolution {
 public:
  /// weight [Cout,Cin,k,k] with Cout a multiple of 16, bias [Cout]. Internal error for another Cout.
  DirectConvolution(const Tensor& weight, const Tensor& bias, int64_t stride, int64_t padding);
  /// y's channels from `first` on become relu(x * weight + bias); the border of x, at least `padding`, is 0.
  void run(const PixelMap<const float>& x, const PixelMap<float>& y, int64_t first = 0) const;
  int64_t outputs() const { return outputs_; }
  /// Height or width of the result.
  int64_t size_of(int64_t size) const { return (size + 2 * padding_ - side_) / stride_ + 1; }

 private:
  int64_t inputs_, outputs_, side_, stride_, padding_;
  int64_t block_;               // output channels computed together
  std::vector<float> weights_;  // [Cout / block, k, k, Cin, block]
  std::vector<float> bias_;
};

}  // namespace thor
