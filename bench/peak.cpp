// SPDX-License-Identifier: Apache-2.0
// The most that this machine's libraries give for products and convolutions of the networks' shapes.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include "bench/cases.h"
#include "bench/measure.h"

namespace thor::bench {
namespace {

struct ConvShape {
  int64_t in, out, side;
};
constexpr ConvShape kConvolutions[] = {{128, 128, 128}, {256, 256, 64}, {512, 256, 64}, {256, 256, 32}};

struct GemmShape {
  int64_t m, k, n;
};
constexpr GemmShape kProducts[] = {{4096, 256, 256}, {4096, 256, 4096}, {2048, 2048, 2048}};

/// bfloat16 keeps 8 bits: a sum of products of unit normals is off by some thousandths of its spread.
double tolerance_of(at::ScalarType type) { return type == at::kFloat ? 1e-3 : 0.05; }

Checked convolution_probe(const ConvShape& shape, at::ScalarType type) {
  const auto channels_last = at::MemoryFormat::ChannelsLast;
  const Tensor x = at::randn({1, shape.in, shape.side, shape.side}).to(type).contiguous(channels_last);
  const Tensor w = at::randn({shape.out, shape.in, 3, 3}).to(type).contiguous(channels_last);
  const auto run = [=] { return at::conv2d(x, w, {}, 1, 1); };
  const Tensor corner = at::conv2d(x.narrow(2, 0, 9).narrow(3, 0, 9).to(at::kDouble), w.to(at::kDouble), {}, 1, 1);
  const double error =
      agreement(run().narrow(2, 0, 8).narrow(3, 0, 8), corner.narrow(2, 0, 8).narrow(3, 0, 8), tolerance_of(type));
  return {[run] { run(); }, 18.0 * static_cast<double>(shape.in * shape.out * shape.side * shape.side), error};
}

Checked product_probe(const GemmShape& shape, at::ScalarType type) {
  const Tensor a = at::randn({shape.m, shape.k}).to(type), b = at::randn({shape.n, shape.k}).to(type);
  const auto run = [=] { return at::linear(a, b); };
  const double error = agreement(run().narrow(0, 0, 8),
                                 at::linear(a.narrow(0, 0, 8).to(at::kDouble), b.to(at::kDouble)), tolerance_of(type));
  return {[run] { run(); }, 2.0 * static_cast<double>(shape.m * shape.k * shape.n), error};
}

}  // namespace

void peak_cases() {
  for (const auto& [name, type] : kPrecisions) {
    for (const ConvShape& shape : kConvolutions)
      measure(fmt::format("peak/conv3x3/{}-{}/s{}/{}", shape.in, shape.out, shape.side, name),
              [shape, t = type] { return convolution_probe(shape, t); });
    for (const GemmShape& shape : kProducts)
      measure(fmt::format("peak/gemm/{}x{}x{}/{}", shape.m, shape.k, shape.n, name),
              [shape, t = type] { return product_probe(shape, t); });
  }
}

}  // namespace thor::bench
