// SPDX-License-Identifier: Apache-2.0
// Every scan of the shared data against nibabel and pydicom: reference_volumes.py beside this file.
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/image/image.h"
#include "thor/nn/weights/safetensors.h"

namespace thor {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> scans_below(const std::string& data) {
  std::vector<std::string> scans;
  for (const char* folder : {"nifti", "nifti/dtypes", "nifti/orientations", "dicom/encodings"})
    for (const auto& entry : fs::directory_iterator(data + "/" + folder))
      if (entry.is_regular_file() && entry.path().extension() != ".txt") scans.push_back(entry.path().string());
  std::sort(scans.begin(), scans.end());
  scans.push_back(data + "/dicom/studyforrest");
  return scans;
}

/// Reads a scan and leaves what was read for the script.
nlohmann::json handed_over(const std::string& path, int64_t frame, const std::string& file) {
  try {
    const Image image = read_scan(path, {frame, ""});
    const auto& rows = image.geometry.ras_from_voxel.rows;
    const Tensor affine = at::tensor(std::vector<double>(rows.begin(), rows.end()), at::kDouble).view({3, 4});
    write_safetensors(file, {{{"voxels", image.voxels}, {"affine", affine}}, {}});
    return {{"path", path}, {"frame", frame}, {"read", true}};
  } catch (const Error& error) {
    return {{"path", path}, {"frame", frame}, {"read", false}, {"reason", error.what()}};
  }
}

TEST(Nibabel, AndPydicomReadTheSameValuesAtTheSamePlaces) {
  const std::string data = test::shared_dir() + "/data";
  if (!fs::is_directory(data + "/nifti")) GTEST_SKIP() << data << " is not here";
  const test::TemporaryFolder folder;
  nlohmann::json scans = nlohmann::json::array();
  std::vector<std::string> refused;
  const auto take = [&](const std::string& path, int64_t frame) {
    scans.push_back(handed_over(path, frame, folder / (std::to_string(scans.size()) + ".safetensors")));
    if (!scans.back()["read"]) refused.push_back(fs::path(path).filename().string());
  };
  for (const std::string& path : scans_below(data)) take(path, -1);
  for (const char* several : {"example4d.nii.gz", "example_nifti2.nii.gz"}) take(data + "/nifti/" + several, 1);
  EXPECT_EQ(refused, (std::vector<std::string>{"MR_truncated.dcm", "example4d.nii.gz", "example_nifti2.nii.gz"}));
  std::ofstream(folder / "scans.json") << scans;
  const std::string python = test::environment_or("THOR_PYTHON", "/usr/bin/python3");
  const int status = std::system(
      (python + " '" THOR_SOURCE_DIR "/tests/parity/reference_volumes.py' '" + folder.path() + "'").c_str());
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (code == 77 || code == 127)
    GTEST_SKIP() << "python3 cannot import nibabel and pydicom here (Debian: python3-nibabel, python3-pydicom, "
                    "python3-pil, dcmtk); THOR_PYTHON names another python";
  EXPECT_EQ(code, 0) << "a scan differs from its reference";
}

}  // namespace
}  // namespace thor
