// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/scan_slices.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/data/archive.h"
#include "thor/data/volume_steps.h"
#include "thor/pipeline/scan_check.h"
#include "thor/pipeline/volume_id.h"

namespace thor {
namespace {

constexpr double kShown = 0.05;       // of the window above black
constexpr double kShownShare = 0.01;  // of the pixels of a slice

ScanSlices slices_of_volume(const CaseInput& input, const Model& model, const Image& scan) {
  const PreprocessConfig& config = model.config.preprocess;
  const PreparedVolume whole = run_steps(config.steps, model.templates, scan);
  const Window window = window_of(config, whole.volume);
  const SliceRange range = slices_in(whole, config.slices);
  const uint64_t id = volume_id(scan.voxels);
  ScanSlices found;
  found.record = whole.record;
  for (int64_t index = range.first; index < range.end; ++index) {
    if (is_blank_slice(whole.volume.voxels[index], window)) continue;
    OpenSlice one;
    one.input = input;
    one.key = {id, static_cast<uint64_t>(index)};
    one.unit = preprocess(config, whole.volume, window, index).unit;
    found.slices.push_back(std::move(one));
  }
  if (found.slices.empty()) fail_input("it has nothing to see in the {} slices examined", range.end - range.first);
  return found;
}

}  // namespace

bool is_blank_slice(const Tensor& slice, const Window& window) {
  const double seen = slice.gt(window.black + kShown * (window.white - window.black)).sum().item<double>();
  return seen < kShownShare * static_cast<double>(slice.numel());
}

void check_registered(const ScanSlices& scan, const CaseInput& input) {
  const std::vector<std::string> findings = check_registration(scan.record).findings;
  if (!findings.empty()) fail_input("'{}': {}; look at it, or leave it out", input.path, fmt::join(findings, "; "));
}

ScanSlices slices_of_scan(const CaseInput& input, const Model& model, Image scan) {
  if (scan.voxels.size(0) == 1) return {{open_slice(input, model.config.preprocess, scan)}, nullptr};
  return with_context(fmt::format("examining '{}'", input.path), [&] { return slices_of_volume(input, model, scan); });
}

ScanSlices slices_of_scan(const CaseInput& input, const Model& model) {
  if (is_archive(input.path))
    fail(ErrorKind::Unsupported, "'{}' is an archive of prepared slices; name the scans it was made of", input.path);
  return slices_of_scan(input, model, read_scan(input.path, input.choice));
}

}  // namespace thor
