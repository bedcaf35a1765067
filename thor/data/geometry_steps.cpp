// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/data/preprocess_step.h"
#include "thor/image/register/registration.h"
#include "thor/image/resample.h"

namespace thor {
namespace {

constexpr int64_t kMaxStepsSide = 4096;  // voxels

/// The mask or field of a state as an image on the same grid, so that it takes the way of the voxels.
Image beside(const StepState& state, const Tensor& voxels) {
  Image image = state.image;
  image.voxels = voxels;
  return image;
}

class ReorientStep : public PreprocessStep {
 public:
  bool moves_voxels() const override { return true; }
  void describe(Fields& fields) override {
    fields.add("to", &to_,
               "where x, y, z grow: RAS = right, anterior, superior; RPS has the forehead in the first row");
  }
  void check() const override { order_to({}, to_); }
  std::string orientation(const std::string& /*before*/) const override { return to_; }
  JsonText run(StepState& state) const override {
    const Affine& affine = state.image.geometry.ras_from_voxel;
    const std::string from = orientation_of(affine);
    const AxisOrder order = order_to(affine, to_);
    for (Tensor* other : {&state.mask, &state.field})
      if (other->defined()) *other = reorient(beside(state, *other), order).voxels;
    state.image = reorient(state.image, order);
    return json_text({{"from", from}});
  }

 private:
  std::string to_ = "RAS";
};

class RegisterStep : public PreprocessStep {
 public:
  void describe(Fields& fields) override {
    fields.add("template", &template_, "name of the head to register to");
    fields.add("mask", &mask_, "name of a mask in the template's space: where likeness counts; empty = everywhere");
    fields.add("affine", &affine_, "after the rigid stage also scale and shear");
  }
  std::vector<std::string> templates() const override {
    return mask_.empty() ? std::vector<std::string>{template_} : std::vector<std::string>{template_, mask_};
  }
  void check() const override {
    if (template_.empty()) fail_usage("the step register needs a template: {{step: register, template: NAME}}");
  }
  JsonText run(StepState& state) const override {
    const Template& to = state.template_of(template_);
    Tensor mask;
    if (!mask_.empty()) {
      const Image& counted = state.template_of(mask_).image;
      mask = resample(counted.voxels, counted.geometry.ras_from_voxel, grid_of(to.image)).ge(127.5).to(at::kFloat);
    }
    RegistrationOptions options;
    options.affine = affine_;
    const Registration found = register_to(state.image, to.image, mask, options);
    state.native_from_steps = state.native_from_steps * found.scan_from_template;
    state.place(inverse(found.scan_from_template) * state.image.geometry.ras_from_voxel);
    state.registered = true;
    return json_text({{"similarity_before", found.similarity_before},
                      {"similarity", found.similarity},
                      {"contrast", found.contrast},
                      {"scan_from_template", found.scan_from_template.rows}});
  }

 private:
  std::string template_, mask_;
  bool affine_ = true;
};

class ResampleStep : public PreprocessStep {
 public:
  bool moves_voxels() const override { return true; }
  void describe(Fields& fields) override {
    fields.add("onto", &onto_, "name of a template: its file's grid");
    fields.add("spacing", &spacing_, "mm along x, y, z, on the scan's own axes", between(0.01, 1000));
    fields.add("size", &size_, "voxels along x, y, z of a grid along the body's axes; with corner and spacing",
               between(1, kMaxStepsSide));
    fields.add("corner", &corner_, "RAS mm of the first voxel's centre");
    fields.add("interpolation", &interpolation_, "linear, spline (cubic) or nearest");
  }
  std::vector<std::string> templates() const override {
    return onto_.empty() ? std::vector<std::string>{} : std::vector<std::string>{onto_};
  }
  /// A box lies along the body's axes.
  std::string orientation(const std::string& before) const override {
    return !onto_.empty() ? "" : size_.empty() ? before : "RAS";
  }
  void check() const override {
    const bool boxed = size_.size() == 3 && corner_.size() == 3 && spacing_.size() == 3;
    const bool spaced = size_.empty() && corner_.empty() && spacing_.size() == 3;
    const bool templated = !onto_.empty() && size_.empty() && corner_.empty() && spacing_.empty();
    if (!templated && (!onto_.empty() || (!boxed && !spaced)))
      fail_usage(
          "the step resample needs one of: onto: NAME; spacing: [x, y, z]; spacing, size and corner of three each");
    if (boxed && static_cast<double>(size_[0]) * static_cast<double>(size_[1]) * static_cast<double>(size_[2]) >
                     static_cast<double>(kMaxVoxels))
      fail_usage("a grid of {} voxels is too large", fmt::join(size_, " x "));
  }
  JsonText run(StepState& state) const override {
    const Grid grid = target(state);
    const Affine from = state.image.geometry.ras_from_voxel;
    Lookup lookup;
    lookup.outside = state.image.voxels.min().item<float>();
    lookup.interpolation = interpolation_;
    if (state.mask.defined()) {
      Lookup nearest;
      nearest.interpolation = Interpolation::Nearest;
      state.mask = resample(state.mask, from, grid, nearest);
    }
    if (state.field.defined()) {
      Lookup smooth;
      smooth.outside = 1;
      state.field = resample(state.field, from, grid, smooth);
    }
    state.image.voxels = resample(state.image.voxels, from, grid, lookup);
    state.place(grid.ras_from_voxel);
    return json_text({{"size", grid.size}, {"spacing", spacing_mm(grid.ras_from_voxel)}});
  }

 private:
  Grid target(const StepState& state) const {
    if (!onto_.empty()) return state.template_of(onto_).grid;
    const Point3 spacing{spacing_[0], spacing_[1], spacing_[2]};
    if (size_.empty()) return with_spacing(grid_of(state.image), spacing);
    return {{size_[0], size_[1], size_[2]}, translation({corner_[0], corner_[1], corner_[2]}) * scaling(spacing)};
  }

  std::string onto_;
  Interpolation interpolation_ = Interpolation::Linear;
  std::vector<double> spacing_, corner_;
  std::vector<int64_t> size_;
};

/// The part of the image that stays in place.
enum class Anchor { Centre, Corner };
Names names_of(Anchor) { return {"centre", "corner"}; }

class CropPadStep : public PreprocessStep {
 public:
  bool moves_voxels() const override { return true; }
  void describe(Fields& fields) override {
    fields.add("size", &size_, "voxels along x, y, z; 0 = as it is", between(0, kMaxStepsSide));
    fields.add("at", &at_,
               "what stays in place: centre (an odd voxel goes to the far side) or corner (the first voxel)");
  }
  void check() const override {
    if (size_.size() != 3)
      fail_usage("the step crop_pad needs a size of three numbers: {{step: crop_pad, size: [x, y, z]}}");
  }
  JsonText run(StepState& state) const override {
    std::vector<int64_t> before(3), padding;  // of x, y, z; as constant_pad_nd wants it: x first
    int64_t voxels = 1;
    for (int axis = 0; axis < 3; ++axis) {
      const int64_t have = state.image.voxels.size(2 - axis), want = size_[axis] > 0 ? size_[axis] : have;
      const int64_t more = want - have;
      if (want > kMaxVoxels / voxels)
        fail_input("'{}' extended to a size of {} is too large, expected at most {} voxels", state.image.path,
                   fmt::join(size_, " x "), kMaxVoxels);
      voxels *= want;
      before[axis] = at_ == Anchor::Corner ? 0 : more >= 0 ? more / 2 : -(-more / 2);
      padding.push_back(before[axis]);
      padding.push_back(more - before[axis]);
    }
    const double black = state.image.voxels.min().item<float>();
    state.image.voxels = at::constant_pad_nd(state.image.voxels, padding, black).contiguous();
    if (state.mask.defined()) state.mask = at::constant_pad_nd(state.mask, padding, 0).contiguous();
    if (state.field.defined()) state.field = at::constant_pad_nd(state.field, padding, 1).contiguous();
    const auto shift = [&](int axis) { return -static_cast<double>(before[axis]); };
    state.place(state.image.geometry.ras_from_voxel * translation({shift(0), shift(1), shift(2)}));
    return json_text({{"added_before", before}});
  }

 private:
  std::vector<int64_t> size_;
  Anchor at_ = Anchor::Centre;
};

}  // namespace

std::unique_ptr<PreprocessStep> make_reorient_step() { return std::make_unique<ReorientStep>(); }
std::unique_ptr<PreprocessStep> make_register_step() { return std::make_unique<RegisterStep>(); }
std::unique_ptr<PreprocessStep> make_resample_step() { return std::make_unique<ResampleStep>(); }
std::unique_ptr<PreprocessStep> make_crop_pad_step() { return std::make_unique<CropPadStep>(); }

}  // namespace thor
