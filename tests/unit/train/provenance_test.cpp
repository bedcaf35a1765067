// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "tests/support.h"
#include "thor/base/file.h"
#include "thor/data/summary.h"
#include "thor/image/image.h"
#include "thor/train/trainer.h"

namespace thor {
namespace {

TEST(Provenance, TheModelSaysWhatItsTrainingImagesLookedLikeAndIsNotCalibrated) {
  const test::TemporaryFolder folder;
  for (const char* name : {"a", "b"}) {
    Tensor image = at::zeros({16, 16});
    image.narrow(0, 0, 4).fill_(0.6);
    write_png(folder / (std::string(name) + ".png"), image, 16);
  }
  write_text_atomically(folder / "train.csv", "image\na.png\nb.png\n");
  ExperimentConfig config;
  config.model.model.channels = {8, 8};
  config.model.model.attention = {false, false};
  config.model.model.head_channels = 8;
  config.model.model.norm_groups = 4;
  config.model.preprocess.size = 16;
  config.train.steps = 1;
  config.train.batch = 2;
  config.train.precision = "fp32";
  config.detector_name = "ddpm";
  config.detector = make_detector("ddpm", "gaussian");
  TrainPaths paths;
  paths.train_data = folder / "train.csv";
  paths.run = folder / "run";
  const Model model = load_model(train(config, paths, false, "cpu").model_path);

  const DataSummary data = parse_summary(model.training.at("data"));
  EXPECT_EQ(data.images, 2);
  EXPECT_DOUBLE_EQ(data.foreground_share, 0.25);
  EXPECT_NEAR(data.foreground_quantiles.at(2), 0.6, 1e-3);
  EXPECT_NEAR(data.image_means.at(1), 0.15, 1e-3);
  EXPECT_TRUE(model.calibration.empty());
}

}  // namespace
}  // namespace thor
