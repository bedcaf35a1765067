// SPDX-License-Identifier: Apache-2.0
#include "thor/data/volume_steps.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/data/preprocess_step.h"
#include "thor/image/resample.h"

namespace thor {
namespace {

constexpr double kHeightTolerance = 1e-3;  // mm: a slice at the border of a range is in it

const std::vector<YamlText>& steps_or_default(const std::vector<YamlText>& steps) {
  static const std::vector<YamlText> reorient_only{{"{step: reorient, to: RAS}"}};
  return steps.empty() ? reorient_only : steps;
}

nlohmann::json run_step(const PreprocessStep& step, const std::string& text, StepState& state) {
  const auto start = std::chrono::steady_clock::now();
  nlohmann::json entry = parse(with_context(fmt::format("running the step {}", text), [&] { return step.run(state); }));
  entry["step"] = text;
  entry["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return entry;
}

/// How many slices the outermost values must go on for, so that they reach half a native voxel beyond their centres.
int64_t slices_to_add(const PreparedVolume& prepared) {
  const Affine voxel_from_native =
      inverse(prepared.native_from_steps * prepared.volume.geometry.ras_from_voxel) * prepared.native.ras_from_voxel;
  double extent = 0;
  for (int axis = 0; axis < 3; ++axis) extent = std::max(extent, std::abs(voxel_from_native.at(2, axis)));
  return static_cast<int64_t>(std::ceil(std::max(0.0, extent / 2 - 0.5) - 1e-6));
}

/// [D,H,W] with its first and last slice repeated.
Tensor with_borders_repeated(const Tensor& voxels, int64_t slices) {
  const int64_t depth = voxels.size(0);
  const Tensor first = voxels.narrow(0, 0, 1).expand({slices, -1, -1});
  const Tensor last = voxels.narrow(0, depth - 1, 1).expand({slices, -1, -1});
  return at::cat({first, voxels, last}, 0);
}

}  // namespace

PreparedVolume run_steps(const std::vector<YamlText>& steps, const Templates& templates, const Image& scan) {
  const auto& texts = steps_or_default(steps);
  const auto parsed = parse_steps(texts);
  StepState state{scan, {}, {}, {}, false, templates};
  PreparedVolume prepared;
  prepared.native = grid_of(scan);
  prepared.native_geometry = scan.geometry;
  nlohmann::json record = nlohmann::json::array();
  for (size_t i = 0; i < parsed.size(); ++i) record.push_back(run_step(*parsed[i], texts[i].text, state));
  prepared.record = json_text(record);
  prepared.volume = std::move(state.image);
  prepared.mask = state.mask;
  prepared.field = state.field;
  prepared.native_from_steps = state.native_from_steps;
  if (state.registered) prepared.template_from_native = inverse(state.native_from_steps);
  return prepared;
}

Tensor to_native_scan(const PreparedVolume& prepared, const Tensor& voxels, bool mask) {
  if (voxels.sizes() != prepared.volume.voxels.sizes())
    fail(ErrorKind::Internal, "values {} to be brought back do not lie on the chain's grid {}",
         shape_text(voxels.sizes()), shape_text(prepared.volume.voxels.sizes()));
  Tensor values = voxels.to(at::kFloat).contiguous();
  Affine place = prepared.volume.geometry.ras_from_voxel;
  if (const int64_t more = slices_to_add(prepared); more > 0) {
    values = with_borders_repeated(values, more);
    place = place * translation({0, 0, -static_cast<double>(more)});
  }
  Lookup lookup;
  lookup.source_from_target = inverse(prepared.native_from_steps);
  lookup.interpolation = mask ? Interpolation::Nearest : Interpolation::Linear;
  return resample(values, place, prepared.native, lookup);
}

PreparedVolume slices_only(const PreparedVolume& prepared, int64_t first, int64_t count) {
  PreparedVolume some = prepared;
  some.volume.voxels = prepared.volume.voxels.narrow(0, first, count);
  if (prepared.mask.defined()) some.mask = prepared.mask.narrow(0, first, count);
  if (prepared.field.defined()) some.field = prepared.field.narrow(0, first, count);
  some.volume.geometry = {prepared.volume.geometry.ras_from_voxel * translation({0, 0, static_cast<double>(first)}),
                          {}};
  return some;
}

double height_of(const PreparedVolume& prepared, int64_t slice) {
  const Tensor& voxels = prepared.volume.voxels;
  const auto middle = [&](int64_t axis) { return (static_cast<double>(voxels.size(axis)) - 1) / 2; };
  return prepared.volume.geometry.ras_from_voxel({middle(2), middle(1), static_cast<double>(slice)})[2];
}

std::optional<int64_t> slice_at(const PreparedVolume& prepared, double z_mm) {
  const int64_t depth = prepared.volume.voxels.size(0);
  const double first = height_of(prepared, 0), step = height_of(prepared, 1) - first;
  if (step == 0) return {};
  const double place = (z_mm - first) / step;
  if (!(place >= -0.5 && place <= static_cast<double>(depth) - 0.5)) return {};
  return std::clamp<int64_t>(std::lround(place), 0, depth - 1);
}

SliceRange slices_in(const PreparedVolume& prepared, const std::vector<double>& range_mm) {
  const int64_t depth = prepared.volume.voxels.size(0);
  if (range_mm.empty()) return {0, depth};
  const double from = range_mm.front(), to = range_mm.back();
  SliceRange range{depth, 0};
  for (int64_t slice = 0; slice < depth; ++slice) {
    const double height = height_of(prepared, slice);
    if (height < from - kHeightTolerance || height > to + kHeightTolerance) continue;
    range.first = std::min(range.first, slice);
    range.end = slice + 1;
  }
  if (range.first < range.end) return range;
  if (const auto nearest = slice_at(prepared, (from + to) / 2)) return {*nearest, *nearest + 1};
  const double low = std::min(height_of(prepared, 0), height_of(prepared, depth - 1));
  const double high = std::max(height_of(prepared, 0), height_of(prepared, depth - 1));
  fail_input("'{}' has no slices from {:g} to {:g} mm: it reaches from {:g} to {:g} mm", prepared.volume.path, from, to,
             low, high);
}

}  // namespace thor
