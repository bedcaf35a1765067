// SPDX-License-Identifier: Apache-2.0
#include "thor/cli/scan_facts.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/scans.h"
#include "tests/support.h"

namespace thor::test {
namespace {

std::string two_slices(const TemporaryFolder& folder) {
  for (int z = 0; z < 2; ++z) {
    DicomSpec slice;
    slice.position = {0, 0, 3.0 * z};
    slice.instance_uid += std::to_string(z);
    slice.column_mm = 0.5;
    slice.pixels = at::full({4, 6}, z + 1, at::kFloat);
    std::ofstream(folder / std::to_string(z), std::ios::binary) << dicom_of(slice);
  }
  return folder.path();
}

TEST(ScanFacts, SaySizePlaceValuesAndSeries) {
  const TemporaryFolder folder;
  const nlohmann::json facts = scan_facts(read_scan(two_slices(folder)));
  EXPECT_EQ(facts["scan"]["size"], nlohmann::json({6, 4, 2}));
  EXPECT_EQ(facts["geometry"]["spacing_mm"], nlohmann::json({0.5, 1.0, 3.0}));
  EXPECT_EQ(facts["geometry"]["orientation"], "LPS");
  EXPECT_EQ(facts["geometry"]["centre_ras_mm"], nlohmann::json({-1.25, -1.5, 1.5}));
  EXPECT_EQ(facts["values"]["mean"], 1.5);
  EXPECT_EQ(facts["series"]["modality"], "MR");
}

TEST(SeriesFacts, ListWhatAFolderHolds) {
  const TemporaryFolder folder;
  const nlohmann::json series = series_facts(two_slices(folder));
  ASSERT_EQ(series.size(), 1u);
  EXPECT_EQ(series[0]["slices"], 2);
  EXPECT_EQ(series[0]["description"], "T1");
}

}  // namespace
}  // namespace thor::test
