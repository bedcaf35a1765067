// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/simulated_set.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/data/case_list.h"
#include "thor/data/csv.h"
#include "thor/data/mask_grid.h"
#include "thor/data/preprocess.h"
#include "thor/data/split.h"
#include "thor/image/image.h"

namespace thor {
namespace {

// The changed slice, as files and as a line of index.csv.
std::string simulate_one(const SimulateJob& job, const SplitRow& row) {
  const Image image = read_image(row.image);
  const Window window = window_of({}, image);
  SliceAndMask slice{((image.voxels[0] - window.black) / (window.white - window.black)).clamp(0, 1), {}};
  if (!row.mask.empty()) {
    const PlacedMask placed = read_mask_of(row.mask, image);
    if (!placed.note.empty()) warn("'{}': {}", row.name, placed.note);
    slice.mask = placed.voxels[0];
  }
  slice = change_scanner(job.change, slice, {job.seed, content_id(image), 0, Purpose::Scanner, 0});

  const std::string file = stem_of(row.image) + ".png";
  write_png(job.output + "/images/" + file, slice.image, 16);
  if (slice.mask.defined()) write_png(job.output + "/masks/" + file, slice.mask, 8);
  return fmt::format("{},{},{},{}\n", csv_cell("images/" + file), slice.mask.defined() ? csv_cell("masks/" + file) : "",
                     csv_cell(row.group), csv_cell(row.name));
}

}  // namespace

std::string write_simulated_set(const SimulateJob& job) {
  const RunScope scope(job.context);
  job.change.check();
  const std::vector<SplitRow> rows = read_split(job.source);
  check_file_names(rows);
  make_folder(job.output + "/images");
  make_folder(job.output + "/masks");
  Progress progress("simulating", static_cast<int64_t>(rows.size()));
  std::string index = "image,mask,group,original\n";
  for (const SplitRow& row : rows) {
    if (interrupted()) fail_input("stopped on request: the slices in '{}' are not complete", job.output);
    index += with_context("changing " + row.image, [&] { return simulate_one(job, row); });
    progress.advance();
  }
  const std::string path = job.output + "/index.csv";
  write_text_atomically(path, index);
  return path;
}

}  // namespace thor
