// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/data/slice_orientation.h"
#include "thor/image/overlay.h"
#include "thor/pipeline/archive_case.h"
#include "thor/pipeline/open_case.h"

namespace thor {
namespace {

/// A picture, or a scan of a single slice.
class PictureCase : public ExaminedCase {
 public:
  PictureCase(OpenCase open, ScanCheck check, const ResultFolder& folder)
      : open_(std::move(open)), check_(std::move(check)), folder_(folder) {}
  const CaseInput& input() const override { return open_.input; }
  int64_t slices() const override { return 1; }
  Tensor unit(int64_t) const override { return open_.unit; }
  ImageKey key(int64_t) const override { return open_.key; }
  void take(int64_t, const SliceFinding& finding) override { finding_ = finding; }
  uint64_t bytes() const override { return open_.unit.nbytes() + open_.gray.nbytes(); }
  CaseOutput write() override;

 private:
  const char* ending() const { return open_.medical ? ".nii.gz" : ".png"; }
  std::string file(const char* kind) const { return folder_.file(open_.input, kind, ending()); }
  std::string path(const std::string& file) const { return folder_.path(open_.input, file); }
  Tensor as_stored(const Tensor& turned) const;
  std::string write_map(const Tensor& map, double full_scale) const;
  std::string write_pseudo_healthy() const;
  std::string write_overlay(const Tensor& map) const;
  std::string write_mask() const;

  OpenCase open_;
  ScanCheck check_;
  SliceFinding finding_;
  const ResultFolder& folder_;
};

/// [H,W] as the model's slices lie, turned back to lie as the file has it.
Tensor PictureCase::as_stored(const Tensor& turned) const {
  Image image;
  image.voxels = turned.unsqueeze(0);
  return reorient(image, inverse(open_.order)).voxels[0];
}

std::string PictureCase::write_map(const Tensor& map, double full_scale) const {
  const std::string name = file("map");
  if (open_.medical)
    write_nifti(path(name), map, open_.geometry);
  else
    write_png(path(name), map / full_scale, 16);
  return name;
}

std::string PictureCase::write_pseudo_healthy() const {
  const std::string name = file("pseudo_healthy");
  const Tensor unit = as_stored(to_native_grid(finding_.pseudo_healthy, open_.height, open_.width));  // [H,W]
  if (open_.medical)
    write_nifti(path(name), unit * (open_.white - open_.black) + open_.black, open_.geometry);
  else
    write_png(path(name), unit, 16);
  return name;
}

std::string PictureCase::write_overlay(const Tensor& map) const {
  const std::string name = folder_.file(open_.input, "overlay", ".png");
  write_png_rgb(path(name), overlay(open_.gray.to(at::kFloat) / 255, map.clamp(0, 1)));
  return name;
}

std::string PictureCase::write_mask() const {
  const std::string name = file("mask");
  const Tensor above = finding_.map.gt(folder_.threshold());
  const Tensor mask = as_stored(mask_to_native_grid(above, open_.height, open_.width));  // [H,W]
  if (open_.medical)
    write_nifti(path(name), mask, open_.geometry);
  else
    write_png(path(name), mask, 8);
  return name;
}

CaseOutput PictureCase::write() {
  nlohmann::json about = folder_.begin(open_.input);
  const Tensor map = as_stored(to_native_grid(finding_.map, open_.height, open_.width));  // [H,W]
  const double full_scale = open_.medical ? 1.0 : std::max(1.0, map.max().item<double>());
  about["score"] = finding_.score;
  about["map"] = write_map(map, full_scale);
  about["map_full_scale"] = full_scale;
  about["pseudo_healthy"] = write_pseudo_healthy();
  about["overlay"] = write_overlay(map);
  about["check"] = to_json(check_);
  CaseOutput output{
      open_.input.path, open_.input.name, path(about["map"].get<std::string>()), finding_.score, {}, {}, {}};
  if (!check_.allows_claims()) {
    output.withheld = describe(check_);
  } else if (const auto& calibration = folder_.calibration()) {
    output.p_value = calibration->p_value(finding_.score);
    about["mask"] = write_mask();
    about["calibration"] = folder_.calibrated(*output.p_value);
  }
  folder_.finish(open_.input, about);
  return output;
}

}  // namespace

OpenCase open_case(const CaseInput& input, const PreprocessConfig& config) {
  return open_case(input, config, read_image(input.path));
}

OpenCase open_case(const CaseInput& input, const PreprocessConfig& config, const Image& image) {
  OpenCase one;
  one.input = input;
  one.order = slice_order(image, config.steps);
  const Image laid = reorient(image, one.order);
  const PreparedSlice prepared = preprocess(config, laid);
  one.key = {content_id(laid), 0};
  one.height = prepared.height;
  one.width = prepared.width;
  one.unit = prepared.unit;
  one.black = prepared.black;
  one.white = prepared.white;
  one.gray = in_window(image.voxels[0], {one.black, one.white}).mul(255).round().to(at::kByte);
  one.geometry = image.geometry;
  one.medical = image.medical;
  return one;
}

Images stacked(const std::vector<OpenCase>& batch) {
  Images images;
  std::vector<Tensor> units;
  for (const OpenCase& one : batch) {
    units.push_back(one.unit);
    images.keys.push_back(one.key);
  }
  images.pixels = at::stack(units).unsqueeze(1);
  return images;
}

ScanCheck checked_scan(const CaseSurroundings& with, const CaseInput& input, const std::vector<Tensor>& slices,
                       const nlohmann::json& steps) {
  const Model& model = with.pipeline.model();
  const int64_t size = model.config.preprocess.size;
  ScanCheck check = check_scan(model, slices.empty() ? at::zeros({0, size, size}) : at::stack(slices), steps);
  check.ignored = with.options.ignore_check && !check.findings.empty();
  if (!check.findings.empty()) warn("'{}': {}", input.path, describe(check));
  return check;
}

std::unique_ptr<ExaminedCase> examine_picture(const CaseInput& input, const CaseSurroundings& with,
                                              const Image& image) {
  OpenCase open = open_case(input, with.pipeline.model().config.preprocess, image);
  const ScanCheck check = checked_scan(with, input, {open.unit}, nullptr);
  return std::make_unique<PictureCase>(std::move(open), check, with.folder);
}

std::unique_ptr<ExaminedCase> examine_case(const CaseInput& input, const CaseSurroundings& with) {
  if (is_archive(input.path)) return std::make_unique<ArchiveCase>(input, with);
  Image image = read_scan(input.path, input.choice);
  if (image.voxels.size(0) == 1) return examine_picture(input, with, image);
  return with_context(fmt::format("examining '{}'", input.path),
                      [&] { return examine_volume(input, with, std::move(image)); });
}

}  // namespace thor
