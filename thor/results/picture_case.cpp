// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/image/overlay.h"
#include "thor/results/archive_case.h"
#include "thor/results/result_case.h"

namespace thor {
namespace {

/// A picture, or a scan of a single slice.
class PictureCase : public ExaminedCase {
 public:
  PictureCase(const CaseInput& input, OpenSlice open, ScanCheck check, const ResultFolder& folder)
      : input_(input), open_(std::move(open)), check_(std::move(check)), folder_(folder) {}
  const CaseInput& input() const override { return input_; }
  int64_t slices() const override { return 1; }
  NetworkSlice slice(int64_t) const override { return open_.slice; }
  void take(int64_t, const SliceFinding& finding) override { finding_ = finding; }
  uint64_t bytes() const override { return open_.slice.unit.nbytes() + open_.gray.nbytes(); }
  CaseOutput write() override;

 private:
  const char* ending() const { return open_.medical ? ".nii.gz" : ".png"; }
  std::string file(const char* kind) const { return folder_.file(input_, kind, ending()); }
  std::string path(const std::string& file) const { return folder_.path(input_, file); }
  std::string write_map(const Tensor& map, double full_scale) const;
  std::string write_pseudo_healthy(const Tensor& unit) const;
  std::string write_overlay(const Tensor& map) const;
  std::string write_mask(const Tensor& mask) const;

  CaseInput input_;
  OpenSlice open_;
  ScanCheck check_;
  SliceFinding finding_;
  const ResultFolder& folder_;
};

std::string PictureCase::write_map(const Tensor& map, double full_scale) const {
  const std::string name = file("map");
  if (open_.medical)
    write_nifti(path(name), map, open_.geometry);
  else
    write_png(path(name), map / full_scale, 16);
  return name;
}

std::string PictureCase::write_pseudo_healthy(const Tensor& unit) const {
  const std::string name = file("pseudo_healthy");
  if (open_.medical)
    write_nifti(path(name), unit * (open_.white - open_.black) + open_.black, open_.geometry);
  else
    write_png(path(name), unit, 16);
  return name;
}

std::string PictureCase::write_overlay(const Tensor& map) const {
  const std::string name = folder_.file(input_, "overlay", ".png");
  write_png_rgb(path(name), overlay(open_.gray.to(at::kFloat) / 255, map.clamp(0, 1)));
  return name;
}

std::string PictureCase::write_mask(const Tensor& mask) const {
  const std::string name = file("mask");
  if (open_.medical)
    write_nifti(path(name), mask, open_.geometry);
  else
    write_png(path(name), mask, 8);
  return name;
}

CaseOutput PictureCase::write() {
  Sidecar about = folder_.begin(input_);
  const auto& calibration = folder_.calibration();
  const bool calibrated = calibration && check_.calibration_holds();
  const StoredSlice found =
      as_stored(open_, finding_, calibrated ? std::optional<double>(folder_.threshold()) : std::nullopt);
  const double full_scale = open_.medical ? 1.0 : std::max(1.0, found.map.max().item<double>());
  about.score = finding_.score;
  about.map = write_map(found.map, full_scale);
  about.map_full_scale = full_scale;
  about.pseudo_healthy = write_pseudo_healthy(found.pseudo_healthy);
  about.overlay = write_overlay(found.map);
  about.check = check_;
  CaseOutput output{input_.path, input_.name, path(about.map), finding_.score, {}, {}, {}};
  if (calibration && !check_.calibration_holds()) output.withheld = describe(check_);
  if (calibrated) {
    output.p_value = calibration->p_value(finding_.score);
    about.mask = write_mask(found.mask);
    about.calibration = folder_.calibrated(*output.p_value);
  }
  folder_.finish(input_, about);
  return output;
}

}  // namespace

std::unique_ptr<ExaminedCase> examine_picture(const CaseInput& input, const CaseSurroundings& with,
                                              const Image& image) {
  const Model& model = with.pipeline.model();
  OpenSlice open = open_slice(model, image);
  ScanCheck check = check_scan(model, open.slice.unit.unsqueeze(0), {});
  compare_looks(check, with.folder.calibration(), looks_of(model.tissue, {open.slice.unit}, {open.slice.z_mm}), 1);
  check.ignored = with.options.ignore_check && !check.passed();
  warn_of(check, input);
  return std::make_unique<PictureCase>(input, std::move(open), std::move(check), with.folder);
}

std::unique_ptr<ExaminedCase> examine_case(const CaseInput& input, const CaseSurroundings& with) {
  if (is_archive(input.path)) return std::make_unique<ArchiveCase>(input, with);
  Image image = read_scan(input.path, input.choice);
  if (image.voxels.size(0) == 1) return examine_picture(input, with, image);
  return with_context(fmt::format("examining '{}'", input.path),
                      [&] { return examine_volume(input, with, std::move(image)); });
}

}  // namespace thor
