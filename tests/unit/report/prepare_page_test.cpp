// SPDX-License-Identifier: Apache-2.0
#include "thor/report/prepare_page.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "thor/data/scan_part.h"

namespace thor {
namespace {

using ::testing::HasSubstr;

/// Volumes with these similarities, in this order, and a scan that failed.
class PreparedScans : public ::testing::Test {
 protected:
  PrepareResult result_of(const std::vector<double>& similarities) {
    PrepareResult result;
    for (size_t i = 0; i < similarities.size(); ++i) {
      ScanPart part;
      part.volume = true;
      part.slices = at::zeros({1, 8, 8});
      part.names = {fmt::format("scan{}_z+23.0", i)};
      part.views = {{"axial", at::full({20, 20}, static_cast<int64_t>(i), at::kByte)},
                    {"axial_template", at::zeros({20, 20}, at::kByte)}};
      part.record = json_text(
          {{{"step", "{step: register, template: mni}"}, {"similarity_before", 0.1}, {"similarity", similarities[i]}}});
      const std::string path = folder_ / fmt::format("scan{}.safetensors", i);
      write_part(path, part, "key");
      result.scans.push_back({fmt::format("scan{}", i), "", part.record, path});
      result.archive.names.push_back(part.names[0]);
    }
    result.scans.push_back({"broken.nii", "it is truncated", {}, ""});
    return result;
  }
  static const PageSection& section(const Page& page, const std::string& title) {
    for (const auto& one : page.sections)
      if (one.title == title) return one;
    throw std::runtime_error("no section " + title);
  }
  test::TemporaryFolder folder_;
};

TEST_F(PreparedScans, ComeLeastAlikeFirstAndOutliersAreMarked) {
  const Page page = prepare_page(result_of({0.61, 0.60, 0.20, 0.62, 0.59}));
  const PageSection& volumes = section(page, "Volumes");
  ASSERT_EQ(volumes.cases.size(), 5u);
  EXPECT_EQ(volumes.cases[0].title, "scan2");
  EXPECT_EQ(volumes.cases[4].title, "scan3");
  ASSERT_EQ(volumes.cases[0].pictures.size(), 2u);
  EXPECT_NEAR(volumes.cases[0].pictures[0].second.max().item<double>(), 2. / 255, 1e-6);
  const PageTable& table = section(page, "Similarity").tables.at(0);
  EXPECT_EQ(table.rows[1][0], "scan2");
  EXPECT_EQ(table.rows[1][3], "look at it");
  EXPECT_EQ(table.rows[2][3], "");
  EXPECT_EQ(table.bold.size(), 1u);
}

TEST_F(PreparedScans, ThatFailedAreListedWithTheReason) {
  const Page page = prepare_page(result_of({0.6, 0.6}));
  EXPECT_EQ(section(page, "Not used").tables.at(0).rows.at(1),
            (std::vector<std::string>{"broken.nii", "it is truncated"}));
  EXPECT_THAT(page.introduction, HasSubstr("3 scans, 2 slices; 1 scans could not be used"));
}

}  // namespace
}  // namespace thor
