// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/base/tensor.h"
#include "thor/data/boxes.h"
#include "thor/eval/evaluation.h"

namespace thor {

/// The smallest value >= 0 that at most `rate` of the pixels exceed, as the mean over maps of each map's share: the
/// threshold at a false-positive rate where the maps are of healthy images. Exact: it is 0 or a value of a map.
/// `maps` float32 [H,W] >= 0, of any sizes. Throws Usage: a rate outside [0,1); Input: no maps, a negative value.
double threshold_at_rate(const std::vector<Tensor>& maps, double rate);
/// Mean over maps of the share of pixels above `threshold`.
double mean_share_above(const std::vector<Tensor>& maps, double threshold);

/// What the boxes of one image (or those with one label) got. Shares are 0 or in [0,1].
struct LocalizationScore {
  double share = 0;             ///< of the pixels in the boxes that are above the threshold
  bool found = false;           ///< more than kFoundShare of them
  int64_t false_positives = 0;  ///< 0..kMaxFalsePositives
  double precision = 0, recall = 0, f1 = 0;
};
inline constexpr double kFoundShare = 0.1;
inline constexpr int64_t kMaxFalsePositives = 10;

/// METHODS 10. `map` float32 [H,W] >= 0; `inside` the union of the boxes looked at, `outside` what is in no box of the
/// image, whatever its label: bool [H,W]. False positives: how many times the map's sum outside holds its sum inside.
LocalizationScore score_boxes(const Tensor& map, const Tensor& inside, const Tensor& outside, double threshold);

/// One pathology; "all" holds every image once, with all of its boxes.
struct LocalizationGroup {
  std::string label;
  int64_t images = 0;
  Interval recall, precision, f1;  ///< means over images
};
struct LocalizedImage {
  std::string name, label;
  LocalizationScore score;
};

struct Localization {
  double rate = 0;       ///< requested
  double threshold = 0;  ///< that keeps to it
  double realized = 0;   ///< mean share of the healthy maps' pixels above it
  int64_t healthy_maps = 0;
  int64_t without_boxes = 0;  ///< images of the table that are healthy: the protocol does not ask about them
  bool native = false;        ///< compared on each image's own grid
  std::vector<LocalizationGroup> groups;
  std::vector<LocalizedImage> images;
  std::vector<BoxRemark> left_out;  ///< boxes that cannot be used, images without a map, maps without an image
  std::vector<BoxRemark> notes;
  JsonText to_json() const;
  std::string table() const;  ///< for people
};

struct LocalizationOptions {
  std::string maps, healthy;        ///< folders that `detect` wrote
  std::string boxes;                ///< see read_boxes
  double rate = 0.05;               ///< false positives among healthy pixels
  std::vector<std::string> ignore;  ///< labels that mark nothing abnormal, e.g. the side marker
  bool native = false;
  RunContext* context = nullptr;  ///< null = that of the calling thread
};
/// The X-ray protocol of the paper (docs/methods/localization.md). Throws Input: no image that can be scored, maps of
/// different models or settings, an unreadable map.
Localization localize(const LocalizationOptions& options);

}  // namespace thor
