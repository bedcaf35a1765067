// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/model_change.h"

#include <gmock/gmock.h>

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_ensemble.h"
#include "thor/base/error.h"
#include "thor/pipeline/model_parts.h"

namespace thor {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// What raw volumes need, on the grid and with the window of the tiny models.
PreprocessConfig chain() {
  PreprocessConfig config = test::tiny_model().config.preprocess;
  config.steps = {{"{step: reorient, to: RPS}"}};
  config.slices = {23, 23};
  return config;
}

Model calibrated(Model model) {
  model.calibration = JsonText(R"({"entries":[1]})");
  return model;
}

void round_to_bf16(Model& model) {
  for (auto& [name, tensor] : model.weights()) tensor = tensor.to(at::kBFloat16).to(at::kFloat);
}

TEST(ModelChange, GivesAllMembersOfAnEnsembleTheSamePreprocessing) {
  const test::TemporaryFolder folder;
  Model ensemble = calibrated(test::tiny_ensemble());
  change_preprocessing(ensemble, chain());
  save_model(folder / "chained.safetensors", ensemble);
  const Model loaded = load_model(folder / "chained.safetensors");
  EXPECT_EQ(loaded.config.preprocess.slices, chain().slices);
  EXPECT_EQ(preprocess_json(loaded.members()[1].model.config), preprocess_json(loaded.config));
  EXPECT_FALSE(loaded.calibration.empty());
}

TEST(ModelChange, KeepsTheLandmarksOfAModelThatCarriesTheBrainOfItsTrainingSlices) {
  Model model = test::tiny_model();
  model.config.preprocess.landmarks = {0.1, 0.9};
  change_preprocessing(model, chain());
  EXPECT_TRUE(model.config.preprocess.landmarks.empty()) << "there is no brain to match scans to";
  model.config.preprocess.landmarks = {0.1, 0.9};
  model.tissue.z_mm = at::zeros({1});
  change_preprocessing(model, chain());
  EXPECT_EQ(model.config.preprocess.landmarks, (std::vector<double>{0.1, 0.9}));
  EXPECT_EQ(model.config.preprocess.slices, chain().slices);
}

TEST(ModelChange, RefusesAWindowThatTheHealthyReferencesOfAnEnsembleDoNotKnow) {
  PreprocessConfig other = chain();
  other.intensity = Intensity::Percentile;
  Model ensemble = test::tiny_ensemble(), model = calibrated(test::tiny_model());
  EXPECT_THAT([&] { change_preprocessing(ensemble, other); }, ThrowsMessage<Error>(HasSubstr("combine them again")));
  change_preprocessing(model, other);
  EXPECT_TRUE(model.calibration.empty());
}

TEST(ModelChange, KeepsACalibrationWhereAPercentileChangesThatIsNotUsed) {
  PreprocessConfig other = chain();
  other.percentile = 90;
  Model model = calibrated(test::tiny_model());
  change_preprocessing(model, other);
  EXPECT_FALSE(model.calibration.empty());
}

TEST(ModelChange, RefusesSlicesOfAnotherSize) {
  PreprocessConfig other = chain();
  other.size = 32;
  Model model = test::tiny_model();
  EXPECT_THAT([&] { change_preprocessing(model, other); }, ThrowsMessage<Error>(HasSubstr("preprocess.size=16")));
}

TEST(ModelChange, DropsACalibrationOnlyWhereStoringRoundsTheWeights) {
  Model model = calibrated(test::tiny_model());
  prepare_to_store(model, Precision::Fp32);
  EXPECT_FALSE(model.calibration.empty());
  Model packed = model;
  round_to_bf16(packed);
  prepare_to_store(packed, Precision::Bf16);
  EXPECT_FALSE(packed.calibration.empty());
  prepare_to_store(model, Precision::Bf16);
  EXPECT_TRUE(model.calibration.empty());
}

TEST(ModelChange, RefusesToRoundTheWeightsOfAnEnsemble) {
  Model ensemble = test::tiny_ensemble();
  EXPECT_THAT([&] { prepare_to_store(ensemble, Precision::Bf16); },
              ThrowsMessage<Error>(HasSubstr("the weights of 'a'")));
  for (Member& member : ensemble.members()) round_to_bf16(member.model);
  EXPECT_NO_THROW(prepare_to_store(ensemble, Precision::Bf16));
}

}  // namespace
}  // namespace thor
