// SPDX-License-Identifier: Apache-2.0
// DICOM results as pydicom reads them: reference_dicom.py beside this file.
#include <sys/wait.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/dicom_phantom.h"

namespace thor::test {
namespace {

class PyDicom : public testing::Test {
 protected:
  void write_raw(const std::string& name, const Tensor& values) {
    const Tensor whole = values.contiguous();
    std::ofstream(folder_ / name, std::ios::binary)
        .write(static_cast<const char*>(whole.data_ptr()), static_cast<std::streamsize>(whole.nbytes()));
  }
  void write_truth(const Image& image, const Tensor& mask, const Tensor& map) {
    const Affine lps = scaling({-1, -1, 1}) * image.geometry.ras_from_voxel;
    nlohmann::json truth;
    truth["shape"] = image.voxels.sizes().vec();
    for (int row = 0; row < 3; ++row)
      truth["lps_from_voxel"].push_back({lps.at(row, 0), lps.at(row, 1), lps.at(row, 2), lps.at(row, 3)});
    for (const DicomSlice& slice : image.dicom->slices)
      truth["slices"].push_back({{"file", slice.file}, {"instance", slice.sop_instance_uid}, {"frame", slice.frame}});
    std::ofstream(folder_ / "truth.json") << truth;
    write_raw("mask.raw", mask.to(at::kByte));
    write_raw("map.raw", map.to(at::kFloat));
  }
  /// Exit code of the comparison.
  int compare(const Image& image, const Tensor& mask, const Tensor& map) {
    write_truth(image, mask, map);
    std::filesystem::remove_all(folder_ / "map");
    std::filesystem::create_directory(folder_ / "map");
    write_dicom_segmentation(folder_ / "seg.dcm", mask, image, result_for_tests());
    write_dicom_map(folder_ / "map", map, image, result_for_tests());
    return run_script();
  }
  int run_script() {
    const std::string python = environment_or("THOR_PYTHON", "/usr/bin/python3");
    const std::string script = THOR_SOURCE_DIR "/tests/parity/reference_dicom.py";
    const int status = std::system((python + " '" + script + "' '" + folder_.path() + "'").c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  static bool absent(int code) { return code == 77 || code == 127; }
  static constexpr const char* kAbsent =
      "python3 cannot import pydicom here (Debian: python3-pydicom); THOR_PYTHON names another python";

  TemporaryFolder folder_;
};

TEST_F(PyDicom, AgreesOnMaskMapAndPlaceHoweverTheSeriesLies) {
  for (const SeriesPlan& plan : all_plans()) {
    const Image image = write_series(folder_.path(), plan);
    const int code = compare(image, mask_for(image), map_for(image));
    if (absent(code)) GTEST_SKIP() << kAbsent;
    EXPECT_EQ(code, 0) << plan.name;
  }
}

TEST_F(PyDicom, SeesAMaskThatIsNotWhatWasWritten) {
  const Image image = write_series(folder_.path(), {});
  const int code = compare(image, mask_for(image), map_for(image));
  if (absent(code)) GTEST_SKIP() << kAbsent;
  ASSERT_EQ(code, 0);
  write_raw("mask.raw", mask_for(image).flip(0).to(at::kByte));
  EXPECT_EQ(run_script(), 1);
}

TEST_F(PyDicom, AgreesOnARealObliqueSeries) {
  const std::string series = shared_dir() + "/data/dicom/studyforrest";
  if (!std::filesystem::exists(series)) GTEST_SKIP() << series << " is not here";
  const Image image = read_scan(series);
  Tensor mask = at::zeros_like(image.voxels);
  mask.narrow(0, 20, 9).narrow(1, 100, 70).narrow(2, 80, 51).fill_(1);
  const Tensor map = at::linspace(0, 0.7, image.voxels.numel()).view(image.voxels.sizes());
  const int code = compare(image, mask, map);
  if (absent(code)) GTEST_SKIP() << kAbsent;
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace thor::test
