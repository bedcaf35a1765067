// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <map>

#include "thor/data/preprocess.h"
#include "thor/data/split.h"
#include "thor/eval/evaluation.h"
#include "thor/eval/map_set.h"
#include "thor/eval/truth.h"
#include "thor/image/image.h"

namespace thor {
namespace {

ScoredCase case_of_set(const MapSet& set, size_t place, const SplitRow& row) {
  return scored_or_problem(row.name, [&](ScoredCase& one) {
    const auto i = static_cast<int64_t>(place);
    const Truth truth = read_truth(row, read_as_detected(set, row));
    const Tensor mask = truth.mask[0];
    one.group = row.group;
    one.note = truth.note;
    one.score = set.scores[place];
    one.lesion_pixels = lesion_pixels_of(mask);
    one.map = set.maps[i];
    one.truth = mask_to_network_grid(mask, set.maps.size(1));
    one.image = set.images[i];
    if (set.network_calls == 0) return;  // nothing was restored
    one.pseudo_healthy = set.pseudo_healthy[i];
  });
}

std::string why_without_map(const MapSet& set, const SplitRow& row) {
  for (const CaseFailure& failure : set.failed)
    if (failure.input == row.image) return failure.message;
  return "no map; detect it first";
}

}  // namespace

Evaluation evaluate_set(const MapSet& set, const std::vector<SplitRow>& rows, const EvaluationConfig& config,
                        const std::vector<NamedThreshold>& thresholds) {
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < set.names.size(); ++i) places[set.names[i]] = i;
  const auto source = [&](size_t i) {
    const auto place = places.find(rows[i].name);
    if (place != places.end()) return case_of_set(set, place->second, rows[i]);
    ScoredCase missing;
    missing.name = rows[i].name;
    missing.problem = why_without_map(set, rows[i]);
    return missing;
  };
  Evaluation evaluation = evaluate_cases(rows.size(), source, config, thresholds);
  for (const SplitRow& row : rows) places.erase(row.name);
  for (const auto& [name, place] : places)
    evaluation.left_out.push_back({name, "no row of the truth; its map is not compared"});
  return evaluation;
}

}  // namespace thor
