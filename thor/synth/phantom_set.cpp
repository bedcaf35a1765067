// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <mutex>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/image/image.h"
#include "thor/synth/phantom.h"
#include "thor/synth/xray_anomaly.h"
#include "thor/synth/xray_phantom.h"

namespace thor {
namespace {

constexpr int64_t kMaxCases = 100'000;
/// Where the numbers of each set begin, so that no set holds a subject of another, whatever their sizes.
constexpr int64_t kFirstVal = 1'000'000, kFirstTest = 2'000'000, kFirstHealthy = 3'000'000;

/// A kind of phantom: what is drawn, how it is kept.
struct PhantomKind {
  const char* name;
  Phantom (*make)(int64_t size, int64_t seed, int64_t index, const std::string& group);
  std::vector<std::string> groups;
  int bits;  ///< of its pictures
  bool boxed;
};

/// Every kind; a row here is all a new one needs.
const std::vector<PhantomKind>& phantom_kinds() {
  static const std::vector<PhantomKind> kinds{{"brain", make_phantom, {"small", "medium", "large"}, 8, false},
                                              {"xray", make_xray_phantom, xray_labels(), 16, true}};
  return kinds;
}

std::vector<std::string> phantom_kind_names() {
  std::vector<std::string> names;
  for (const PhantomKind& kind : phantom_kinds()) names.emplace_back(kind.name);
  return names;
}

const PhantomKind& phantom_kind(const std::string& name) {
  for (const PhantomKind& kind : phantom_kinds())
    if (name == kind.name) return kind;
  fail_usage("phantom.kind is '{}'; it can be {}", name, fmt::join(phantom_kind_names(), ", "));
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
    const auto draw_some = in_current_context([&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end && !interrupted(); ++i) {
        const std::string group = ill ? kind.groups[static_cast<size_t>(i) % kind.groups.size()] : "";
        lines[static_cast<size_t>(i)] = write_one(fmt::format("{}_{:04}", set, i), first + i, group);
        const std::lock_guard lock(reporting);
        progress.advance();
      }
    });
    at::parallel_for(0, count, 1, draw_some);
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
  fields.add("kind", &kind, "brain = head slices, xray = wrist radiographs", one_of(phantom_kind_names()));
  fields.add("size", &size, "Side of the pictures (the longer one), pixels", between(kMinPhantomSize, kMaxPhantomSize));
  fields.add("train", &train, "Healthy images for training", count);
  fields.add("val", &val, "Healthy images for validation", count);
  fields.add("test", &test, "Images with an anomaly each, the groups in turn; xray: as many healthy ones", count);
  fields.add("seed", &seed, "Another seed draws other subjects", at_least(0));
}

std::vector<std::string> write_phantoms(const std::string& folder, const PhantomConfig& config, RunContext* context) {
  const RunScope scope(context);
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
