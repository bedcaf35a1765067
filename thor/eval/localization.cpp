// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/localization.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <set>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/data/preprocess.h"
#include "thor/eval/bootstrap.h"
#include "thor/results/map_folder.h"

namespace thor {
namespace {

constexpr const char* kAllBoxes = "all";

/// The table of boxes without the labels that are no pathology.
BoxTable relevant_boxes(const LocalizationOptions& options) {
  BoxTable table = read_boxes(options.boxes);
  const auto ignored = [&](const Box& box) {
    return std::find(options.ignore.begin(), options.ignore.end(), box.label) != options.ignore.end();
  };
  for (BoxedImage& image : table.images) {
    image.boxes.erase(std::remove_if(image.boxes.begin(), image.boxes.end(), ignored), image.boxes.end());
    for (const Box& box : image.boxes)
      if (box.label == kAllBoxes)
        fail_input("'{}' has the label '{}', which stands for all of them; rename it", options.boxes, kAllBoxes);
  }
  return table;
}

/// A threshold means nothing on the maps of another model.
void check_same_maker(const MapFolder& healthy, const MapFolder& maps) {
  const MapEntry& first = healthy.entries().begin()->second;
  for (const MapFolder* folder : {&healthy, &maps})
    for (const auto& [input, entry] : folder->entries())
      if (entry.made_by != first.made_by)
        fail_input("'{}' and '{}' come from different models, detectors or settings; detect all images alike",
                   first.sidecar, entry.sidecar);
}

void choose_threshold(const MapFolder& healthy, Localization& result) {
  std::vector<Tensor> maps;
  Progress progress("reading healthy maps", static_cast<int64_t>(healthy.entries().size()));
  for (const auto& [input, entry] : healthy.entries()) {
    throw_if_interrupted();
    const Tensor map = read_map(entry);
    maps.push_back(result.native ? map : to_network_grid(map, entry.about.network_size));
    progress.advance();
  }
  result.healthy_maps = static_cast<int64_t>(maps.size());
  result.threshold = threshold_at_rate(maps, result.rate);
  result.realized = mean_share_above(maps, result.threshold);
}

/// Scores one image for every label it has and for all of its boxes.
void score_image(const BoxedImage& image, const MapEntry& entry, Localization& result) {
  const Tensor native = read_map(entry);
  const int64_t height = native.size(0), width = native.size(1), size = entry.about.network_size;
  std::vector<Box> boxes = fit_boxes(image, height, width, result.notes);
  if (!result.native)
    for (Box& box : boxes) box = box_on_network_grid(box, height, width, size);
  const Tensor map = result.native ? native : to_network_grid(native, size);

  std::map<std::string, std::vector<Box>> by_label;
  for (const Box& box : boxes) by_label[box.label].push_back(box);
  by_label[kAllBoxes] = boxes;
  const Tensor outside = box_mask(boxes, map.size(0), map.size(1)).logical_not();
  for (const auto& [label, members] : by_label) {
    const Tensor inside = box_mask(members, map.size(0), map.size(1));
    result.images.push_back({image.name, label, score_boxes(map, inside, outside, result.threshold)});
  }
}

/// Scores what can be scored and lists the rest.
void score_images(const BoxTable& table, const MapFolder& maps, Localization& result) {
  std::map<std::string, int64_t> stem_count;
  for (const BoxedImage& image : table.images) ++stem_count[stem_of(image.image)];
  std::set<const MapEntry*> used;
  Progress progress("localizing", static_cast<int64_t>(table.images.size()));
  for (const BoxedImage& image : table.images) {
    throw_if_interrupted();
    progress.advance();
    const MapEntry* entry = maps.find({image.image, "", "", image.name, 0}, stem_count);
    used.insert(entry);
    try {
      if (!entry) fail_input("it has no map; detect it first");
      if (image.boxes.empty())
        ++result.without_boxes;
      else
        score_image(image, *entry, result);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Input) throw;
      result.left_out.push_back({image.name, error.what()});
    }
  }
  for (const auto& [input, entry] : maps.entries())
    if (used.count(&entry) == 0) result.left_out.push_back({input, "its map has no row in the table of boxes"});
}

LocalizationGroup summarize(const std::string& label, const std::vector<LocalizedImage>& images) {
  std::vector<double> recall, precision, f1;
  for (const LocalizedImage& one : images) {
    if (one.label != label) continue;
    recall.push_back(one.score.recall);
    precision.push_back(one.score.precision);
    f1.push_back(one.score.f1);
  }
  const EvaluationConfig config;
  return {label, static_cast<int64_t>(recall.size()), bootstrap_mean(recall, config), bootstrap_mean(precision, config),
          bootstrap_mean(f1, config)};
}

}  // namespace

Localization localize(const LocalizationOptions& options) {
  const RunScope scope(options.context);
  const BoxTable table = relevant_boxes(options);
  const MapFolder healthy(options.healthy), maps(options.maps);
  check_same_maker(healthy, maps);
  Localization result;
  result.native = options.native;
  result.rate = options.rate;
  result.left_out = table.refused;
  result.notes = table.notes;
  choose_threshold(healthy, result);
  score_images(table, maps, result);
  if (result.images.empty() && !result.left_out.empty())
    fail_input("no image of '{}' can be scored, e.g. '{}': {}", options.boxes, result.left_out[0].name,
               result.left_out[0].text);
  if (result.images.empty()) fail_input("no image of '{}' has a box to be found", options.boxes);

  std::set<std::string> labels;
  for (const LocalizedImage& one : result.images) labels.insert(one.label);
  labels.erase(kAllBoxes);
  for (const std::string& label : labels) result.groups.push_back(summarize(label, result.images));
  result.groups.push_back(summarize(kAllBoxes, result.images));
  return result;
}

}  // namespace thor
