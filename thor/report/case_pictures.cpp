// SPDX-License-Identifier: Apache-2.0
#include "thor/report/case_pictures.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/data/mask_grid.h"
#include "thor/data/preprocess.h"
#include "thor/image/image.h"
#include "thor/image/overlay.h"
#include "thor/report/figure_table.h"

namespace thor {
namespace {

const Evaluation& first_seed(const ComparedRow& row) { return row.cells.at(0)->evaluation; }

void add_found(PageCase& shown, const ComparedRow& row, const MapSet& set, CaseDetail detail, const std::string& name) {
  const int64_t i = place_of(set, name);
  if (i < 0) return;
  if (detail == CaseDetail::MapsAndPseudoHealthy)
    shown.pictures.emplace_back(row.name + ": pseudo-healthy", set.pseudo_healthy[i]);
  shown.pictures.emplace_back(row.name + ": map", heat(to_own_maximum(set.maps[i])));
}

/// Dice of a case by its name; "-" where a row does not have it.
std::string dice_text(const ComparedRow& row, const std::string& name) {
  for (const CaseScores& one : first_seed(row).cases)
    if (one.name == name) return one.lesion && !one.dice.empty() ? percent(one.dice[0]) : "-";
  return "-";
}

}  // namespace

std::vector<const CaseScores*> ranked_cases(const ComparedRow& row) {
  std::vector<const CaseScores*> ranked;
  for (const CaseScores& one : first_seed(row).cases)
    if (one.lesion && !one.dice.empty()) ranked.push_back(&one);
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const CaseScores* a, const CaseScores* b) { return a->dice[0] > b->dice[0]; });
  return ranked;
}

int64_t place_of(const MapSet& set, const std::string& name) {
  const auto found = std::find(set.names.begin(), set.names.end(), name);
  return found == set.names.end() ? -1 : found - set.names.begin();
}

Tensor to_own_maximum(const Tensor& map) { return map / map.max().clamp_min(1e-12); }

Tensor mask_of(const std::vector<SplitRow>& truth, const MapSet& set, int64_t i) {
  const int64_t size = set.images.size(1);
  for (const SplitRow& row : truth)
    if (row.name == set.names[static_cast<size_t>(i)] && !row.mask.empty())
      return mask_to_network_grid(read_mask_of(row.mask, read_as_detected(set, row)).voxels[0], size);
  return at::zeros({size, size});
}

std::vector<PageCase> telling_cases(const std::vector<ComparedRow>& rows, const std::vector<SplitRow>& truth,
                                    CaseDetail detail) {
  const auto ranked = ranked_cases(rows.at(0));
  if (ranked.empty()) return {};
  std::vector<std::pair<std::string, size_t>> chosen{{"Best", 0}};
  if (ranked.size() > 2) chosen.emplace_back("Median", ranked.size() / 2);
  if (ranked.size() > 1) chosen.emplace_back("Worst", ranked.size() - 1);

  std::vector<PageCase> cases;
  for (const auto& [rank, place] : chosen) {
    const CaseScores& one = *ranked[place];
    cases.push_back({fmt::format("{} of {}: {}", rank, rows[0].name, one.name),
                     fmt::format("{} lesion of {} pixels (128 grid), Dice {} %",
                                 one.group.empty() ? "other" : one.group, one.lesion_pixels, percent(one.dice[0])),
                     {}});
  }
  for (const ComparedRow& row : rows) {  // one set of maps in memory at a time
    const MapSet set = maps_of(*row.cells.at(0));
    for (size_t k = 0; k < cases.size(); ++k) {
      const std::string& name = ranked[chosen[k].second]->name;
      if (const int64_t i = place_of(set, name); cases[k].pictures.empty() && i >= 0) {
        cases[k].pictures.emplace_back("input", set.images[i]);
        cases[k].pictures.emplace_back("truth", overlay(set.images[i], mask_of(truth, set, i)));
      }
      add_found(cases[k], row, set, detail, name);
    }
  }
  return cases;
}

PageTable case_table(const std::vector<ComparedRow>& rows) {
  std::vector<std::string> names, groups, pixels;
  for (const CaseScores& one : first_seed(rows.at(0)).cases) {
    names.push_back(one.name);
    groups.push_back(one.lesion ? (one.group.empty() ? "other" : one.group) : "healthy");
    pixels.push_back(std::to_string(one.lesion_pixels));
  }
  FigureTable table("Oracle Dice % of every case, first seed", "case", names);
  table.add_text("group", groups);
  table.add_text("lesion pixels", pixels);
  for (const ComparedRow& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& name : names) cells.push_back(dice_text(row, name));
    table.add_text(row.name, cells);
  }
  return table.page_table();
}

}  // namespace thor
