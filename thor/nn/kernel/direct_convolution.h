// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// An image in memory: row-major pixels with adjacent channels and a border on all sides.
template <class Value>
struct PixelMap {
  Value* values = nullptr;
  int64_t height = 0, width = 0;  ///< without the border
  int64_t channels = 0;           ///< values from one pixel to the next
  int64_t border = 0;             ///< pixels

  /// Returns the address of channel 0 of a pixel; -border is the first row and column.
  int64_t offset(int64_t row, int64_t column) const {
    return ((row + border) * (width + 2 * border) + column + border) * channels;
  }
};

/// One convolution followed by ReLU, with weights in the layout of the kernel. It is meant for small images, where
/// libraries spend more time on preparation than on multiplication. One thread sums each pixel, always in the same
/// order.
class DirectConvolution {
 public:
  /// weight [Cout,Cin,k,k] with Cout a multiple of 16, bias [Cout]. Internal error for another Cout.
  DirectConvolution(const Tensor& weight, const Tensor& bias, int64_t stride, int64_t padding);
  /// Writes relu(x * weight + bias) to the channels of y from `first` on. The border of x is 0 and at least `padding`.
  void run(const PixelMap<const float>& x, const PixelMap<float>& y, int64_t first = 0) const;
  int64_t outputs() const { return outputs_; }
  /// Returns the height or width of the result.
  int64_t size_of(int64_t size) const { return (size + 2 * padding_ - side_) / stride_ + 1; }

 private:
  int64_t inputs_, outputs_, side_, stride_, padding_;
  int64_t block_;               // output channels computed together
  std::vector<float> weights_;  // [Cout / block, k, k, Cin, block]
  std::vector<float> bias_;
};

}  // namespace thor
