// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "thor/base/file.h"
#include "thor/data/summary.h"
#include "thor/image/image.h"
#include "thor/nn/unet_architecture.h"
#include "thor/train/trainer.h"

namespace thor {
namespace {

UNet network_with(std::vector<int64_t> channels) {
  UNetConfig config;
  config.channels = std::move(channels);
  config.attention = {false, false};
  config.head_channels = 8;
  config.norm_groups = 4;
  return UNet(config);
}

/// Two images and a training of one step on them.
class Provenance : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"a", "b"}) {
      Tensor image = at::zeros({16, 16});
      image.narrow(0, 0, 4).fill_(0.6);
      write_png(folder_ / (std::string(name) + ".png"), image, 16);
    }
    write_text_atomically(folder_ / "train.csv", "image\na.png\nb.png\n");
    config_.model.model = network_with({8, 8});
    config_.model.preprocess.size = 16;
    config_.train.steps = 1;
    config_.train.batch = 2;
    config_.train.precision = TrainPrecision::Fp32;
    config_.detector_name = "ddpm";
    config_.detector = make_detector("ddpm", NoiseKind::Gaussian);
  }

  std::string train_into(const std::string& run, const std::string& from = "") {
    TrainPaths paths;
    paths.train_data = folder_ / "train.csv";
    paths.run = folder_ / run;
    paths.from = from;
    return train(config_, paths, false, "cpu").model_path;
  }

  const test::TemporaryFolder folder_;
  ExperimentConfig config_;
};

TEST_F(Provenance, TheModelSaysWhatItsTrainingImagesLookedLikeAndIsNotCalibrated) {
  const Model model = load_model(train_into("run"));
  const DataSummary data = trained_on(model).value();
  EXPECT_EQ(data.images, 2);
  EXPECT_DOUBLE_EQ(data.foreground_share, 0.25);
  EXPECT_NEAR(data.foreground_quantiles.at(2), 0.6, 1e-3);
  EXPECT_NEAR(data.image_means.at(1), 0.15, 1e-3);
  EXPECT_TRUE(model.calibration.empty());
  EXPECT_FALSE(parse(model.training).contains("from"));
}

TEST_F(Provenance, ATrainingFromAModelStartsAtItsWeightsAndSaysSo) {
  const Model first = load_model(train_into("first"));
  config_.train.learning_rate = 0;  // the weights stay where they start
  config_.train.seed = 7;
  config_.train.t_max = 400;
  const Model second = load_model(train_into("second", folder_ / "first/model.safetensors"));
  for (const auto& [name, tensor] : first.weights())
    EXPECT_TRUE(at::allclose(tensor, second.weights().at(name))) << name;
  EXPECT_EQ(parse(second.training).at("from").at("model"), first.hash);
}

TEST_F(Provenance, ATrainingFromAModelOfAnotherNetworkIsRefused) {
  const std::string first = train_into("first");
  config_.model.model = network_with({8, 16});
  EXPECT_THROW(train_into("second", first), Error);
}

}  // namespace
}  // namespace thor
