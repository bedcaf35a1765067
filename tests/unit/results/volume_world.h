// SPDX-License-Identifier: Apache-2.0
// A head in space with one bright lesion, in any orientation, and detectors whose maps are known.
#pragma once
#include <ATen/ATen.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_model.h"
#include "thor/base/file.h"
#include "thor/image/image.h"
#include "thor/image/resample.h"
#include "thor/results/detect_files.h"

namespace thor::test {

/// The map is the image, the pseudo-healthy image half of it.
class BrightnessDetector : public Detector {
 public:
  void describe(Fields&) override {}
  int64_t network_calls(int64_t) const override { return 0; }
  void check(const Diffusion&) const override {}
  Detection detect(const Context&, const Images& images) const override {
    return {images.pixels.clone(), 0.5 * images.pixels, images.pixels.amax({1, 2, 3})};
  }
};

/// Voxels of 2 x 2 x 3 mm along the body's axes; the lesion is in the patient's right front, in the upper half.
inline const std::array<int64_t, 3> kHeadSize{18, 22, 16};
inline const Point3 kHeadCorner{-17, -21, -20};
inline const Point3 kLesionVoxel{12, 14, 10};

inline Affine head_affine() { return translation(kHeadCorner) * scaling({2, 2, 3}); }

/// An ellipsoid of tissue around the middle of the grid, 300 in intensity, a lesion of 1000 at one voxel and 900 at its
/// 26 neighbours.
inline Image head() {
  const auto [width, height, depth] = kHeadSize;
  const auto coordinate = [](int64_t size) { return (at::arange(size, at::kFloat) - (size - 1) / 2.0) / (size / 2.0); };
  const Tensor z = coordinate(depth).view({-1, 1, 1}), y = coordinate(height).view({1, -1, 1}), x = coordinate(width);
  const Tensor inside = (x * x + y * y + z * z).lt(0.8);
  // Grained, so that slices differ from each other and from their mirror images.
  const Tensor grain = at::sin(at::arange(depth * height * width, at::kFloat) * 0.7).view({depth, height, width});
  Image image;
  image.voxels = inside * (300 + 40 * grain);
  const auto at = [](int axis) { return static_cast<int64_t>(kLesionVoxel[axis]); };
  image.voxels.narrow(0, at(2) - 1, 3).narrow(1, at(1) - 1, 3).narrow(2, at(0) - 1, 3).fill_(900);
  image.voxels[at(2)][at(1)][at(0)] = 1000;
  image.geometry.ras_from_voxel = head_affine();
  image.medical = true;
  return image;
}
inline Image head_stored_as(const std::string& orientation) {
  const Image upright = head();
  return reorient(upright, order_to(upright.geometry.ras_from_voxel, orientation));
}

/// RAS mm of the largest value.
inline Point3 place_of_peak(const Image& image) {
  const int64_t at = image.voxels.argmax().item<int64_t>(), row = image.voxels.size(2);
  const int64_t slice = row * image.voxels.size(1);
  return image.geometry.ras_from_voxel(
      {static_cast<double>(at % row), static_cast<double>(at % slice / row), static_cast<double>(at / slice)});
}
inline double distance_mm(const Point3& a, const Point3& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/// A folder of volumes in, a folder out.
class VolumeFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(in);
    model.config.preprocess.intensity = Intensity::Percentile;
    model.config.preprocess.percentile = 100;
    model.config.preprocess.size = 16;
  }
  void scan(const std::string& name, const Image& image) { write_nifti(in + "/" + name, image.voxels, image.geometry); }
  FolderResult detect(std::unique_ptr<Detector> detector = std::make_unique<BrightnessDetector>(),
                      const RunConfig& run = on_cpu()) {
    const Pipeline pipeline(model, std::move(detector), run);
    options.inputs = {in};
    options.output = out;
    options.detector_name = "three";
    options.detector_config = JsonText(R"({"start_step":300})");
    FolderResult result = detect_files(pipeline, options, run);
    for (const auto& failure : result.failed) ADD_FAILURE() << failure.message;
    return result;
  }
  Image result(const std::string& file) const { return read_scan(out + "/" + file); }
  nlohmann::json sidecar(const std::string& name) const {
    return nlohmann::json::parse(read_text_file(out + "/" + name + ".json", 1 << 24));
  }

  TemporaryFolder folder;
  std::string in = folder / "in", out = folder / "out";
  Model model = tiny_model();
  DetectOptions options;
};

}  // namespace thor::test
