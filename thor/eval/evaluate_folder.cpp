// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <set>

#include "thor/base/log.h"
#include "thor/data/preprocess.h"
#include "thor/data/split.h"
#include "thor/eval/calibrate.h"
#include "thor/eval/evaluation.h"
#include "thor/eval/truth.h"
#include "thor/eval/volume_truth.h"
#include "thor/image/image.h"
#include "thor/results/map_folder.h"

namespace thor {
namespace {

/// The rows of a truth and the maps of a folder, put together.
class FolderCases {
 public:
  FolderCases(const std::vector<SplitRow>& rows, const MapFolder& maps, bool native) : rows_(rows), native_(native) {
    std::map<std::string, int64_t> stem_count;
    for (const SplitRow& row : rows) ++stem_count[stem_of(row.image)];
    for (const SplitRow& row : rows) entries_.push_back(maps.find(row, stem_count));
  }

  /// Of each row, nullptr where it has none.
  const std::vector<const MapEntry*>& entries() const { return entries_; }

  ScoredCase open(size_t i) const {
    const SplitRow& row = rows_[i];
    return scored_or_problem(row.name, [&](ScoredCase& one) {
      if (!entries_[i]) fail_input("no map; detect it first");
      read(row, *entries_[i], one);
    });
  }

 private:
  void read(const SplitRow& row, const MapEntry& entry, ScoredCase& one) const {
    const Image image = read_map_image(entry);
    const Truth truth = read_truth(row, image);
    one.group = row.group;
    one.note = truth.note;
    one.score = entry.about.score;
    if (image.voxels.size(0) > 1) return compare_volume(image, truth.mask, entry, one);
    const Tensor map = image.voxels[0], mask = truth.mask[0];
    one.lesion_pixels = lesion_pixels_of(mask);
    one.map = native_ ? map : to_network_grid(map, entry.about.network_size);
    one.truth = native_ ? mask : mask_to_network_grid(mask, entry.about.network_size);
    if (entry.about.preprocess.empty()) return;
    try {
      read_pictures(row, entry, one);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Internal) throw;
      one.image = one.pseudo_healthy = Tensor();
      if (one.note.empty()) one.note = fmt::format("its restoration is not measured: {}", error.what());
    }
  }

  /// The image and, where there is one, its pseudo-healthy version in unit range, as the network saw them.
  void read_pictures(const SplitRow& row, const MapEntry& entry, ScoredCase& one) const {
    PreprocessConfig config;
    Fields(config).read_known(entry.about.preprocess.text);
    const Image image = read_image(row.image);
    const PreparedSlice prepared = preprocess(config, image);
    const auto to_unit = [&](const Tensor& native) {
      return ((native - prepared.black) / (prepared.white - prepared.black)).clamp(0, 1);
    };
    one.image = native_ ? to_unit(image.voxels[0]) : prepared.unit;
    if (one.image.sizes() != one.map.sizes())
      fail_input("as its sidecar says it was prepared it is {}, its map is {}", shape_text(one.image.sizes()),
                 shape_text(one.map.sizes()));
    if (entry.pseudo_healthy_path.empty()) return;
    const Image healthy = read_image(entry.pseudo_healthy_path);
    if (image.voxels.sizes() != healthy.voxels.sizes())
      fail_input("'{}' is {}, its image {}", entry.pseudo_healthy_path, shape_text(healthy.voxels.sizes()),
                 shape_text(image.voxels.sizes()));
    const Tensor restored =
        healthy.full_scale > 0 ? healthy.voxels[0] / healthy.full_scale : to_unit(healthy.voxels[0]);
    one.pseudo_healthy = native_ ? restored : to_network_grid(restored, config.size);
  }

  const std::vector<SplitRow>& rows_;
  bool native_;
  std::vector<const MapEntry*> entries_;
};

std::map<double, double> calibrated(const MapEntry& entry) {
  return entry.about.calibration ? entry.about.calibration->thresholds : std::map<double, double>{};
}

/// Thresholds that all maps with a mask were calibrated with, unless one of that label was brought along. A scan that
/// the check kept from having a mask counts at these thresholds like any other.
void add_calibrated(const std::vector<const MapEntry*>& entries, std::vector<NamedThreshold>& thresholds) {
  const MapEntry* first = nullptr;
  for (const MapEntry* one : entries) {
    if (!one || !one->about.calibration) continue;
    if (!first) first = one;
    if (calibrated(*one) == calibrated(*first)) continue;
    warn("'{}' and '{}' were calibrated differently: their calibrated thresholds are not used", first->sidecar,
         one->sidecar);
    return;
  }
  if (!first) return;
  for (const NamedThreshold& known : calibrated_thresholds(calibrated(*first)))
    if (std::none_of(thresholds.begin(), thresholds.end(),
                     [&](const NamedThreshold& one) { return one.label == known.label; }))
      thresholds.push_back(known);
}

/// Values of different detectors or settings share no scale.
void warn_of_mixed_makers(const std::vector<const MapEntry*>& entries) {
  const MapEntry* first = nullptr;
  for (const MapEntry* one : entries) {
    if (!one) continue;
    if (!first) first = one;
    if (one->made_by == first->made_by) continue;
    warn("'{}' and '{}' come from different models, detectors or settings; figures that pool them mean little",
         first->sidecar, one->sidecar);
    return;
  }
}

std::vector<LeftOut> maps_without_row(const MapFolder& maps, const std::vector<const MapEntry*>& used) {
  const std::set<const MapEntry*> known(used.begin(), used.end());
  std::vector<LeftOut> unused;
  for (const auto& [input, entry] : maps.entries())
    if (known.count(&entry) == 0) unused.push_back({input, "no row of the truth; its map is not compared"});
  return unused;
}

}  // namespace

Evaluation evaluate_folder(const std::string& maps_folder, const std::string& truth_csv, const EvaluationConfig& config,
                           const std::vector<NamedThreshold>& thresholds, bool native) {
  const RunScope scope(config.context);
  const auto rows = read_split(truth_csv);
  const MapFolder maps(maps_folder);
  const FolderCases cases(rows, maps, native);
  const auto& entries = cases.entries();
  if (std::none_of(entries.begin(), entries.end(), [](const MapEntry* entry) { return entry; }))
    fail_input("none of the {} images of '{}' has a map in '{}'; detect them first, e.g. the first: '{}'", rows.size(),
               truth_csv, maps_folder, rows[0].name);
  warn_of_mixed_makers(entries);
  std::vector<NamedThreshold> all = thresholds;
  add_calibrated(entries, all);
  Evaluation evaluation = evaluate_cases(
      rows.size(), [&](size_t i) { return cases.open(i); }, config, all);
  evaluation.native = native || evaluation.volumes;
  for (LeftOut& unused : maps_without_row(maps, entries)) evaluation.left_out.push_back(std::move(unused));
  return evaluation;
}

}  // namespace thor
