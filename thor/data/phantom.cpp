// SPDX-License-Identifier: Apache-2.0
#include "thor/data/phantom.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/base/random.h"
#include "thor/data/phantom_anatomy.h"
#include "thor/data/phantom_lesion.h"
#include "thor/data/preprocess.h"
#include "thor/data/xray_anomaly.h"
#include "thor/data/xray_phantom.h"
#include "thor/image/image.h"

namespace thor {
namespace {

constexpr int64_t kMinSize = 32, kMaxSize = 1024, kMaxCases = 100'000;
/// Where the numbers of each set begin, so that no set holds a subject of another, whatever their sizes.
constexpr int64_t kFirstVal = 1'000'000, kFirstTest = 2'000'000, kFirstHealthy = 3'000'000;

LesionSize lesion_size(const std::string& group) {
  if (group == "small") return {3, 71};
  if (group == "medium") return {71, 570};
  if (group == "large") return {570, 10000};
  fail_usage("lesion '{}' is not one of small, medium, large", group);
}

/// A drawn subject: per pixel what it is, and its intensity.
struct Head {
  std::vector<HeadSample> samples;
  std::vector<float> image;
};

Head draw_head(int64_t size, Random& random) {
  const HeadAnatomy anatomy(random);
  const double pixel = 2 / static_cast<double>(size);
  Head head;
  for (int64_t i = 0; i < size * size; ++i) {
    const double x = (static_cast<double>(i % size) + 0.5) * pixel - 1;
    const double y = (static_cast<double>(i / size) + 0.5) * pixel - 1;
    // Four places a pixel: sulci are thinner than a pixel.
    double sum = 0;
    for (const double dx : {-0.25, 0.25})
      for (const double dy : {-0.25, 0.25}) sum += anatomy.at(x + dx * pixel, y + dy * pixel, pixel).intensity;
    head.samples.push_back(anatomy.at(x, y, pixel));
    head.image.push_back(static_cast<float>(sum / 4));
  }
  return head;
}

/// What the scanner adds: a smooth bias field and Rician noise.
void scan(std::vector<float>& image, int64_t size, Random& random) {
  const SmoothNoise bias(random, 3);
  const double strength = random.uniform(0.02, 0.06), noise = random.uniform(0.008, 0.018);
  for (int64_t i = 0; i < size * size; ++i) {
    const double x = 2 * (static_cast<double>(i % size) + 0.5) / static_cast<double>(size) - 1;
    const double y = 2 * (static_cast<double>(i / size) + 0.5) / static_cast<double>(size) - 1;
    float& value = image[static_cast<size_t>(i)];
    const double real = value * (1 + strength * bias(x, y)) + noise * random.normal();
    value = static_cast<float>(std::clamp(std::hypot(real, noise * random.normal()), 0.0, 1.0));
  }
}

Tensor as_tensor(std::vector<float>& values, int64_t size) {
  return at::from_blob(values.data(), {size, size}, at::kFloat).clone();
}

/// Paints a lesion whose mask has a pixel count within the range on the 128 grid. -> mask
std::vector<float> fitting_lesion(int64_t size, StreamKey key, const std::string& group, Head& head) {
  constexpr uint64_t kAttempts = 200;
  const LesionSize range = lesion_size(group);
  for (uint64_t attempt = 0; attempt < kAttempts; ++attempt) {
    key.t = attempt;
    Random random(key);
    std::vector<float> image = head.image;
    std::vector<float> mask = paint_lesion(random, size, range, head.samples, image);
    const auto pixels = mask_to_network_grid(as_tensor(mask, size), 128).sum().item<double>();
    if (pixels <= static_cast<double>(range.above) || pixels > static_cast<double>(range.up_to)) continue;
    head.image = std::move(image);
    return mask;
  }
  fail(ErrorKind::Internal, "no {} lesion fits into phantom {} of seed {}", group, key.case_id, key.seed);
}

/// A kind of phantom: what is drawn, how it is kept.
struct PhantomKind {
  const char* name;
  Phantom (*make)(int64_t size, int64_t seed, int64_t index, const std::string& group);
  std::vector<std::string> groups;
  int bits;  ///< of its pictures
  bool boxed;
};

const PhantomKind& phantom_kind(const std::string& name) {
  static const std::array<PhantomKind, 2> kinds{{{"brain", make_phantom, {"small", "medium", "large"}, 8, false},
                                                 {"xray", make_xray_phantom, xray_labels(), 16, true}}};
  for (const PhantomKind& kind : kinds)
    if (name == kind.name) return kind;
  fail_usage("phantom.kind is '{}'; it can be brain or xray", name);
}

/// What the lists say about one phantom.
struct PhantomLines {
  std::string split, boxes;
};

/// Writes sets of phantoms and their lists; `ill` says whether they have anomalies.
struct SetWriter {
  const std::string& folder;
  const PhantomConfig& config;
  const PhantomKind& kind;
  Progress& progress;

  std::string list_path(const std::string& name) const { return fmt::format("{}/{}.csv", folder, name); }

  /// -> the lines of boxes.csv
  std::string write(const std::string& set, int64_t first, int64_t count, bool ill) const {
    std::vector<PhantomLines> lines(static_cast<size_t>(count));
    std::mutex reporting;
    at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end && !interrupted(); ++i) {
        const std::string group = ill ? kind.groups[static_cast<size_t>(i) % kind.groups.size()] : "";
        lines[static_cast<size_t>(i)] = write_one(fmt::format("{}_{:04}", set, i), first + i, group);
        const std::lock_guard lock(reporting);
        progress.advance();
      }
    });
    if (interrupted()) fail_input("stopped on request: the phantoms in '{}' are not complete", folder);
    std::string split = "image,mask,group\n", boxes;
    for (const PhantomLines& one : lines) {
      split += one.split;
      boxes += one.boxes;
    }
    write_text_atomically(list_path(set), split);
    return boxes;
  }

  PhantomLines write_one(const std::string& name, int64_t index, const std::string& group) const {
    const Phantom phantom = kind.make(config.size, config.seed, index, group);
    const std::string file = fmt::format("{}{}{}.png", name, group.empty() ? "" : "_", group);
    write_png(folder + "/images/" + file, phantom.image, kind.bits);
    if (group.empty()) return {fmt::format("images/{},,\n", file), ""};
    write_png(folder + "/masks/" + file, phantom.mask, 8);
    PhantomLines lines{fmt::format("images/{},masks/{},{}\n", file, file, group), ""};
    for (const Box& box : phantom.boxes)
      lines.boxes += fmt::format("images/{},{:g},{:g},{:g},{:g},{}\n", file, box.x_min, box.y_min, box.x_max, box.y_max,
                                 box.label);
    return lines;
  }
};

}  // namespace

void PhantomConfig::describe(Fields& fields) {
  const auto count = between(0, static_cast<double>(kMaxCases));
  fields.add("kind", &kind, "brain = head slices, xray = wrist radiographs", one_of({"brain", "xray"}));
  fields.add("size", &size, "Side of the pictures (the longer one), pixels", between(kMinSize, kMaxSize));
  fields.add("train", &train, "Healthy images for training", count);
  fields.add("val", &val, "Healthy images for validation", count);
  fields.add("test", &test, "Images with an anomaly each, the groups in turn; xray: as many healthy ones", count);
  fields.add("seed", &seed, "Another seed draws other subjects", at_least(0));
}

Phantom make_phantom(int64_t size, int64_t seed, int64_t index, const std::string& lesion) {
  if (size < kMinSize || size > kMaxSize)
    fail_usage("phantoms can have {} to {} pixels a side, not {}", kMinSize, kMaxSize, size);
  // Streams of one subject: 0 anatomy, 1 scanner, 2 lesion. A lesion leaves the rest of the picture as it was.
  const auto key = [&](uint64_t stream) {
    return StreamKey{static_cast<uint64_t>(seed), static_cast<uint64_t>(index), stream, Purpose::Phantom, 0};
  };
  Random anatomy(key(0)), scanner(key(1));
  Head head = draw_head(size, anatomy);
  std::vector<float> mask(head.image.size(), 0);
  if (!lesion.empty()) mask = fitting_lesion(size, key(2), lesion, head);
  scan(head.image, size, scanner);
  return {as_tensor(head.image, size), as_tensor(mask, size), {}};
}

std::vector<std::string> write_phantoms(const std::string& folder, const PhantomConfig& config) {
  make_folder(folder + "/images");
  make_folder(folder + "/masks");
  const PhantomKind& kind = phantom_kind(config.kind);
  Progress progress("drawing phantoms", config.train + config.val + config.test * (kind.boxed ? 2 : 1));
  const SetWriter writer{folder, config, kind, progress};
  writer.write("train", 0, config.train, false);
  writer.write("val", kFirstVal, config.val, false);
  const std::string boxes = writer.write("test", kFirstTest, config.test, true);
  std::vector<std::string> lists{writer.list_path("train"), writer.list_path("val"), writer.list_path("test")};
  if (!kind.boxed) return lists;
  writer.write("healthy", kFirstHealthy, config.test, false);
  write_text_atomically(writer.list_path("boxes"), "image,xmin,ymin,xmax,ymax,label\n" + boxes);
  lists.insert(lists.end(), {writer.list_path("healthy"), writer.list_path("boxes")});
  return lists;
}

}  // namespace thor
