// SPDX-License-Identifier: Apache-2.0
#include "thor/nn/kernel/tiled_attention.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "thor/base/error.h"
#include "thor/nn/kernel/parallel_for.h"
#include "thor/nn/kernel/tile_product.h"
#include "thor/nn/kernel/vectorized.h"

namespace thor {
namespace {

#ifdef THOR_TILES

constexpr int64_t kQueries = 96, kKeys = 256;  // of a block: all that a block needs fits a megabyte of L2

/// Sizes of one call. A unit is 32 bits: a float, or two bfloat16 that are multiplied together.
struct Sizes {
  int64_t images, pixels, channels, heads, depth;  // depth: channels of a head
  int64_t per_unit;
  int64_t depth_units() const { return (depth + per_unit - 1) / per_unit; }
  int64_t depth_panels() const { return (depth + kTileColumns - 1) / kTileColumns; }
  int64_t key_panels() const { return (pixels + kTileColumns - 1) / kTileColumns; }
  int64_t key_blocks() const { return (pixels + kKeys - 1) / kKeys; }
  int64_t query_blocks() const { return (pixels + kQueries - 1) / kQueries; }
  int64_t multiplications() const { return 2 * images * pixels * pixels * channels; }
};

/// One head of one image: rows of pixels.
template <class T>
struct Rows {
  const T* data;
  int64_t stride;
  const T* operator[](int64_t pixel) const { return data + pixel * stride; }
};

template <class T>
Rows<T> rows_of(const Tensor& x, int64_t image, int64_t head, int64_t depth) {
  return {x.data_ptr<T>() + image * x.stride(0) + head * depth, x.stride(1)};
}

/// Keys and values of all heads as the products want them. keys: panels of keys, [depth unit][key of the panel];
/// values: for each block of keys panels of channels, [unit of keys][channel of the panel].
struct Packed {
  Tensor keys, values;           // int32
  int64_t key_head, value_head;  // units
};

template <class T>
void pack_keys(const Rows<T>& keys, const Sizes& s, int64_t panel, uint32_t* to) {
  constexpr int64_t kPerUnit = sizeof(uint32_t) / sizeof(T);
  const int64_t first = panel * kTileColumns, count = std::min(kTileColumns, s.pixels - first);
  std::fill_n(to, s.depth_units() * kTileColumns, 0u);
  for (int64_t key = 0; key < count; ++key) {
    const T* from = keys[first + key];
    for (int64_t unit = 0; unit < s.depth / kPerUnit; ++unit)
      std::memcpy(to + unit * kTileColumns + key, from + unit * kPerUnit, sizeof(uint32_t));
    if (s.depth % kPerUnit != 0)
      std::memcpy(to + (s.depth_units() - 1) * kTileColumns + key, from + s.depth - 1, sizeof(T));
  }
}

/// One row of units of values: a key's own in float32, those of two keys in bfloat16; the last may stand alone.
void pack_row(const float* values, const float*, int64_t width, uint32_t* to) {
  std::memcpy(to, values, width * sizeof(float));
}
void pack_row(const c10::BFloat16* values, const c10::BFloat16* next, int64_t width, uint32_t* to) {
  for (int64_t c = 0; c < width; ++c)
    to[c] = static_cast<uint32_t>(values[c].x) | (next ? static_cast<uint32_t>(next[c].x) << 16 : 0u);
}

template <class T>
void pack_values(const Rows<T>& values, const Sizes& s, int64_t block, uint32_t* to) {
  const int64_t first = block * kKeys, count = std::min(kKeys, s.pixels - first), units = kKeys / s.per_unit;
  for (int64_t panel = 0; panel < s.depth_panels(); ++panel, to += units * kTileColumns) {
    const int64_t channel = panel * kTileColumns, width = std::min(kTileColumns, s.depth - channel);
    if (width < kTileColumns) std::fill_n(to, units * kTileColumns, 0u);
    for (int64_t key = 0; key < count; key += s.per_unit) {
      const T* next = key + 1 < count ? values[first + key + 1] + channel : nullptr;
      pack_row(values[first + key] + channel, next, width, to + key / s.per_unit * kTileColumns);
    }
  }
}

/// What one thread works with.
template <class T>
struct Bench {
  std::vector<uint32_t> queries, weights;  // [kQueries, units]
  std::vector<float> scores, sums;         // [kQueries, kKeys], [kQueries, padded depth]
  std::vector<SoftRow> rows;
  explicit Bench(const Sizes& s)
      : queries(kQueries * s.depth_units()),
        weights(kQueries * kKeys / s.per_unit),
        scores(kQueries * kKeys),
        sums(kQueries * s.depth_panels() * kTileColumns),
        rows(kQueries) {}
};

/// Attention of a block of queries of one head to all its keys.
template <class T>
void attend(const Sizes& s, const Rows<T>& queries, int64_t first, const uint32_t* keys, const uint32_t* values,
            Bench<T>& bench, T* to) {
  const int64_t count = std::min(kQueries, s.pixels - first), padded_depth = s.depth_panels() * kTileColumns;
  const int64_t key_units = kKeys / s.per_unit;
  const float scale = 1 / std::sqrt(static_cast<float>(s.depth));
  std::fill(bench.queries.begin(), bench.queries.end(), 0u);
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(bench.queries.data() + i * s.depth_units(), queries[first + i], s.depth * sizeof(T));
  std::fill(bench.sums.begin(), bench.sums.end(), 0.0f);
  std::fill(bench.rows.begin(), bench.rows.end(), SoftRow{});
  for (int64_t block = 0; block < s.key_blocks(); ++block) {
    const int64_t here = std::min(kKeys, s.pixels - block * kKeys);
    for (int64_t panel = 0; panel * kTileColumns < here; ++panel)
      tile_product<T>({bench.queries.data(), s.depth_units()},
                      keys + (block * kKeys / kTileColumns + panel) * s.depth_units() * kTileColumns, s.depth_units(),
                      count, {bench.scores.data() + panel * kTileColumns, kKeys}, {});
    for (int64_t i = 0; i < count; ++i)
      soften_row<T>(bench.scores.data() + i * kKeys, here, scale, bench.rows[i], bench.weights.data() + i * key_units,
                    bench.sums.data() + i * padded_depth, padded_depth);
    for (int64_t panel = 0; panel < s.depth_panels(); ++panel) {
      const FloatRows sums{bench.sums.data() + panel * kTileColumns, padded_depth};
      tile_product<T>({bench.weights.data(), key_units},
                      values + (block * s.depth_panels() + panel) * key_units * kTileColumns,
                      (here + s.per_unit - 1) / s.per_unit, count, sums, sums);
    }
  }
  for (int64_t i = 0; i < count; ++i)
    for (int64_t c = 0; c < s.depth; ++c)
      store(bench.sums[i * padded_depth + c] / bench.rows[i].sum, to[(first + i) * s.channels + c]);
}

template <class T>
Packed pack(const Tensor& k, const Tensor& v, const Sizes& s) {
  const int64_t panel = s.depth_units() * kTileColumns;
  const int64_t block = s.depth_panels() * kKeys / s.per_unit * kTileColumns, all = s.images * s.heads;
  const auto integers = k.options().dtype(at::kInt);
  const Packed packed{at::empty({all * s.key_panels() * panel}, integers),
                      at::empty({all * s.key_blocks() * block}, integers), s.key_panels() * panel,
                      s.key_blocks() * block};
  auto* keys = reinterpret_cast<uint32_t*>(packed.keys.data_ptr<int>());
  auto* values = reinterpret_cast<uint32_t*>(packed.values.data_ptr<int>());
  parallel_for(all * s.key_blocks(), s.multiplications(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t at = i / s.key_blocks(), image = at / s.heads, head = at % s.heads, b = i % s.key_blocks();
      pack_values(rows_of<T>(v, image, head, s.depth), s, b, values + i * block);
      const int64_t last = std::min(s.key_panels(), (b + 1) * kKeys / kTileColumns);
      for (int64_t p = b * kKeys / kTileColumns; p < last; ++p)
        pack_keys(rows_of<T>(k, image, head, s.depth), s, p, keys + at * packed.key_head + p * panel);
    }
  });
  return packed;
}

template <class T>
Tensor attention_in_tiles(const Tensor& q, const Tensor& k, const Tensor& v, const Sizes& s) {
  const Tensor out = at::empty({s.images, s.pixels, s.channels}, q.options());
  const Packed packed = pack<T>(k, v, s);
  const auto* keys = reinterpret_cast<const uint32_t*>(packed.keys.data_ptr<int>());
  const auto* values = reinterpret_cast<const uint32_t*>(packed.values.data_ptr<int>());
  parallel_for(s.images * s.heads * s.query_blocks(), s.multiplications(), [&](int64_t begin, int64_t end) {
    Bench<T> bench(s);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t at = i / s.query_blocks(), image = at / s.heads, head = at % s.heads;
      attend<T>(s, rows_of<T>(q, image, head, s.depth), i % s.query_blocks() * kQueries, keys + at * packed.key_head,
                values + at * packed.value_head, bench,
                out.data_ptr<T>() + image * s.pixels * s.channels + head * s.depth);
    }
  });
  return out;
}

#endif

}  // namespace

#ifdef THOR_TILES

bool can_tile_attention(const Tensor& q) {
  return !at::GradMode::is_enabled() && q.device().is_cpu() && tiles_are_native() &&
         (q.scalar_type() == at::kFloat || q.scalar_type() == at::kBFloat16);
}

Tensor tiled_attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads) {
  const bool half = q.scalar_type() == at::kBFloat16;
  const Sizes sizes{q.size(0), q.size(1), q.size(2), heads, q.size(2) / heads, half ? 2 : 1};
  return half ? attention_in_tiles<c10::BFloat16>(q, k, v, sizes) : attention_in_tiles<float>(q, k, v, sizes);
}

#else

bool can_tile_attention(const Tensor&) { return false; }

Tensor tiled_attention(const Tensor&, const Tensor&, const Tensor&, int64_t) {
  fail(ErrorKind::Internal,
       "tiled attention needs a processor with AVX-512 and its bfloat16; ask can_tile_attention first");
}

#endif

}  // namespace thor
