// SPDX-License-Identifier: Apache-2.0
#include "thor/report/volume_page.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "tests/support.h"
#include "thor/base/file.h"

namespace thor {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

VolumeReport example(bool calibrated) {
  VolumeReport report;
  const Tensor voxels = at::rand({6, 8, 10});
  report.views = orthogonal_views({voxels, voxels, voxels, scaling({2, 2, 3})}, {4, 6, 9});
  report.map_maximum = 0.9;
  Lesion lesion;
  lesion.ml = 1.234;
  lesion.peak = 0.875;
  lesion.centre_mm = {1.5, -2, 30};
  lesion.template_mm = Point3{7, 8, 9};
  report.lesions = {lesion};
  report.about = {{"name", "sub-01 <x>"},
                  {"input", "scans/sub-01.nii.gz"},
                  {"note", "Research software, not a medical device."},
                  {"score", 0.5},
                  {"thor", "0.1"},
                  {"seed", 3},
                  {"precision", "fp32"},
                  {"device", "cpu"},
                  {"perceptual", "none"},
                  {"model", {{"sha256", "feed"}}},
                  {"detector", {{"name", "thor"}, {"config", {{"start_step", 300}}}}},
                  {"slices", {{{"slice", 1}, {"z_mm", 23.0}, {"score", 0.5}}}},
                  {"lesions", {{"above", "calibrated threshold"}, {"threshold", 0.4}, {"min_ml", 0.1}, {"count", 1}}},
                  {"volume",
                   {{"size", {10, 8, 6}},
                    {"spacing_mm", {2, 2, 3}},
                    {"orientation", "RAS"},
                    {"window", {0, 900}},
                    {"smooth_mm", 0},
                    {"chain", {{{"step", "{step: register}"}, {"similarity", 0.61}}}}}}};
  if (calibrated) report.about["calibration"] = {{"p_value", 0.02}, {"cases", 99}, {"p_value_of", "the volume"}};
  return report;
}

std::string html_of(const VolumeReport& report) {
  const test::TemporaryFolder folder;
  write_page(folder / "page.html", volume_page(report));
  return read_text_file(folder / "page.html", 1 << 26);
}

TEST(VolumePage, HasPlanesWithSidesLesionsFactsAndTheNote) {
  const std::string html = html_of(example(true));
  for (const char* text : {"sub-01 &lt;x&gt;", "axial, 9.0 mm", "Pseudo-healthy", "href=\"data:image/png;base64,",
                           ">R</text>", ">S</text>", "1.234", "1.5, -2.0, 30.0", "7.0, 8.0, 9.0", "0.875", "feed",
                           "similarity 0.61", "not a medical device", "p = 0.02", "calibrated threshold"})
    EXPECT_THAT(html, HasSubstr(text));
}

TEST(VolumePage, SaysWhenNothingIsCalibrated) {
  EXPECT_THAT(html_of(example(false)), HasSubstr("not calibrated"));
  EXPECT_THAT(html_of(example(true)), Not(HasSubstr("not calibrated")));
}

TEST(VolumePage, HasNoTableWhereThereIsNoLesion) {
  VolumeReport report = example(true);
  report.lesions.clear();
  const std::string html = html_of(report);
  EXPECT_THAT(html, HasSubstr("There is none."));
  EXPECT_THAT(html, Not(HasSubstr("1.234")));
}

}  // namespace
}  // namespace thor
