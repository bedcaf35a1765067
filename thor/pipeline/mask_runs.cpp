// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/mask_runs.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "thor/base/error.h"

namespace thor {
namespace {

/// The runs row by row, and where each row's begin.
struct Rows {
  std::vector<MaskRun> runs;
  std::vector<size_t> begins;  ///< of row z * H + y; one more at the end
};

Rows rows_of(const Tensor& mask) {
  const Tensor bytes = mask.contiguous();
  const int64_t height = bytes.size(1), width = bytes.size(2), rows = bytes.size(0) * height;
  const uint8_t* voxels = bytes.data_ptr<uint8_t>();
  Rows result;
  for (int64_t row = 0; row < rows; ++row, voxels += width) {
    result.begins.push_back(result.runs.size());
    for (const uint8_t *at = voxels, *end = voxels + width; at != end;) {
      const uint8_t* first = std::find_if(at, end, [](uint8_t v) { return v != 0; });
      at = std::find(first, end, uint8_t{0});
      if (first != at) result.runs.push_back({row / height, row % height, first - voxels, at - voxels, 0});
    }
  }
  result.begins.push_back(result.runs.size());
  return result;
}

/// Sets that grow together; the smallest member stands for a set.
class Sets {
 public:
  explicit Sets(size_t count) : parents_(count) {
    for (size_t i = 0; i < count; ++i) parents_[i] = i;
  }
  size_t find(size_t i) {
    while (parents_[i] != i) i = parents_[i] = parents_[parents_[i]];
    return i;
  }
  void join(size_t a, size_t b) {
    const size_t of_a = find(a), of_b = find(b);
    parents_[std::max(of_a, of_b)] = std::min(of_a, of_b);
  }

 private:
  std::vector<size_t> parents_;
};

/// Joins the runs of two rows that touch, corners too.
void join_rows(const Rows& rows, int64_t a, int64_t b, Sets& sets) {
  size_t i = rows.begins[static_cast<size_t>(a)], j = rows.begins[static_cast<size_t>(b)];
  const size_t i_end = rows.begins[static_cast<size_t>(a) + 1], j_end = rows.begins[static_cast<size_t>(b) + 1];
  while (i < i_end && j < j_end) {
    const MaskRun &p = rows.runs[i], &q = rows.runs[j];
    if (p.begin <= q.end && q.begin <= p.end) sets.join(i, j);
    (p.end < q.end ? i : j)++;
  }
}

}  // namespace

std::vector<MaskRun> connected_runs(const Tensor& mask) {
  if (mask.dim() != 3 || mask.scalar_type() != at::kByte)
    fail(ErrorKind::Internal, "a mask is bytes [D,H,W], not {}", shape_text(mask.sizes()));
  Rows rows = rows_of(mask);
  Sets sets(rows.runs.size());
  const int64_t height = mask.size(1);
  for (int64_t z = 0; z < mask.size(0); ++z)
    for (int64_t y = 0; y < height; ++y) {
      const int64_t row = z * height + y;
      if (y > 0) join_rows(rows, row - 1, row, sets);
      for (int64_t below = std::max<int64_t>(0, y - 1); z > 0 && below < std::min(height, y + 2); ++below)
        join_rows(rows, (z - 1) * height + below, row, sets);
    }
  for (size_t i = 0; i < rows.runs.size(); ++i) rows.runs[i].component = sets.find(i);
  return std::move(rows.runs);
}

}  // namespace thor
