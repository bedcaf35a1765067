// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/kernel/deterministic.h"

#include <ATen/ATen.h>
#include <omp.h>

#include <algorithm>

#include "thor/nn/kernel/parallel_for.h"
#include "thor/nn/kernel/tile_product.h"
#include "thor/nn/kernel/tiled_convolution.h"

namespace thor {
namespace {

constexpr int64_t kProductRows = 192, kImageRows = 32;

/// BLAS, oneDNN and libtorch use one thread for what this thread calls, as long as this lives.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

/// Calls work(first, count) for blocks of rows that depend on `rows` and `at_most` alone, each on one thread: side by
/// side where `multiplications` are worth it, in a parallel region, within which the libraries use one thread each. A
/// single block would have no region around it, so there are always two.
template <class Work>
void in_blocks(int64_t rows, int64_t at_most, int64_t multiplications, Work work) {
  const int64_t block = std::min(at_most, (rows + 1) / 2), blocks = (rows + block - 1) / block;
  const auto some = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) work(i * block, std::min(block, rows - i * block));
  };
  if (multiplications >= kWorthThreads) return parallel_for(blocks, multiplications, some);
  const OneThread one;
  some(0, blocks);
}

#ifdef THOR_TILES
// One block of rows: start + [rows,K] times panels [P,1,K,kTileColumns] -> [rows,N]
void multiply_tiles(const Tensor& a, const Tensor& panels, const Tensor& start, const Tensor& out) {
  const int64_t rows = a.size(0), units = a.size(1), columns = out.size(1);
  const UnitRows from{static_cast<const uint32_t*>(a.data_ptr()), a.stride(0)};
  const Tensor rest = at::empty({rows, kTileColumns}, out.options());
  for (int64_t panel = 0; panel < panels.size(0); ++panel) {
    const int64_t first = panel * kTileColumns, width = std::min(kTileColumns, columns - first);
    const bool whole = width == kTileColumns;
    const FloatRows to = whole ? FloatRows{out.data_ptr<float>() + first, out.stride(0)}
                               : FloatRows{rest.data_ptr<float>(), kTileColumns};
    tile_product<float>(from, static_cast<const uint32_t*>(panels[panel].data_ptr()), units, rows, to,
                        {start.data_ptr<float>() + first, 0});
    if (!whole) out.narrow(1, first, width).copy_(rest.narrow(1, 0, width));
  }
}

Tensor product_in_tiles(const Tensor& a, const Tensor& b, const Tensor& bias) {
  const Tensor panels = tile_panels(b.t().contiguous().unsqueeze(1)), rows = a.contiguous();
  const Tensor start = at::zeros({panels.size(0) * kTileColumns}, a.options());
  if (bias.defined()) start.narrow(0, 0, b.size(1)).copy_(bias);
  const Tensor out = at::empty({a.size(0), b.size(1)}, a.options());
  in_blocks(a.size(0), kProductRows, out.numel() * b.size(0), [&](int64_t first, int64_t count) {
    multiply_tiles(rows.narrow(0, first, count), panels, start, out.narrow(0, first, count));
  });
  return out;
}
#endif

// Blocks of rows of the image, each with the rows next to it.
Tensor convolution_by_rows(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const int64_t reach = weight.size(2) / 2;
  const Tensor padded = at::constant_pad_nd(x.contiguous(at::MemoryFormat::ChannelsLast), {0, 0, reach, reach});
  const Tensor y =
      at::empty({x.size(0), weight.size(0), x.size(2), x.size(3)}, x.options(), at::MemoryFormat::ChannelsLast);
  in_blocks(x.size(2), kImageRows, y.numel() * x.size(1) * weight.size(2) * weight.size(3),
            [&](int64_t first, int64_t count) {
              const Tensor rows = padded.narrow(2, first, count + 2 * reach);
              y.narrow(2, first, count)
                  .copy_(at::conv2d(rows, weight, bias, at::IntArrayRef{1, 1}, at::IntArrayRef{0, reach}));
            });
  return y;
}

Tensor convolution_by_product(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Tensor pixels = x.permute({0, 2, 3, 1}).reshape({-1, x.size(1)});  // [NHW,Cin]
  const Tensor y = deterministic_product(pixels, weight.view({weight.size(0), -1}).t(), bias);
  return y.view({x.size(0), x.size(2), x.size(3), -1}).permute({0, 3, 1, 2});
}

}  // namespace

bool must_be_deterministic(const Tensor& weight) {
  return !at::GradMode::is_enabled() && weight.device().is_cpu() && weight.scalar_type() == at::kFloat;
}

Tensor deterministic_product(const Tensor& a, const Tensor& b, const Tensor& bias) {
#ifdef THOR_TILES
  if (tiles_are_native()) return product_in_tiles(a, b, bias);
#endif
  if (a.size(0) == 1) return deterministic_product(a.expand({2, a.size(1)}), b, bias).narrow(0, 0, 1);
  const Tensor out = at::empty({a.size(0), b.size(1)}, a.options());
  in_blocks(a.size(0), kProductRows, out.numel() * a.size(1), [&](int64_t first, int64_t count) {
    Tensor rows = out.narrow(0, first, count);
    at::mm_out(rows, a.narrow(0, first, count), b);
  });
  return bias.defined() ? out.add_(bias) : out;
}

Tensor deterministic_batch_product(const Tensor& a, const Tensor& b) {
  std::vector<Tensor> products;
  for (int64_t i = 0; i < a.size(0); ++i) products.push_back(deterministic_product(a[i], b[i]));
  return at::stack(products);
}

Tensor convolution(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t stride, int64_t padding) {
  const int64_t side = weight.size(2);
  if (must_be_deterministic(weight) && weight.size(3) == side && can_tile_convolution(weight))
    return tiled_convolution(x, weight, bias, {stride, padding});
  const bool keeps_size = stride == 1 && 2 * padding == side - 1 && weight.size(3) == side;
  if (!keeps_size || !must_be_deterministic(weight)) return at::conv2d(x, weight, bias, stride, padding);
  return side == 1 ? convolution_by_product(x, weight, bias) : convolution_by_rows(x, weight, bias);
}

}  // namespace thor
