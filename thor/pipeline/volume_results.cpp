// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/base/version.h"
#include "thor/data/percentile.h"
#include "thor/image/dicom_write.h"
#include "thor/pipeline/map_smoothing.h"
#include "thor/pipeline/volume_case.h"

namespace thor {
namespace {

constexpr double kOwnQuantile = 0.995;  // of the examined voxels: what the table lists without a calibration
constexpr int64_t kMapSeriesNumber = 9001, kMaskSeriesNumber = 9002;
constexpr size_t kMaxListed = 1000;  // lesions in a sidecar

/// RAS mm of the largest value.
Point3 place_of_maximum(const Tensor& map, const Affine& ras_from_voxel) {
  const int64_t at = map.argmax().item<int64_t>(), row = map.size(2), slice = map.size(1) * row;
  return ras_from_voxel(
      {static_cast<double>(at % row), static_cast<double>(at % slice / row), static_cast<double>(at / slice)});
}

}  // namespace

VolumeCase::Native VolumeCase::bring_home() {
  Native native;
  native.map = to_native_scan(chained_, map_, false);
  if (mask_.defined()) native.mask = to_native_scan(chained_, mask_, true).gt(0.5).to(at::kByte);
  Tensor seen = at::zeros_like(map_);
  for (const size_t at : seen_) seen[static_cast<int64_t>(at)].fill_(1);
  map_.reset();
  seen = to_native_scan(chained_, seen, true).gt(0.5);
  native.seen_share = seen.sum().item<double>() / static_cast<double>(seen.numel());
  native.healthy = to_native_scan(chained_, native_values(), false);
  chained_.volume.voxels.reset();
  for (int64_t z = 0; z < seen.size(0); ++z)
    native.healthy[z].copy_(at::where(seen[z], native.healthy[z], scan_.voxels[z]));
  smooth(native.map, spacing_mm(scan_.geometry.ras_from_voxel), with_.options.volume.smooth_mm);
  return native;
}

std::vector<Lesion> VolumeCase::find(Native& native, nlohmann::json& about) const {
  if (!check_.allows_claims()) {
    about["lesions"] = {{"withheld", describe(check_)}};
    return {};
  }
  const VolumeConfig& config = with_.options.volume;
  const bool calibrated = native.mask.defined();
  double threshold = calibrated ? with_.folder.threshold() : 0;
  Tensor mask = native.mask;
  if (!calibrated) {
    // Voxels that were not examined are 0, so the quantile of the examined ones is one of all.
    threshold = percentile_of(native.map, 100 * (1 - (1 - kOwnQuantile) * native.seen_share));
    mask = native.map.gt(threshold).to(at::kByte);
  }
  const std::vector<Lesion> lesions =
      find_lesions(mask, native.map, {scan_.geometry.ras_from_voxel, chained_.template_from_native, config.min_ml});
  nlohmann::json list = nlohmann::json::array();
  for (size_t i = 0; i < std::min(lesions.size(), kMaxListed); ++i) list.push_back(to_json(lesions[i]));
  about["lesions"] = {{"above", calibrated ? "calibrated threshold" : "99.5 % quantile of the volume's own map"},
                      {"threshold", threshold},
                      {"min_ml", config.min_ml},
                      {"count", lesions.size()},
                      {"list", std::move(list)}};
  return lesions;
}

void VolumeCase::write_volumes(const Native& native, nlohmann::json& about) const {
  const auto write = [&](const char* kind, const Tensor& voxels) {
    const std::string name = with_.folder.file(input_, kind, ".nii.gz");
    write_nifti(path(name), voxels, scan_.geometry);
    about[kind] = name;
  };
  write("map", native.map);
  write("pseudo_healthy", native.healthy);
  if (native.mask.defined()) write("mask", native.mask);
  about["map_full_scale"] = 1.0;
}

/// The mask and the map over the source in DICOM viewers. What DICOM cannot take does not cost the other results.
void VolumeCase::write_dicom(const Native& native, nlohmann::json& about) const {
  const std::string segmentation = with_.folder.segmentation(input_), folder = with_.folder.map_series(input_);
  const std::string provenance =
      fmt::format("detector {}, config {}, seed {}, model {}", with_.options.detector_name,
                  with_.options.detector_config.dump(), about.at("seed").dump(), with_.pipeline.model().hash);
  try {
    make_folder(path(folder));
    write_dicom_map(path(folder), native.map, scan_,
                    {"THOR anomaly map, research only", version(), provenance, kMapSeriesNumber});
    about["map_dicom"] = folder;
    if (!native.mask.defined() || !native.mask.any().item<bool>()) return;
    write_dicom_segmentation(path(segmentation), native.mask, scan_,
                             {"THOR mask, research only", version(), provenance, kMaskSeriesNumber});
    about["segmentation_dicom"] = segmentation;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Internal) throw;
    warn("the results for '{}' are not all there as DICOM: {}", input_.path, error.what());
  }
}

Point3 VolumeCase::point_to_show(const Native& native, const std::vector<Lesion>& lesions) const {
  if (!lesions.empty()) return lesions[0].peak_mm;
  const Affine& ras_from_voxel = scan_.geometry.ras_from_voxel;
  if (native.map.max().item<float>() > 0) return place_of_maximum(native.map, ras_from_voxel);
  const auto middle = [&](int64_t axis) { return static_cast<double>(native.map.size(axis) - 1) / 2; };
  return ras_from_voxel({middle(2), middle(1), middle(0)});
}

void VolumeCase::write_pictures(const Native& native, const std::vector<Lesion>& lesions, nlohmann::json& about) const {
  VolumeReport report;
  report.views = orthogonal_views({scan_.voxels, native.healthy, native.map, scan_.geometry.ras_from_voxel},
                                  point_to_show(native, lesions));
  report.map_maximum = native.map.max().item<float>();
  const std::string overlay = with_.folder.file(input_, "overlay", ".png");
  write_png_rgb(path(overlay), montage(report.views, report.map_maximum));
  about["overlay"] = overlay;
  if (!with_.options.write_page) return;
  const std::string page = with_.folder.page(input_);
  about["page"] = page;
  report.path = path(page);
  report.about = about;
  report.lesions = lesions;
  with_.options.write_page(report);
}

/// A volume is as anomalous as its worst slice. Its p-value has to pay for having looked at many: the smallest one
/// times their number (Bonferroni).
void VolumeCase::add_scores(CaseOutput& output, nlohmann::json& about) const {
  nlohmann::json list = nlohmann::json::array();
  double smallest = 1;
  for (const ExaminedSlice& slice : slices_) {
    list.push_back({{"slice", slice.index}, {"z_mm", slice.z_mm}, {"score", slice.score}});
    if (slice.blank) list.back()["blank"] = true;
    output.score = std::max(output.score, slice.score);
    if (!calibration() || slice.blank) continue;
    const double p = calibration()->p_value(slice.score);
    list.back()["p_value"] = p;
    smallest = std::min(smallest, p);
  }
  about["score"] = output.score;
  about["slices"] = std::move(list);
  if (!calibration()) return;
  output.p_value = std::min(1.0, smallest * std::max(1.0, static_cast<double>(seen_.size())));
  about["calibration"] = with_.folder.calibrated(*output.p_value);
  about["calibration"]["p_value_of"] =
      fmt::format("the volume: the smallest of {} slices times their number", seen_.size());
}

nlohmann::json VolumeCase::facts() const {
  const Affine& affine = scan_.geometry.ras_from_voxel;
  const Grid grid = grid_of(scan_);
  nlohmann::json json{{"size", grid.size},
                      {"spacing_mm", spacing_mm(affine)},
                      {"orientation", orientation_of(affine)},
                      {"ras_from_voxel", affine.rows},
                      {"chain", chained_.record},
                      {"native_from_chain", chained_.native_from_chain.rows},
                      {"window", {window_.black, window_.white}},
                      {"smooth_mm", with_.options.volume.smooth_mm}};
  // Of the examined slices, blank ones too: with it `thor evaluate` knows which voxels of the scan were looked at.
  json["chain_grid"] = {{"size", grid_of(chained_.volume).size},
                        {"ras_from_voxel", chained_.volume.geometry.ras_from_voxel.rows}};
  if (scan_.dicom)
    json["dicom"] = {{"study_uid", scan_.dicom->study_uid},
                     {"series_uid", scan_.dicom->series_uid},
                     {"description", scan_.dicom->series_description},
                     {"modality", scan_.dicom->modality}};
  return json;
}

CaseOutput VolumeCase::write() {
  nlohmann::json about = with_.folder.begin(input_);
  about["volume"] = facts();
  about["check"] = to_json(check_);
  CaseOutput output{input_.path, input_.name, {}, 0, {}, {}, {}};
  if (!check_.allows_claims()) output.withheld = describe(check_);
  add_scores(output, about);
  Native native = bring_home();
  output.lesions = find(native, about);
  write_volumes(native, about);
  if (scan_.dicom && with_.options.layout == "flat") write_dicom(native, about);
  write_pictures(native, output.lesions, about);
  output.map_path = path(about["map"].get<std::string>());
  with_.folder.finish(input_, about);
  return output;
}

/// Undoes what the chain did to intensities, last step first: windows, and the bias fields, which it knows as one.
Tensor VolumeCase::native_values() {
  Tensor& native = chained_.volume.voxels;
  for (auto step = chained_.record.rbegin(); step != chained_.record.rend(); ++step) {
    if (step->contains("black") && step->contains("white")) {
      const double black = step->at("black").get<double>(), white = step->at("white").get<double>();
      native.mul_((white - black) / step->at("levels").get<double>()).add_(black);
    } else if (step->contains("field_min") && chained_.field.defined()) {
      native.mul_(chained_.field);
      chained_.field.reset();
    }
  }
  return native;
}

}  // namespace thor
