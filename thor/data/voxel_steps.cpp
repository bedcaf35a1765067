// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/data/preprocess.h"
#include "thor/data/preprocess_step.h"
#include "thor/image/quantile.h"
#include "thor/image/register/registration.h"
#include "thor/image/resample.h"

namespace thor {
namespace {

constexpr const char* kMaskEndings[] = {".nii.gz", ".nii", ".nrrd", ".mha", ".mgz"};

/// The file's or folder's name without the ending of a volume.
std::string stem_of_scan(const std::string& scan) {
  std::string stem = std::filesystem::path(scan).filename().string();
  for (const char* ending : kMaskEndings)
    if (const std::string end = ending; stem.size() > end.size() && stem.substr(stem.size() - end.size()) == end)
      stem.resize(stem.size() - end.size());
  return stem;
}

class N4Step : public PreprocessStep {
 public:
  void describe(Fields& fields) override {
    fields.add("shrink", &options_.shrink, "the field is estimated on every n-th voxel", between(1, 16));
    fields.add("iterations", &options_.iterations, "at each level", between(1, 1000));
    fields.add("levels", &options_.levels, "B-spline levels, each twice as fine", between(1, 8));
  }
  JsonText run(StepState& state) const override {
    const Tensor field = bias_field(state.image, state.mask, options_);
    state.image.voxels = state.image.voxels / field;
    state.field = state.field.defined() ? state.field * field : field;
    return json_text({{"field_min", field.min().item<float>()}, {"field_max", field.max().item<float>()}});
  }

 private:
  BiasFieldOptions options_;
};

class BrainMaskStep : public PreprocessStep {
 public:
  void describe(Fields& fields) override {
    fields.add("mask", &mask_, "name of a mask in the template's space, to which the scan was registered");
    fields.add("beside", &beside_, "ending of a mask file beside each scan: sub-01.nii.gz, sub-01_mask.nii.gz: _mask");
    fields.add("apply", &apply_, "false: voxels stay as they are, and the mask only counts in n4 and intensity");
  }
  std::vector<std::string> templates() const override {
    return mask_.empty() ? std::vector<std::string>{} : std::vector<std::string>{mask_};
  }
  std::vector<std::string> files(const std::string& scan) const override {
    const auto mask = beside_.empty() ? std::nullopt : find_beside(scan);
    return mask ? std::vector<std::string>{*mask} : std::vector<std::string>{};
  }
  std::optional<std::string> brain_template() const override {
    return mask_.empty() ? std::nullopt : std::optional<std::string>(mask_);
  }
  void check() const override {
    if (mask_.empty() == beside_.empty()) fail_usage("the step brain_mask needs either mask: NAME or beside: ENDING");
  }
  JsonText run(StepState& state) const override {
    state.mask = mask_.empty() ? of_the_scan(state) : of_the_template(state);
    const double share = state.mask.mean().item<double>();
    if (share == 0) fail_input("the brain mask is empty on '{}'", state.image.path);
    if (!apply_) return json_text({{"share", share}});
    const double black = state.image.voxels.min().item<float>();
    state.image.voxels = at::where(state.mask > 0, state.image.voxels, at::scalar_tensor(black, at::kFloat));
    return json_text({{"share", share}});
  }

 private:
  Tensor of_the_template(const StepState& state) const {
    if (!state.registered)
      fail_usage("the step brain_mask names a mask in a template's space, but no step before it registers");
    const Image& mask = state.template_of(mask_).image;
    return resample(mask.voxels, mask.geometry.ras_from_voxel, grid_of(state.image)).ge(127.5).to(at::kFloat);
  }

  Tensor of_the_scan(const StepState& state) const {
    const auto file = find_beside(state.image.path);
    if (!file)
      fail_input("'{}' has no brain mask beside it: expected {}{}.nii.gz, .nii, .nrrd or .mha", state.image.path,
                 stem_of_scan(state.image.path), beside_);
    const Image mask = read_scan(*file);
    Lookup nearest;
    nearest.interpolation = Interpolation::Nearest;
    nearest.source_from_target = state.native_from_steps;
    const Tensor inside = mask.voxels.gt(0).to(at::kFloat);
    return resample(inside, mask.geometry.ras_from_voxel, grid_of(state.image), nearest);
  }

  std::optional<std::string> find_beside(const std::string& scan) const {
    std::error_code ec;
    for (const char* ending : kMaskEndings)
      if (const auto mask = std::filesystem::path(scan).parent_path() / (stem_of_scan(scan) + beside_ + ending);
          std::filesystem::is_regular_file(mask, ec))
        return mask.string();
    return {};
  }

  std::string mask_, beside_;
  bool apply_ = true;
};

/// The unit of black and white.
enum class IntensityUnit { Percentile, ZScore };
Names names_of(IntensityUnit) { return {"percentile", "z_score"}; }
/// The voxels that count.
enum class Counted { All, Foreground, Mask };
Names names_of(Counted) { return {"all", "foreground", "mask"}; }

class IntensityStep : public PreprocessStep {
 public:
  void describe(Fields& fields) override {
    fields.add("scale", &scale_, "unit of black and white: percentile, or z_score = standard deviations from the mean");
    fields.add("black", &black_, "becomes 0; as a percentile it is one of all voxels", between(-100, 100));
    fields.add("white", &white_, "becomes 1; what is beyond is clipped", between(-100, 100));
    fields.add("over", &over_, "what counts: all voxels, foreground (above the mean of all), or the brain mask");
    fields.add("bits", &bits_, "0 = values stay between 0 and 1; 8 = rounded to 256 levels, as in 8-bit pictures",
               between(0, 16));
  }
  void check() const override {
    if (!(black_ < white_))
      fail_usage("the step intensity has black {:g} and white {:g}, expected black < white", black_, white_);
    if (scale_ == IntensityUnit::Percentile && black_ < 0)
      fail_usage("the step intensity has the percentile {:g} as black, expected 0 to 100", black_);
    if (bits_ != 0 && bits_ != 8 && bits_ != 16)
      fail_usage("the step intensity has {} bits, expected 0, 8 or 16", bits_);
  }
  JsonText run(StepState& state) const override {
    const auto [black, white] = window(state);
    if (!(black < white))
      fail_input("black and white of '{}' are both {:g}: the scan is nearly empty there", state.image.path, black);
    Tensor voxels = ((state.image.voxels - black) * (1 / (white - black))).clamp_(0, 1);
    const double levels = bits_ == 0 ? 1 : static_cast<double>((int64_t{1} << bits_) - 1);
    state.image.voxels = bits_ == 0 ? voxels : voxels.mul_(levels).round_();
    state.image.full_scale = levels;
    return json_text({{"black", black}, {"white", white}, {"levels", levels}});  // black became 0, white `levels`
  }

 private:
  Tensor counted(const StepState& state) const {
    const Tensor& voxels = state.image.voxels;
    if (over_ == Counted::All) return voxels;
    if (over_ == Counted::Foreground) return voxels.masked_select(voxels > voxels.mean(at::kDouble).item<double>());
    if (!state.mask.defined())
      fail_usage("the step intensity counts over the mask, but no step before it is brain_mask");
    return voxels.masked_select(state.mask > 0);
  }

  std::pair<double, double> window(const StepState& state) const {
    const Tensor values = counted(state);
    if (values.numel() == 0) return {0, 0};
    if (scale_ == IntensityUnit::Percentile) return percentiles(state.image.voxels, values);
    const double mean = values.mean(at::kDouble).item<double>();
    const double deviation = std::sqrt((values - mean).square_().mean(at::kDouble).item<double>());
    return {mean + black_ * deviation, mean + white_ * deviation};
  }

  /// Air of a scan that rings or was interpolated lies a little below 0: it is 0 and not gray.
  std::pair<double, double> percentiles(const Tensor& all, const Tensor& values) const {
    const double black = percentile_of(all, black_), white = percentile_of(values, white_);
    return {is_ringing(black, white) ? 0 : black, white};
  }

  IntensityUnit scale_ = IntensityUnit::Percentile;
  Counted over_ = Counted::All;
  double black_ = 0, white_ = 99;
  int64_t bits_ = 0;
};

}  // namespace

std::unique_ptr<PreprocessStep> make_n4_step() { return std::make_unique<N4Step>(); }
std::unique_ptr<PreprocessStep> make_brain_mask_step() { return std::make_unique<BrainMaskStep>(); }
std::unique_ptr<PreprocessStep> make_intensity_step() { return std::make_unique<IntensityStep>(); }

}  // namespace thor
