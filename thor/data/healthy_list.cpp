// SPDX-License-Identifier: Apache-2.0
#include "thor/data/healthy_list.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/data/lesion_mask.h"

namespace thor {

bool marks_lesion(const SplitRow& row) {
  return !row.mask.empty() && read_lesion_mask(row.mask).voxels.gt(0).any().item<bool>();
}

std::vector<std::string> names_of_sick(const std::vector<SplitRow>& rows) {
  std::vector<std::string> names;
  for (const SplitRow& row : rows)
    if (marks_lesion(row)) names.push_back(row.name);
  return names;
}

void check_healthy(const std::vector<SplitRow>& rows, const std::string& list) {
  const auto sick = with_context("reading the masks of '" + list + "'", [&] { return names_of_sick(rows); });
  if (!sick.empty())
    fail_input("{} of the {} scans of '{}' have a lesion in their mask, e.g. '{}'; list healthy scans only",
               sick.size(), rows.size(), list, sick[0]);
}

std::vector<SplitRow> read_healthy(const std::string& csv) {
  auto rows = read_split(csv);
  check_healthy(rows, csv);
  return rows;
}

}  // namespace thor
