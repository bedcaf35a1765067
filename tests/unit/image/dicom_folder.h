// SPDX-License-Identifier: Apache-2.0
// A folder of small DICOM slices.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "tests/scans.h"
#include "tests/unit/image/pictures.h"

namespace thor::test {

class DicomFolder : public testing::Test {
 protected:
  static Tensor slice_of(int z) { return pattern(5, 6) + 300 * z; }
  /// A slice at a height, numbered against the order of heights.
  static DicomSpec slice(int z, double height) {
    DicomSpec spec;
    spec.instance_uid = "1.2.3.1." + std::to_string(z + 1);
    spec.instance_number = 100 - z;
    spec.position = {-10, 20, height};
    spec.pixels = slice_of(z);
    return spec;
  }
  void write(const std::string& name, const DicomSpec& spec) { write_bytes(folder_ / name, dicom_of(spec)); }
  /// Five slices, 2 mm apart.
  void write_series() {
    for (int z = 0; z < 5; ++z) write("s" + std::to_string(7 * z % 5), slice(z, 2 * z));
  }
  static Tensor whole() { return at::stack({slice_of(0), slice_of(1), slice_of(2), slice_of(3), slice_of(4)}); }
  Image read(const ScanChoice& choice = {}) { return read_scan(folder_.path(), choice); }
  std::string refusal(const ScanChoice& choice = {}) {
    return story_of([&] { read(choice); });
  }
  TemporaryFolder folder_;
};

}  // namespace thor::test
