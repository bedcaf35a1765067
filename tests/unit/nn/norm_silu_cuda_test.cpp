// SPDX-License-Identifier: Apache-2.0
// The GPU's GroupNorm and SiLU, block by block and thread by thread on the CPU: everything but the launches.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/support.h"
#include "thor/nn/kernel/norm_bundle_blocks.h"
#include "thor/nn/kernel/norm_silu.h"

using at::Tensor;
using namespace thor;
using thor::test::max_abs_diff;

namespace {

struct Case {
  int64_t images, channels, height, width, groups;
  bool offset;
};

const Case kCases[] = {
    {2, 128, 17, 19, 32, true},   // the network's, pixels that fill no share
    {1, 256, 16, 16, 32, false},  // shares beyond one
    {2, 48, 5, 7, 3, true},       // whole groups do not fill a bundle
    {3, 6, 9, 9, 2, true},        // channels that fill no 16 bytes
    {1, 4096, 3, 3, 32, false},   // more channels than threads, groups of 128
    {2, 32, 1, 1, 32, false},     // a single pixel
};

struct World {
  cuda::NormArguments arguments;
  Tensor x, offset, weight, bias, y, dy, dx, partial, statistics, gradients;

  World(const Case& c, at::ScalarType type) {
    at::manual_seed(7);
    const auto last = at::MemoryFormat::ChannelsLast;
    x = (at::randn({c.images, c.channels, c.height, c.width}) * 2 + 30).to(type).contiguous(last);
    dy = at::randn(x.sizes()).to(type).contiguous(last);
    y = at::empty(x.sizes(), x.options(), last);
    dx = at::empty(x.sizes(), x.options(), last);
    if (c.offset) offset = at::randn({c.images, c.channels});
    weight = at::rand({c.channels}) + 0.5;
    bias = at::randn({c.channels});
    auto& a = arguments;
    a.shape = {c.images, c.height * c.width, static_cast<int>(c.channels), static_cast<int>(c.groups)};
    a.bfloat16 = type == at::kBFloat16;
    a.weight = weight.data_ptr<float>();
    a.bias = bias.data_ptr<float>();
    a.offset = c.offset ? offset.data_ptr<float>() : nullptr;
    a.x = x.data_ptr();
    a.y = y.data_ptr();
    a.dy = dy.data_ptr();
    a.dx = dx.data_ptr();
    partial = at::full({c.images, a.shape.shares(), 2, c.channels}, NAN);
    statistics = at::full({c.images, 3, c.channels}, NAN);
    gradients = at::full({c.images, 5, c.channels}, NAN);
    a.partial = partial.data_ptr<float>();
    a.statistics = statistics.data_ptr<float>();
    a.gradients = gradients.data_ptr<float>();
  }
};

// Every block of a grid over pixels, every thread of it.
template <int V, class Phase>
void over_pixels(const cuda::NormArguments& a, Phase phase) {
  const int chunks = (a.shape.channels / V + cuda::kThreads - 1) / cuda::kThreads;
  for (int chunk = 0; chunk < chunks; ++chunk)
    for (int64_t image = 0; image < a.shape.images; ++image)
      for (int share = 0; share < a.shape.shares(); ++share)
        phase([&](int thread) { return cuda::place_of<V>(a.shape, image, share, chunk, thread); });
}

template <class Phase>
void each_thread(Phase phase) {
  for (int thread = 0; thread < cuda::kThreads; ++thread) phase(thread);
}

template <class T, int V, bool backward>
void emulate(const cuda::NormArguments& a) {
  over_pixels<V>(a, [&](const auto& place) {
    std::vector<cuda::Sums<V>> all(cuda::kThreads);
    each_thread([&](int thread) {
      all[thread] = backward ? cuda::sum_gradients<T, V>(a, place(thread)) : cuda::sum_values<T, V>(a, place(thread));
    });
    each_thread([&](int thread) { cuda::add_rows<V>(a, place(thread), thread, all.data()); });
  });
  for (int64_t image = 0; image < a.shape.images; ++image)
    for (int bundle = 0; bundle < a.shape.bundles(); ++bundle) {
      const auto memory = std::make_unique<cuda::BundleMemory>();
      const cuda::Bundle b = cuda::bundle_of(a.shape, image, bundle);
      each_thread([&](int thread) { cuda::add_shares(a, b, thread, *memory); });
      each_thread([&](int thread) { cuda::add_slices(b, thread, *memory); });
      each_thread([&](int thread) {
        backward ? cuda::gradients_of_groups(a, b, thread, *memory) : cuda::moments_of_groups<T>(a, b, thread, *memory);
      });
      each_thread([&](int thread) {
        backward ? cuda::write_channel_gradients(a, b, thread, *memory)
                 : cuda::write_statistics<T>(a, b, thread, *memory);
      });
    }
  over_pixels<V>(a, [&](const auto& place) {
    each_thread([&](int thread) {
      backward ? cuda::write_gradients<T, V>(a, place(thread)) : cuda::write_result<T, V>(a, place(thread));
    });
  });
}

template <bool backward>
void emulate_as_launched(const cuda::NormArguments& a) {
  if (a.bfloat16)
    a.shape.channels % 8 == 0 ? emulate<cuda::Bf16, 8, backward>(a) : emulate<cuda::Bf16, 1, backward>(a);
  else
    a.shape.channels % 4 == 0 ? emulate<float, 4, backward>(a) : emulate<float, 1, backward>(a);
}

// libtorch's own composition, in double precision.
Tensor reference(const Case& c, const Tensor& x, const Tensor& offset, const Tensor& weight, const Tensor& bias) {
  const Tensor sum = offset.defined() ? x + offset.unsqueeze(2).unsqueeze(3) : x;
  return at::silu(at::group_norm(sum, c.groups, weight, bias, 1e-6));
}

}  // namespace

TEST(GroupNormOnTheGpu, NormalizesAsTheReferenceThreadByThread) {
  for (const Case& c : kCases)
    for (const auto type : {at::kFloat, at::kBFloat16}) {
      World w(c, type);
      emulate_as_launched<false>(w.arguments);
      const Tensor offset = w.offset.defined() ? w.offset.to(at::kDouble) : Tensor();
      const Tensor expected =
          reference(c, w.x.to(at::kDouble), offset, w.weight.to(at::kDouble), w.bias.to(at::kDouble));
      EXPECT_LT(max_abs_diff(w.y, expected), type == at::kFloat ? 2e-5 : 4e-2)
          << c.channels << " channels, " << c.groups << " groups, " << toString(type);
    }
}

TEST(GroupNormOnTheGpu, LeadsGradientsBackAsTheReferenceThreadByThread) {
  for (const Case& c : kCases) {
    if (c.height * c.width * c.channels / c.groups < 8) continue;  // nothing is left of a gradient but rounding
    World w(c, at::kFloat);
    emulate_as_launched<false>(w.arguments);
    emulate_as_launched<true>(w.arguments);
    const auto leaf = [](const Tensor& t) { return t.to(at::kDouble).detach().requires_grad_(); };
    const Tensor x = leaf(w.x), weight = leaf(w.weight), bias = leaf(w.bias);
    const Tensor offset = w.offset.defined() ? leaf(w.offset) : Tensor();
    (reference(c, x, offset, weight, bias) * w.dy.to(at::kDouble)).sum().backward();
    const auto sums = w.gradients.unbind(1);
    EXPECT_LT(max_abs_diff(w.dx, x.grad()), 2e-5) << c.channels;
    EXPECT_LT(max_abs_diff(sums[2].sum(0), weight.grad()), 2e-3) << c.channels;
    EXPECT_LT(max_abs_diff(sums[3].sum(0), bias.grad()), 2e-3) << c.channels;
    if (offset.defined()) {
      EXPECT_LT(max_abs_diff(sums[4], offset.grad()), 2e-3) << c.channels;
    }
  }
}

TEST(GroupNormOnTheGpu, GivesAnImageTheSameBitsAloneAndInABatch) {
  World both({2, 64, 33, 31, 32, true}, at::kFloat);
  emulate_as_launched<false>(both.arguments);
  World alone({2, 64, 33, 31, 32, true}, at::kFloat);
  alone.arguments.shape.images = 1;
  alone.arguments.x = both.x[1].data_ptr();
  alone.arguments.offset = both.offset[1].data_ptr<float>();
  emulate_as_launched<false>(alone.arguments);
  EXPECT_TRUE(alone.y[0].equal(both.y[1]));
}

TEST(GroupNormOnTheGpu, TakesWhatItsBlocksCanHold) {
  EXPECT_TRUE(cuda::takes({64, 128 * 128, 256, 32}));
  EXPECT_TRUE(cuda::takes({1, 1, 256, 1}));
  EXPECT_FALSE(cuda::takes({1, 1, 512, 1}));         // a group of 512 channels
  EXPECT_FALSE(cuda::takes({1, 1, 48, 32}));         // groups that do not divide
  EXPECT_FALSE(cuda::takes({100'000, 1, 256, 32}));  // more images than a grid has rows
}
