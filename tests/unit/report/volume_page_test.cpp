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
  Sidecar& about = report.about;
  about.name = "sub-01 <x>";
  about.input = "scans/sub-01.nii.gz";
  about.note = "Research software, not a medical device.";
  about.score = 0.5;
  about.model_sha256 = "feed";
  about.detector = "thor";
  about.detector_config.text = R"({"start_step":300})";
  about.slices = {{"", {1, 23, false, 0.5, {}}}};
  about.lesions = SidecarLesions{"", "calibrated threshold", 0.4, 0.1, 1, {lesion}};
  about.volume = SidecarVolume();
  about.volume->native = {{10, 8, 6}, scaling({2, 2, 3})};
  about.volume->steps.text = R"([{"step":"{step: register}","similarity":0.61}])";
  about.volume->window = {0, 900};
  if (calibrated) about.calibration = SidecarCalibration{{0.05, 0}, 0.4, {}, 0.02, "the volume", 99, "One in twenty."};
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
