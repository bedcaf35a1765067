// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/examine.h"

#include <gmock/gmock.h>

#include <future>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/unit/results/volume_world.h"
#include "thor/base/error.h"
#include "thor/base/run_context.h"

namespace thor {
namespace {

/// A model, calibrated for the map of three steps, and scans in memory as well as in files.
class Examining : public test::VolumeFiles {
 protected:
  void SetUp() override {
    VolumeFiles::SetUp();
    calibration.setting = {"three", json_text({{"start_step", 300}}), "unet"};
    calibration.thresholds = {{0.05, 0.002}};
    calibration.scores = {0, 0.001, 0.002};
    calibration.pixels = 768;
    put_calibration(model, calibration);
    found.calibration = calibration;
    found.volume.min_ml = 0.01;
    options.volume = found.volume;
  }
  Pipeline pipeline() const { return Pipeline(model, std::make_unique<test::ThreeStepDetector>(), test::on_cpu()); }
  static Image slice() {
    Image image = test::head();
    image.voxels = image.voxels.narrow(0, 8, 1).contiguous();
    return image;
  }

  Calibration calibration;
  FindingOptions found;
};

TEST_F(Examining, FindsInMemoryToTheBitWhatDetectionWritesToFiles) {
  scan("volume.nii.gz", test::head_stored_as("LPI"));
  scan("slice.nii.gz", slice());
  const FolderResult written = detect(std::make_unique<test::ThreeStepDetector>());
  const Pipeline with = pipeline();
  for (const CaseOutput& one : written.done) {
    const Finding finding = examine(with, read_scan(in + "/" + one.name + ".nii.gz"), found);
    EXPECT_TRUE(at::equal(finding.map, result(one.name + "_map.nii.gz").voxels)) << one.name;
    EXPECT_TRUE(at::equal(finding.pseudo_healthy, result(one.name + "_pseudo_healthy.nii.gz").voxels)) << one.name;
    ASSERT_TRUE(finding.mask.defined());
    EXPECT_TRUE(at::equal(finding.mask.to(at::kFloat), result(one.name + "_mask.nii.gz").voxels)) << one.name;
    EXPECT_EQ(finding.score, one.score);
    EXPECT_EQ(finding.p_value, one.p_value);
    EXPECT_EQ(finding.lesions.size(), one.lesions.size());
  }
  EXPECT_GT(written.done.at(1).lesions.size(), 0u);
}

TEST_F(Examining, ManyScansShareBatchesAndEachIsWhatItIsAlone) {
  const Pipeline with = pipeline();
  const std::vector<Finding> together = examine(with, {test::head(), slice(), test::head_stored_as("PIR")}, found, 5);
  ASSERT_EQ(together.size(), 3u);
  EXPECT_LT(test::max_abs_diff(together[0].map, examine(with, test::head(), found, 1).map), 1e-6);
  EXPECT_LT(test::max_abs_diff(together[1].map, examine(with, slice(), found, 1).map), 1e-6);
  EXPECT_EQ(together[1].map.sizes(), slice().voxels.sizes());
}

TEST_F(Examining, WithoutACalibrationThereIsNeitherMaskNorPValue) {
  const Finding finding = examine(pipeline(), test::head());
  EXPECT_FALSE(finding.mask.defined());
  EXPECT_FALSE(finding.p_value);
  EXPECT_GT(finding.lesion_threshold, 0);
  EXPECT_EQ(finding.slices.size(), 16u);
}

TEST_F(Examining, CountsNetworkCallsUpToTheirNumber) {
  std::vector<int64_t> done;
  int64_t all = 0;
  RunContext context({}, [&](const ProgressState& state) {
    done.push_back(state.done);
    all = state.total;
  });
  examine(pipeline(), slice(), found, 8, &context);
  EXPECT_THAT(done, ::testing::ElementsAre(0, 1, 2, 3, 3));
  EXPECT_EQ(all, 3);
}

TEST_F(Examining, OneOfTwoAtOnceIsStoppedAndTheOtherFinishes) {
  const Pipeline first = pipeline(), second = pipeline();
  const Finding alone = examine(second, test::head(), found);
  // Neither ends before the other has begun to count.
  std::promise<void> first_counts, second_counts;
  RunContext* to_be_stopped = nullptr;
  std::vector<int64_t> of_first, of_second;
  RunContext first_context({}, [&](const ProgressState& state) {
    of_first.push_back(state.done);
    if (state.done != 4 || state.finished) return;
    first_counts.set_value();
    second_counts.get_future().wait();
    to_be_stopped->request_stop();
  });
  RunContext second_context({}, [&](const ProgressState& state) {
    of_second.push_back(state.done);
    if (state.done != 8) return;
    second_counts.set_value();
    first_counts.get_future().wait();
  });
  to_be_stopped = &first_context;
  bool was_stopped = false;
  std::thread stopped([&] {
    try {
      examine(first, test::head(), found, 2, &first_context);
    } catch (const Interrupted&) {
      was_stopped = true;
    }
  });
  Finding finished;
  std::thread whole([&] { finished = examine(second, test::head(), found, 8, &second_context); });
  stopped.join();
  whole.join();
  EXPECT_TRUE(was_stopped);
  EXPECT_EQ(of_first.back(), 4);
  EXPECT_EQ(of_second.back(), 3 * 14);  // calls; two of the 16 slices are blank
  EXPECT_FALSE(second_context.stop_requested());
  EXPECT_TRUE(at::equal(finished.map, alone.map));
}

TEST_F(Examining, RefusesARateThatTheCalibrationDoesNotHave) {
  found.point.fpr = 0.02;
  EXPECT_THROW(examine(pipeline(), slice(), found), Error);
}

}  // namespace
}  // namespace thor
