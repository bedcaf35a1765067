// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "thor/data/volume_steps.h"
#include "thor/image/quantile.h"
#include "thor/pipeline/map_smoothing.h"
#include "thor/pipeline/scan_exam.h"
#include "thor/pipeline/volume_id.h"

namespace thor {
namespace {

constexpr double kShown = 0.05;         // of the window above black
constexpr double kShownShare = 0.01;    // of the pixels of a slice
constexpr double kOwnQuantile = 0.995;  // of the examined voxels: what the table lists without a calibration

/// True where fewer than one pixel in a hundred of a slice [H,W] is brighter than the volume's black by 5 % of its
/// window: there is nothing to see.
bool is_blank_slice(const Tensor& slice, const Window& window) {
  const double seen = slice.gt(window.black + kShown * (window.white - window.black)).sum().item<double>();
  return seen < kShownShare * static_cast<double>(slice.numel());
}

/// Only these slices, in memory of their own: results overwrite them, and the scan may be the same memory.
PreparedVolume cut(const PreparedVolume& prepared, const SliceRange& range, const Image& scan) {
  PreparedVolume some = slices_only(prepared, range.first, range.end - range.first);
  const Tensor& voxels = some.volume.voxels;
  const bool all = voxels.sizes() == prepared.volume.voxels.sizes();
  const bool shared = voxels.storage().data() == scan.voxels.storage().data();
  if (some.field.defined() && !all) some.field = some.field.clone();
  if (!all || shared || !voxels.is_contiguous()) some.volume.voxels = voxels.clone(at::MemoryFormat::Contiguous);
  return some;
}

/// Holds the scan, the examined slices of the volume at the end of the steps, which turn into the pseudo-healthy ones
/// one by one, their map and their mask; nothing else of that size.
class VolumeExam : public ScanExam {
 public:
  VolumeExam(const Model& model, const FindingOptions& options, Image scan);
  int64_t slices() const override { return static_cast<int64_t>(seen_.size()); }
  int64_t examined_slices() const override { return static_cast<int64_t>(slices_.size()); }
  NetworkSlice slice(int64_t i) const override;
  void take(int64_t i, const SliceFinding& finding) override;
  uint64_t bytes() const override { return scan_.voxels.nbytes() + 3 * map_.nbytes(); }
  const ScanCheck& check() const override { return check_; }
  const JsonText& steps() const override { return prepared_.record; }
  const Image& scan() const override { return scan_; }
  Finding finish() override;

 private:
  bool calibrated() const { return options_.calibration && check_.calibration_holds(); }
  double threshold() const { return options_.calibration->threshold(options_.point); }
  void bring_home(Finding& finding);
  void add_scores(Finding& finding) const;
  void add_lesions(Finding& finding) const;
  Tensor native_values();

  const Model& model_;
  FindingOptions options_;
  Image scan_;
  PreparedVolume prepared_;  ///< cut to the slices from the first to the last one
  Window window_;
  ToneCurve tones_;  ///< that all slices take before the network sees them
  ScanCheck check_;
  uint64_t id_ = 0;
  std::vector<SliceScore> slices_;  ///< of prepared_, in order
  std::vector<size_t> seen_;        ///< those of them that are not blank
  double seen_share_ = 0;           ///< of the scan's voxels, in examined slices
  Tensor map_, mask_;               ///< on the grid of the steps' end, float32 and bytes
};

VolumeExam::VolumeExam(const Model& model, const FindingOptions& options, Image scan)
    : model_(model), options_(with_point(options)), scan_(std::move(scan)) {
  const PreprocessConfig& config = model.config.preprocess;
  const PreparedVolume whole = run_steps(config.steps, model.templates, scan_);
  window_ = window_of(config, whole.volume);
  id_ = volume_id(scan_.voxels);
  const auto& wanted = options.volume.slices;
  const SliceRange range = slices_in(whole, wanted.empty() ? config.slices : wanted);
  prepared_ = cut(whole, range, scan_);
  for (int64_t index = range.first; index < range.end; ++index) {
    const bool blank = is_blank_slice(prepared_.volume.voxels[index - range.first], window_);
    if (!blank) seen_.push_back(slices_.size());
    slices_.push_back({index, height_of(whole, index), blank, 0, {}});
  }
  std::vector<Tensor> units;
  std::vector<double> heights;
  for (int64_t i = 0; i < slices(); ++i) {
    const NetworkSlice one = slice(i);  // not matched yet
    units.push_back(one.unit);
    heights.push_back(one.z_mm);
  }
  tones_ = match_tissue(model.tissue, config.landmarks, units, heights);
  for (Tensor& unit : units) unit = tones_.apply(unit);
  check_ = check_scan(model, units.empty() ? at::zeros({0, config.size, config.size}) : at::stack(units), whole.record);
  compare_looks(check_, options.calibration, looks_of(model.tissue, units, heights), slices());
  check_.ignored = options.ignore_check && !check_.passed();
  map_ = at::zeros_like(prepared_.volume.voxels);
  if (calibrated()) mask_ = at::zeros(map_.sizes(), at::kByte);
}

NetworkSlice VolumeExam::slice(int64_t i) const {
  const size_t at = seen_[static_cast<size_t>(i)];
  const Tensor unit = preprocess(model_.config.preprocess, prepared_.volume, window_, static_cast<int64_t>(at)).unit;
  return {tones_.apply(unit), {id_, static_cast<uint64_t>(slices_[at].index)}, slices_[at].z_mm};
}

void VolumeExam::take(int64_t i, const SliceFinding& finding) {
  const size_t at = seen_[static_cast<size_t>(i)];
  const auto slice = static_cast<int64_t>(at);
  slices_[at].score = finding.score;
  const int64_t height = map_.size(1), width = map_.size(2);
  map_[slice].copy_(to_native_grid(finding.map, height, width));
  const Tensor healthy = to_native_grid(tones_.undo(finding.pseudo_healthy), height, width);
  prepared_.volume.voxels[slice].copy_(healthy * (window_.white - window_.black) + window_.black);
  if (mask_.defined()) mask_[slice].copy_(mask_to_native_grid(finding.map.gt(threshold()), height, width));
}

void VolumeExam::bring_home(Finding& finding) {
  finding.map = to_native_scan(prepared_, map_, false);
  if (mask_.defined()) finding.mask = to_native_scan(prepared_, mask_, true).gt(0.5).to(at::kByte);
  Tensor seen = at::zeros_like(map_);
  for (const size_t at : seen_) seen[static_cast<int64_t>(at)].fill_(1);
  map_.reset();
  seen = to_native_scan(prepared_, seen, true).gt(0.5);
  seen_share_ = seen.sum().item<double>() / static_cast<double>(seen.numel());
  finding.examined = grid_of(prepared_.volume);
  finding.pseudo_healthy = to_native_scan(prepared_, native_values(), false);
  prepared_.volume.voxels.reset();
  for (int64_t z = 0; z < seen.size(0); ++z)
    finding.pseudo_healthy[z].copy_(at::where(seen[z], finding.pseudo_healthy[z], scan_.voxels[z]));
  smooth(finding.map, spacing_mm(scan_.geometry.ras_from_voxel), options_.volume.smooth_mm);
}

/// A volume is as anomalous as its worst slice. Its p-value has to pay for having looked at many.
void VolumeExam::add_scores(Finding& finding) const {
  finding.slices = slices_;
  for (SliceScore& slice : finding.slices) {
    finding.score = std::max(finding.score, slice.score);
    if (!calibrated() || slice.blank) continue;
    slice.p_value = options_.calibration->p_value(slice.score);
  }
  if (calibrated()) finding.p_value = options_.calibration->p_value_of_scan(finding.score, slices());
}

void VolumeExam::add_lesions(Finding& finding) const {
  if (!check_.allows_claims()) return;
  Tensor mask = finding.mask;
  if (calibrated()) {
    finding.lesion_threshold = threshold();
  } else {
    // Voxels that were not examined are 0, so the quantile of the examined ones is one of all.
    finding.lesion_threshold = percentile_of(finding.map, 100 * (1 - (1 - kOwnQuantile) * seen_share_));
    mask = finding.map.gt(finding.lesion_threshold).to(at::kByte);
  }
  finding.lesions = find_lesions(
      mask, finding.map,
      {scan_.geometry.ras_from_voxel, prepared_.template_from_native, options_.volume.min_ml});  // erases small ones
}

Finding VolumeExam::finish() {
  Finding finding;
  finding.check = check_;
  finding.window = window_;
  finding.steps = prepared_.record;
  finding.native_from_steps = prepared_.native_from_steps;
  add_scores(finding);
  bring_home(finding);
  add_lesions(finding);
  return finding;
}

/// Undoes what the steps did to intensities, last step first: windows, and the bias fields, which it knows as one.
Tensor VolumeExam::native_values() {
  Tensor& native = prepared_.volume.voxels;
  const nlohmann::json steps = parse(prepared_.record);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (step->contains("black") && step->contains("white")) {
      const double black = step->at("black").get<double>(), white = step->at("white").get<double>();
      native.mul_((white - black) / step->at("levels").get<double>()).add_(black);
    } else if (step->contains("field_min") && prepared_.field.defined()) {
      native.mul_(prepared_.field);
      prepared_.field.reset();
    }
  }
  return native;
}

}  // namespace

std::unique_ptr<ScanExam> open_volume_exam(const Model& model, const FindingOptions& options, Image scan) {
  return std::make_unique<VolumeExam>(model, options, std::move(scan));
}

std::unique_ptr<ScanExam> open_exam(const Model& model, const FindingOptions& options, Image scan) {
  return scan.voxels.size(0) == 1 ? open_slice_exam(model, options, std::move(scan))
                                  : open_volume_exam(model, options, std::move(scan));
}

}  // namespace thor
