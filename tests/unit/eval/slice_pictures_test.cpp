// SPDX-License-Identifier: Apache-2.0
#include "thor/data/slice_pictures.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "tests/support.h"
#include "tests/unit/results/volume_world.h"
#include "thor/data/prepare.h"
#include "thor/eval/map_set.h"
#include "thor/pipeline/detector_choice.h"

namespace thor {
namespace {

TEST(SlicePictures, AreDetectedInAsTheSlicesOfTheirArchive) {
  const test::TemporaryFolder folder;
  const Image head = test::head_stored_as("LPI");
  write_nifti(folder / "head.nii.gz", head.voxels, head.geometry);
  Model model = test::tiny_model();
  model.config.diffusion.process = Process::Corruption;
  model.config.preprocess.steps = {{"{step: reorient, to: RPS}"}, {"{step: intensity, white: 100}"}};
  PrepareJob job;
  job.scans = {{folder / "head.nii.gz", "", "", "head.nii.gz", 0}};
  job.preprocess = model.config.preprocess;
  job.pictures = folder / "pictures";
  const Archive archive = prepare_scans(job).archive;

  const auto rows = read_split(folder / "pictures/index.csv");
  ASSERT_GT(rows.size(), 8u);
  const Pipeline pipeline(model, choose_detector(model, "restorer", {}).detector, test::on_cpu());
  const MapSet found = detect_set(pipeline, {"restorer", {}}, rows, test::on_cpu());
  EXPECT_GT(found.maps.max().item<float>(), 0.1);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto at =
        std::find(archive.names.begin(), archive.names.end(), rows[i].name.substr(0, rows[i].name.size() - 4));
    ASSERT_NE(at, archive.names.end());
    const Tensor slice = archive.slices[at - archive.names.begin()].view({1, 1, 16, 16});
    const Tensor map = pipeline.detect({slice, {{}}}).map;
    EXPECT_LT(test::max_abs_diff(found.maps[static_cast<int64_t>(i)], map[0][0]), 0.02) << rows[i].name;
  }
}

}  // namespace
}  // namespace thor
