// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/painted_set.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <mutex>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/data/case_list.h"
#include "thor/data/csv.h"
#include "thor/data/healthy_list.h"
#include "thor/data/preprocess.h"
#include "thor/image/image.h"

namespace thor {
namespace {

constexpr double kWhiteOf8Bit = 255;

/// Names a group's random stream, so that its lesions do not depend on which other groups are painted.
uint64_t number_of(const std::string& group) { return group == "small" ? 0 : group == "medium" ? 1 : 2; }

// The lesion of one group, as files and as a line of index.csv.
std::string paint_one(const PaintJob& job, const SplitRow& row, const Image& image, const std::string& group) {
  const Window window = window_of({}, image);
  const Tensor unit = (image.voxels[0] - window.black) / (window.white - window.black);
  const StreamKey key{job.seed, content_id(image), number_of(group), Purpose::Paint, 0};
  const Painting painting = paint_healthy(job.config, unit, group, key);
  const std::string file = fmt::format("{}_{}.png", stem_of(row.image), group);
  write_png(job.output + "/images/" + file, painting.image, image.full_scale == kWhiteOf8Bit ? 8 : 16);
  write_png(job.output + "/masks/" + file, painting.mask, 8);
  return fmt::format("{},{},{},{},{},{:.3f}\n", csv_cell("images/" + file), csv_cell("masks/" + file),
                     csv_cell(row.name), group, painting.pixels128, painting.contrast);
}

}  // namespace

std::string write_painted_set(const PaintJob& job) {
  const RunScope scope(job.context);
  job.config.check();
  const std::vector<SplitRow> rows = read_healthy(job.healthy);
  check_file_names(rows);
  make_folder(job.output + "/images");
  make_folder(job.output + "/masks");
  const auto count = static_cast<int64_t>(rows.size());
  std::vector<std::string> lines(rows.size());
  Progress progress("painting", count);
  std::mutex reporting;
  const auto paint_some = in_current_context([&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end && !interrupted(); ++i) {
      const SplitRow& row = rows[static_cast<size_t>(i)];
      with_context("painting " + row.image, [&] {
        const Image image = read_image(row.image);
        for (const std::string& group : job.config.groups)
          lines[static_cast<size_t>(i)] += paint_one(job, row, image, group);
      });
      const std::lock_guard lock(reporting);
      progress.advance();
    }
  });
  at::parallel_for(0, count, 1, paint_some);
  if (interrupted()) fail_input("stopped on request: the painted slices in '{}' are not complete", job.output);
  const std::string path = job.output + "/index.csv";
  write_text_atomically(path,
                        "image,mask,healthy,group,pixels128,contrast\n" + fmt::format("{}", fmt::join(lines, "")));
  return path;
}

}  // namespace thor
