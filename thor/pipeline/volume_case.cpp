// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/volume_case.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/pipeline/scan_slices.h"

namespace thor {
namespace {

/// The 64-bit finalizer of MurmurHash3: every bit of the input moves half of the output's.
uint64_t mixed(uint64_t x) {
  x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL;
  return x ^ x >> 33;
}

/// Only these slices, in memory of their own: results overwrite them, and the scan may be the same memory.
ChainedVolume cut(const ChainedVolume& chained, const SliceRange& range, const Image& scan) {
  ChainedVolume some = slices_only(chained, range.first, range.end - range.first);
  const Tensor& voxels = some.volume.voxels;
  const bool all = voxels.sizes() == chained.volume.voxels.sizes();
  const bool shared = voxels.storage().data() == scan.voxels.storage().data();
  if (some.field.defined() && !all) some.field = some.field.clone();
  if (!all || shared || !voxels.is_contiguous()) some.volume.voxels = voxels.clone(at::MemoryFormat::Contiguous);
  return some;
}

/// Maps that are each scaled to their own maximum say nothing about which of a volume's slices is the sick one.
void note_scaling(const nlohmann::json& detector) {
  const nlohmann::json map = detector.is_object() ? detector.value("map", nlohmann::json()) : nlohmann::json();
  if (map.is_object() && map.value("normalize", "") == "max")
    log_once(LogLevel::Warning,
             "detector.map.normalize is max: every slice's map is scaled to its own maximum, so that healthy slices "
             "look as anomalous as sick ones; for volumes --set detector.map.normalize=none");
}

}  // namespace

uint64_t volume_id(const Tensor& voxels) {
  const Tensor values = voxels.contiguous();
  const float* first = values.data_ptr<float>();
  uint64_t sum = mixed(static_cast<uint64_t>(values.numel()));
  for (int64_t i = 0; i < values.numel(); ++i) {
    const float value = first[i] + 0.0F;  // -0 and 0 are one value
    uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    sum += mixed(bits + 1ULL);
  }
  return mixed(sum);
}

VolumeCase::VolumeCase(const CaseInput& input, const CaseSurroundings& with, Image scan)
    : input_(input), with_(with), scan_(std::move(scan)) {
  const Model& model = with.pipeline.model();
  const PreprocessConfig& config = model.config.preprocess;
  const ChainedVolume whole = run_chain(config.steps, model.templates, scan_);
  window_ = window_of(config, whole.volume);
  id_ = volume_id(scan_.voxels);
  const auto& wanted = with.options.volume.slices;
  const SliceRange range = slices_in(whole, wanted.empty() ? config.slices : wanted);
  chained_ = cut(whole, range, scan_);
  for (int64_t index = range.first; index < range.end; ++index) {
    const bool blank = is_blank_slice(chained_.volume.voxels[index - range.first], window_);
    if (!blank) seen_.push_back(slices_.size());
    slices_.push_back({index, height_of(whole, index), blank, 0});
  }
  if (seen_.empty())
    warn("'{}' has nothing to see in the {} slices that are examined: its map is 0", input.path, slices_.size());
  if (seen_.size() > 1) note_scaling(with.options.detector_config);
  std::vector<Tensor> units;
  for (int64_t i = 0; i < slices(); ++i) units.push_back(unit(i));
  check_ = checked_scan(with, input, units, whole.record);
  map_ = at::zeros_like(chained_.volume.voxels);
  if (calibration()) mask_ = at::zeros(map_.sizes(), at::kByte);
}

const Calibration* VolumeCase::calibration() const {
  const auto& calibration = with_.folder.calibration();
  return calibration && check_.allows_claims() ? &*calibration : nullptr;
}

Tensor VolumeCase::unit(int64_t i) const {
  const auto slice = static_cast<int64_t>(seen_[static_cast<size_t>(i)]);
  return preprocess(with_.pipeline.model().config.preprocess, chained_.volume, window_, slice).unit;
}

ImageKey VolumeCase::key(int64_t i) const {
  return {id_, static_cast<uint64_t>(slices_[seen_[static_cast<size_t>(i)]].index)};
}

void VolumeCase::take(int64_t i, const SliceFinding& finding) {
  const size_t at = seen_[static_cast<size_t>(i)];
  const auto slice = static_cast<int64_t>(at);
  slices_[at].score = finding.score;
  const int64_t height = map_.size(1), width = map_.size(2);
  map_[slice].copy_(to_native_grid(finding.map, height, width));
  const Tensor healthy = to_native_grid(finding.pseudo_healthy, height, width);
  chained_.volume.voxels[slice].copy_(healthy * (window_.white - window_.black) + window_.black);
  if (mask_.defined()) mask_[slice].copy_(mask_to_native_grid(finding.map.gt(with_.folder.threshold()), height, width));
}

std::unique_ptr<ExaminedCase> examine_volume(const CaseInput& input, const CaseSurroundings& with, Image scan) {
  return std::make_unique<VolumeCase>(input, with, std::move(scan));
}

}  // namespace thor
