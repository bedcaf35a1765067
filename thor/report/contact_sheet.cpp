// SPDX-License-Identifier: Apache-2.0
#include "thor/report/contact_sheet.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "thor/image/overlay.h"
#include "thor/report/case_pictures.h"

namespace thor {
namespace {

constexpr int64_t kBetweenBands = 8;  // pixels

Tensor gray(const Tensor& image) { return image.clamp(0, 1).unsqueeze(0).expand({3, -1, -1}); }

/// One case from top to bottom. [3,4S,S]
Tensor column(const MapSet& set, int64_t i, const std::vector<SplitRow>& truth) {
  const Tensor& image = set.images[i];
  const Tensor mask = mask_of(truth, set, i);
  return at::cat({gray(image), overlay(image, mask), gray(set.pseudo_healthy[i]), heat(to_own_maximum(set.maps[i]))},
                 1);
}

}  // namespace

Tensor contact_sheet(const ComparedRow& row, const std::vector<SplitRow>& truth, size_t each) {
  const auto ranked = ranked_cases(row);
  if (ranked.empty()) return {};
  const size_t count = std::min(each, ranked.size()), last = ranked.size() - count;
  const MapSet set = maps_of(*row.cells.at(0));
  std::vector<Tensor> bands;
  const std::set<size_t> starts{0, last / 2, last};  // few cases make one band
  for (const size_t first : starts) {
    std::vector<Tensor> columns;
    for (size_t k = first; k < first + count; ++k)
      if (const int64_t i = place_of(set, ranked[k]->name); i >= 0) columns.push_back(column(set, i, truth));
    if (!bands.empty()) bands.push_back(at::ones({3, kBetweenBands, bands[0].size(2)}));
    bands.push_back(at::cat(columns, 2));
  }
  return at::cat(bands, 1);
}

}  // namespace thor
