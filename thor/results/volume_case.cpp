// SPDX-License-Identifier: Apache-2.0
#include "thor/results/volume_case.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/base/version.h"
#include "thor/detect/anomaly_map.h"
#include "thor/image/dicom/dicom_write.h"

namespace thor {
namespace {

constexpr int64_t kMapSeriesNumber = 9001, kMaskSeriesNumber = 9002;

/// RAS mm of the largest value.
Point3 place_of_maximum(const Tensor& map, const Affine& ras_from_voxel) {
  const int64_t at = map.argmax().item<int64_t>(), row = map.size(2), slice = map.size(1) * row;
  return ras_from_voxel(
      {static_cast<double>(at % row), static_cast<double>(at % slice / row), static_cast<double>(at / slice)});
}

/// Maps that are each scaled to their own maximum say nothing about which of a volume's slices is the sick one.
void note_scaling(const JsonText& config) {
  const nlohmann::json detector = parse(config);
  const nlohmann::json map = detector.is_object() ? detector.value("map", nlohmann::json()) : nlohmann::json();
  if (map.is_object() && map.value("normalize", "") == name_of(Normalize::Max))
    log_once(LogLevel::Warning,
             "detector.map.normalize is max: every slice's map is scaled to its own maximum, so that healthy slices "
             "look as anomalous as sick ones; for volumes set `detector.map.normalize=none`");
}

}  // namespace

VolumeCase::VolumeCase(const CaseInput& input, const CaseSurroundings& with, Image scan) : input_(input), with_(with) {
  exam_ = open_volume_exam(with.pipeline.model(), finding_options(with), std::move(scan));
  if (exam_->slices() == 0) warn("'{}' has nothing to see in the slices that are examined: its map is 0", input.path);
  if (exam_->slices() > 1) note_scaling(with.options.detector_config);
  warn_of(exam_->check(), input);
}

SidecarLesions VolumeCase::lesions_of(const Finding& found) const {
  SidecarLesions lesions;
  if (!found.check.allows_claims()) {
    lesions.withheld = describe(found.check);
    return lesions;
  }
  lesions.above = found.mask.defined() ? "calibrated threshold" : "99.5 % quantile of the volume's own map";
  lesions.threshold = found.lesion_threshold;
  lesions.min_ml = with_.options.volume.min_ml;
  lesions.count = static_cast<int64_t>(found.lesions.size());
  lesions.list = found.lesions;
  lesions.list.resize(std::min(lesions.list.size(), kMaxListedLesions));
  return lesions;
}

void VolumeCase::write_volumes(const Finding& found, Sidecar& about) const {
  const auto write = [&](const char* kind, const Tensor& voxels) {
    const std::string name = with_.folder.file(input_, kind, ".nii.gz");
    write_nifti(path(name), voxels, scan().geometry);
    return name;
  };
  about.map = write("map", found.map);
  about.pseudo_healthy = write("pseudo_healthy", found.pseudo_healthy);
  if (found.mask.defined()) about.mask = write("mask", found.mask);
}

/// The mask and the map over the source in DICOM viewers. What DICOM cannot take does not cost the other results.
void VolumeCase::write_dicom(const Finding& found, Sidecar& about) const {
  const std::string segmentation = with_.folder.segmentation(input_), folder = with_.folder.map_series(input_);
  const std::string provenance =
      fmt::format("detector {}, config {}, seed {}, model {}", with_.options.detector_name,
                  with_.options.detector_config.text, about.seed, with_.pipeline.model().hash);
  try {
    make_folder(path(folder));
    write_dicom_map(path(folder), found.map, scan(),
                    {"THOR anomaly map, research only", version(), provenance, kMapSeriesNumber});
    about.map_dicom = folder;
    if (!found.mask.defined() || !found.mask.any().item<bool>()) return;
    write_dicom_segmentation(path(segmentation), found.mask, scan(),
                             {"THOR mask, research only", version(), provenance, kMaskSeriesNumber});
    about.segmentation_dicom = segmentation;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Internal) throw;
    warn("the results for '{}' are not all there as DICOM: {}", input_.path, error.what());
  }
}

Point3 VolumeCase::point_to_show(const Finding& found) const {
  if (!found.lesions.empty()) return found.lesions[0].peak_mm;
  const Affine& ras_from_voxel = scan().geometry.ras_from_voxel;
  if (found.map.max().item<float>() > 0) return place_of_maximum(found.map, ras_from_voxel);
  const auto middle = [&](int64_t axis) { return static_cast<double>(found.map.size(axis) - 1) / 2; };
  return ras_from_voxel({middle(2), middle(1), middle(0)});
}

void VolumeCase::write_pictures(const Finding& found, Sidecar& about) const {
  VolumeReport report;
  report.views = orthogonal_views({scan().voxels, found.pseudo_healthy, found.map, scan().geometry.ras_from_voxel},
                                  point_to_show(found));
  report.map_maximum = found.map.max().item<float>();
  const std::string overlay = with_.folder.file(input_, "overlay", ".png");
  write_png_rgb(path(overlay), montage(report.views, report.map_maximum));
  about.overlay = overlay;
  if (!with_.options.write_page) return;
  const std::string page = with_.folder.page(input_);
  about.page = page;
  report.path = path(page);
  report.about = about;
  report.lesions = found.lesions;
  with_.options.write_page(report);
}

void VolumeCase::add_scores(const Finding& found, Sidecar& about) const {
  for (const SliceScore& slice : found.slices) about.slices.push_back({"", slice});
  about.score = found.score;
  if (!found.p_value) return;
  about.calibration =
      with_.folder.calibrated(*found.p_value, with_.folder.calibration()->rule_of_scan("volume", exam_->slices()));
}

SidecarVolume VolumeCase::facts(const Finding& found) const {
  SidecarVolume volume;
  volume.native = grid_of(scan());
  volume.steps = found.steps;
  volume.native_from_steps = found.native_from_steps;
  volume.examined = found.examined;
  volume.window = found.window;
  volume.smooth_mm = with_.options.volume.smooth_mm;
  if (const auto& dicom = scan().dicom)
    volume.dicom = {dicom->study_uid, dicom->series_uid, dicom->series_description, dicom->modality};
  return volume;
}

CaseOutput VolumeCase::write() {
  Sidecar about = with_.folder.begin(input_);
  const Finding found = exam_->finish();
  about.volume = facts(found);
  about.check = found.check;
  about.lesions = lesions_of(found);
  add_scores(found, about);
  write_volumes(found, about);
  if (scan().dicom && with_.options.layout == ResultLayout::Flat) write_dicom(found, about);
  write_pictures(found, about);
  CaseOutput output{input_.path, input_.name, path(about.map), found.score, found.p_value, found.lesions, {}};
  const bool withheld = with_.folder.calibration() ? !found.check.calibration_holds() : !found.check.allows_claims();
  if (withheld) output.withheld = describe(found.check);
  with_.folder.finish(input_, about);
  return output;
}

std::unique_ptr<ExaminedCase> examine_volume(const CaseInput& input, const CaseSurroundings& with, Image scan) {
  return std::make_unique<VolumeCase>(input, with, std::move(scan));
}

}  // namespace thor
