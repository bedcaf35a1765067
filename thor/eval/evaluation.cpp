// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/evaluation.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/base/random.h"
#include "thor/data/preprocess.h"
#include "thor/data/split.h"
#include "thor/eval/map_folder.h"
#include "thor/image/image.h"

namespace thor {
namespace {

constexpr int64_t kSizeGrid = 128;  // the grid lesion sizes are stated on
constexpr const char* kAll = "all";

/// One compared case: map values and truth on the grid of the comparison, flat.
struct Case {
  std::string name, group;
  int64_t lesion_pixels = 0;
  bool lesion = false;
  Tensor map, truth;
};

/// Size groups of METHODS 10; "" outside of them.
std::string size_group(int64_t pixels) {
  if (pixels > 3 && pixels <= 71) return "small";
  if (pixels > 71 && pixels <= 570) return "medium";
  if (pixels > 570 && pixels <= 10000) return "large";
  return {};
}

/// Pad centred to a square and resize, as images are prepared. Values outside [0,1] stay.
Tensor map_to_network_grid(const Tensor& map, int64_t size) {  // [H,W] -> [size,size]
  const int64_t height = map.size(0), width = map.size(1), side = std::max(height, width);
  Tensor square = at::full({side, side}, map.min().item<float>(), map.options());
  square.narrow(0, (side - height) / 2, height).narrow(1, (side - width) / 2, width).copy_(map);
  return at::upsample_bilinear2d(square.view({1, 1, side, side}), {size, size}, /*align_corners=*/false)[0][0];
}

Tensor read_truth(const SplitRow& row, const Tensor& map) {  // -> [H,W], 0 or 1
  if (row.mask.empty()) return at::zeros_like(map);
  const Image image = read_image(row.mask);
  const Tensor mask = image.voxels[0].ne(0).to(at::kFloat);
  if (mask.sizes() != map.sizes())
    fail_input("mask '{}' is {}, but the map of '{}' is {}; both must have the image's own size", row.mask,
               shape_text(mask.sizes()), row.name, shape_text(map.sizes()));
  return mask;
}

Case compare(const SplitRow& row, const MapEntry& entry, bool native) {
  const Tensor map = read_map(entry), truth = read_truth(row, map);
  Case one;
  one.name = row.name;
  one.lesion = truth.max().item<float>() > 0;
  one.lesion_pixels = mask_to_network_grid(truth, kSizeGrid).sum().item<int64_t>();
  if (one.lesion) one.group = row.group.empty() ? size_group(one.lesion_pixels) : row.group;
  one.map = (native ? map : map_to_network_grid(map, entry.network_size)).flatten();
  one.truth = (native ? truth : mask_to_network_grid(truth, entry.network_size)).flatten();
  return one;
}

/// The size groups in their order, other groups of the CSV as they come, then all.
std::vector<std::string> group_names(const std::vector<Case>& cases) {
  std::vector<std::string> names;
  const auto present = [&](const std::string& group) {
    return std::any_of(cases.begin(), cases.end(), [&](const Case& one) { return one.group == group; });
  };
  for (const char* group : {"small", "medium", "large"})
    if (present(group)) names.push_back(group);
  for (const Case& one : cases)
    if (!one.group.empty() && one.group != kAll && std::find(names.begin(), names.end(), one.group) == names.end())
      names.push_back(one.group);
  names.push_back(kAll);
  return names;
}

/// The 95 % interval of the mean, from 2000 resamples of the cases.
std::pair<double, double> bootstrap_interval(const std::vector<double>& values) {
  constexpr int64_t kResamples = 2000;
  if (values.empty()) return {0, 0};
  Random random({0, values.size(), 0, Purpose::Shuffle, 0});
  Tensor means = at::empty({kResamples}, at::kDouble);
  auto mean = means.accessor<double, 1>();
  for (int64_t i = 0; i < kResamples; ++i) {
    double sum = 0;
    for (size_t k = 0; k < values.size(); ++k) sum += values[random.below(values.size())];
    mean[i] = sum / static_cast<double>(values.size());
  }
  return {percentile(means, 2.5), percentile(means, 97.5)};
}

GroupScores score_group(const std::string& group, std::vector<const Case*> members, std::vector<double>& case_dice) {
  std::vector<Tensor> maps, truths;
  for (const Case* one : members) {
    maps.push_back(one->map);
    truths.push_back(one->truth);
  }
  const Tensor map = at::cat(maps), truth = at::cat(truths);
  GroupScores scores;
  scores.group = group;
  scores.cases = static_cast<int64_t>(members.size());
  scores.oracle = best_dice(map, truth);
  scores.auprc = average_precision(map, truth);
  scores.auroc = auroc(map, truth);
  for (const Case* one : members)
    if (one->lesion) case_dice.push_back(dice(one->map, one->truth, scores.oracle.threshold));
  const double sum = std::accumulate(case_dice.begin(), case_dice.end(), 0.0);
  scores.mean_case_dice = case_dice.empty() ? 0 : sum / static_cast<double>(case_dice.size());
  std::tie(scores.case_dice_low, scores.case_dice_high) = bootstrap_interval(case_dice);
  return scores;
}

std::vector<Case> compare_all(const std::vector<SplitRow>& rows, const MapFolder& maps, bool native, int64_t& missing) {
  std::map<std::string, int64_t> stem_count;
  for (const SplitRow& row : rows) ++stem_count[stem_of(row.image)];
  std::vector<Case> cases;
  Progress progress("comparing", static_cast<int64_t>(rows.size()));
  for (const SplitRow& row : rows) {
    if (interrupted()) fail_input("stopped on request after {} of {} cases", cases.size(), rows.size());
    if (const MapEntry* entry = maps.find(row, stem_count))
      cases.push_back(
          with_context(fmt::format("comparing '{}'", row.name), [&] { return compare(row, *entry, native); }));
    else
      ++missing;
    progress.advance();
  }
  return cases;
}

}  // namespace

Evaluation evaluate(const std::string& maps_folder, const std::string& truth_csv, bool native) {
  const auto rows = read_split(truth_csv);
  const MapFolder maps(maps_folder);
  Evaluation evaluation;
  evaluation.native = native;
  const auto cases = compare_all(rows, maps, native, evaluation.missing);
  if (cases.empty())
    fail_input("none of the {} images of '{}' has a map in '{}'; detect them first, e.g. the first: '{}'", rows.size(),
               truth_csv, maps_folder, rows[0].name);
  for (const Case& one : cases) evaluation.cases.push_back({one.name, one.group, one.lesion_pixels, 0});

  for (const std::string& group : group_names(cases)) {
    std::vector<const Case*> members;
    std::vector<size_t> places;  // of the members with a lesion
    for (size_t i = 0; i < cases.size(); ++i) {
      if (group != kAll && cases[i].group != group) continue;
      members.push_back(&cases[i]);
      if (cases[i].lesion) places.push_back(i);
    }
    std::vector<double> case_dice;
    evaluation.groups.push_back(score_group(group, members, case_dice));
    for (size_t k = 0; k < places.size(); ++k)
      if (group != kAll || cases[places[k]].group.empty()) evaluation.cases[places[k]].dice = case_dice[k];
  }
  return evaluation;
}

}  // namespace thor
