// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/kernel/direct_convolution.h"

#include <ATen/ATen.h>

#include "tests/support.h"
#include "thor/base/error.h"

using namespace thor;
using test::max_abs_diff;

namespace {

struct Shape {
  int64_t inputs, outputs, side, stride, padding, height, width;
};

PixelMap<float> map_of(const Tensor& t, int64_t border) {
  return {t.data_ptr<float>(), t.size(2) - 2 * border, t.size(3) - 2 * border, t.size(1), border};
}

// x [1,C,H,W] -> relu(conv), between channels of other contents.
Tensor run(const DirectConvolution& layer, const Tensor& x, int64_t padding, int64_t first, int64_t more) {
  const Tensor bordered =
      at::constant_pad_nd(x, {padding, padding, padding, padding}).contiguous(at::MemoryFormat::ChannelsLast);
  const Tensor y =
      at::full({1, first + layer.outputs() + more, layer.size_of(x.size(2)), layer.size_of(x.size(3))}, -1, x.options())
          .contiguous(at::MemoryFormat::ChannelsLast);
  const PixelMap<float> from = map_of(bordered, padding);
  layer.run({from.values, from.height, from.width, from.channels, from.border}, map_of(y, 0), first);
  return y;
}

}  // namespace

TEST(DirectConvolution, AgreesWithTheLibrarysInEveryBlockOfChannelsAndSize) {
  for (const Shape& s : {Shape{3, 64, 3, 2, 0, 21, 18}, Shape{16, 64, 3, 1, 1, 7, 9}, Shape{24, 48, 1, 1, 0, 5, 5},
                         Shape{7, 32, 3, 1, 1, 1, 1}, Shape{5, 16, 1, 1, 0, 13, 4}, Shape{9, 128, 1, 1, 0, 3, 3}}) {
    const Tensor weight = at::randn({s.outputs, s.inputs, s.side, s.side}), bias = at::randn({s.outputs});
    const Tensor x = at::randn({1, s.inputs, s.height, s.width});
    const Tensor expected = at::relu(at::conv2d(x, weight, bias, s.stride, s.padding));
    const Tensor y = run(DirectConvolution(weight, bias, s.stride, s.padding), x, s.padding, 8, 3);
    EXPECT_LT(max_abs_diff(y.narrow(1, 8, s.outputs), expected), 1e-4) << s.inputs << " to " << s.outputs;
    EXPECT_TRUE(y.narrow(1, 0, 8).eq(-1).all().item<bool>());
    EXPECT_TRUE(y.narrow(1, 8 + s.outputs, 3).eq(-1).all().item<bool>());
  }
}

TEST(DirectConvolution, RefusesWhatDoesNotFillItsVectors) {
  EXPECT_THROW(DirectConvolution(at::randn({20, 3, 1, 1}), at::randn({20}), 1, 0), Error);
}
