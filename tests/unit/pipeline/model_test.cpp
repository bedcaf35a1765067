// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/model.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_model.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/nn/unet25d.h"
#include "thor/nn/weights/safetensors.h"

namespace thor {
namespace {

using ::testing::HasSubstr;

/// The story of the Error that loading ends with; "" if it does not.
std::string story_of_loading(const std::string& path, ErrorKind expected) {
  try {
    load_model(path);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), expected) << e.what();
    return e.what();
  }
  return "";
}

/// A tiny model's file with something done to it.
class ModelFile : public ::testing::Test {
 protected:
  void SetUp() override {
    save_model(path, test::tiny_model());
    const Safetensors saved = read_safetensors(path);
    content.metadata = saved.metadata;
    for (const auto& [name, tensor] : saved.tensors) content.tensors[name] = tensor.clone();
  }
  std::string load_changed(ErrorKind expected = ErrorKind::Input) {
    write_safetensors(path, content);
    return story_of_loading(path, expected);
  }
  test::TemporaryFolder folder;
  std::string path = folder / "model.safetensors";
  Safetensors content;
};

TEST_F(ModelFile, ComesBackAsItWasSaved) {
  Model model = test::tiny_model();
  model.config.noise.kind = NoiseKind::Simplex;
  model.config.diffusion.range_low = 0;
  model.training = json_text({{"seed", 7}, {"data", "t\xe9st.csv"}});
  model.calibration = JsonText(R"({"fpr_5":0.25})");
  model.detector = JsonText(R"({"name":"thor"})");
  save_model(path, model);
  Model loaded = load_model(path);
  EXPECT_EQ(Fields(loaded.config).to_json(), Fields(model.config).to_json());
  EXPECT_EQ(parse(loaded.training).at("seed"), 7);
  EXPECT_EQ(loaded.calibration, model.calibration);
  EXPECT_EQ(loaded.detector, model.detector);
  EXPECT_EQ(loaded.hash, sha256_of_file(path));
  ASSERT_EQ(loaded.weights().size(), model.weights().size());
  for (const auto& [name, tensor] : model.weights()) EXPECT_TRUE(at::equal(loaded.weights().at(name), tensor)) << name;
}

TEST_F(ModelFile, KeepsTheChainOfVolumesAndItsTemplates) {
  Model model = test::tiny_model();
  model.config.preprocess.steps = {{"{step: reorient, to: RAS}"}, {"{step: register, template: mni}"}};
  model.config.preprocess.slices = {-12.5, 40};
  Template& mni = model.templates["mni"];
  mni.image.voxels = at::arange(60, at::kFloat).view({3, 4, 5});
  mni.image.geometry.ras_from_voxel = translation({-90, -126, -72}) * scaling({2, 2, 2});
  mni.grid = {{10, 8, 6}, translation({-90.5, -126.5, -72.5})};
  save_model(path, model);
  const Model loaded = load_model(path);
  ASSERT_EQ(loaded.config.preprocess.steps.size(), 2u);
  EXPECT_EQ(loaded.config.preprocess.steps[1].text, "{step: register, template: mni}");
  EXPECT_EQ(loaded.config.preprocess.slices, (std::vector<double>{-12.5, 40}));
  ASSERT_EQ(loaded.templates.size(), 1u);
  const Template& kept = loaded.templates.at("mni");
  EXPECT_TRUE(at::equal(kept.image.voxels, mni.image.voxels));
  EXPECT_EQ(kept.image.geometry.ras_from_voxel, mni.image.geometry.ras_from_voxel);
  EXPECT_EQ(kept.grid.size, mni.grid.size);
  EXPECT_EQ(loaded.weights().size(), model.weights().size());
  save_calibration(path, folder / "calibrated.safetensors", loaded);
  EXPECT_EQ(load_model(folder / "calibrated.safetensors").templates.size(), 1u);
}

TEST_F(ModelFile, IsRefusedWhereItsChainCannotBe) {
  content.metadata["thor.config"] = R"({"preprocess": {"steps": ["{step: reorient, to: nowhere}"]}})";
  EXPECT_THAT(load_changed(), HasSubstr("nowhere"));
  content.metadata["thor.config"] = R"({"preprocess": {"slices": [3, 1]}})";
  EXPECT_THAT(load_changed(), HasSubstr("from <= to"));
}

TEST_F(ModelFile, IsTheSameFileEveryTime) {
  const std::string first = sha256_of_file(path);
  save_model(path, test::tiny_model());
  EXPECT_EQ(sha256_of_file(path), first);
}

TEST_F(ModelFile, HalfPrecisionWeightsBecomeFloat32) {
  for (auto& [name, tensor] : content.tensors) tensor = tensor.to(at::kHalf);
  EXPECT_EQ(load_changed(), "");
  EXPECT_EQ(load_model(path).weights().at("out.2.conv.weight").scalar_type(), at::kFloat);
}

TEST_F(ModelFile, CutAnywhereIsRefused) {
  const auto size = std::filesystem::file_size(path);
  for (const double share : {0.0, 0.00005, 0.01, 0.5, 0.999}) {
    std::filesystem::copy_file(path, folder / "cut", std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(folder / "cut", static_cast<uintmax_t>(share * size));
    EXPECT_THAT(story_of_loading(folder / "cut", ErrorKind::Input), HasSubstr("loading model")) << share;
  }
}

TEST_F(ModelFile, OfWeightsOnlyNamesTheCommandThatImportsThem) {
  content.metadata.clear();
  EXPECT_THAT(load_changed(), HasSubstr("thor import " + path + "' (`as` unet)"));
}

TEST_F(ModelFile, OfANewerFormatIsUnsupported) {
  content.metadata["thor.format"] = "2";
  content.metadata["thor.version"] = "9.1";
  EXPECT_THAT(load_changed(ErrorKind::Unsupported), HasSubstr("9.1"));
}

TEST_F(ModelFile, WithAnUnknownConfigKeyNamesTheNearestOne) {
  content.metadata["thor.config"] = R"({"diffusion": {"stepz": 1000}})";
  EXPECT_THAT(load_changed(), HasSubstr("did you mean 'diffusion.steps'"));
}

TEST_F(ModelFile, FromBeforeThereWereKindsHoldsAUNet) {
  nlohmann::json config = nlohmann::json::parse(content.metadata["thor.config"]);
  EXPECT_EQ(config["model"].at("kind"), "unet");
  config["model"].erase("kind");
  content.metadata["thor.config"] = config.dump();
  EXPECT_EQ(load_changed(), "");
  EXPECT_EQ(load_model(path).config.model.kind(), "unet");
}

TEST_F(ModelFile, OfAnUnknownKindNamesTheNearestOne) {
  content.metadata["thor.config"] = R"({"model": {"kind": "unet3"}})";
  EXPECT_THAT(load_changed(), HasSubstr("'model.kind' is 'unet3', expected one of: unet, unet25d"));
}

TEST_F(ModelFile, OfNeighbouringSlicesComesBackButDetectsNothingYet) {
  Model model = test::tiny_model();
  UNetConfig network;
  network.channels = {8};
  network.attention = {false};
  network.head_channels = 8;
  network.norm_groups = 4;
  model.config.model = UNet25d(3, network);
  model.networks = model.config.model->initial(1);
  save_model(path, model);
  const Model loaded = load_model(path);
  EXPECT_EQ(loaded.config.model.kind(), "unet25d");
  EXPECT_EQ(loaded.config.model->shapes(), model.config.model->shapes());
  EXPECT_THAT([&] { Pipeline(loaded, std::make_unique<test::ThreeStepDetector>(), test::on_cpu()); },
              ::testing::ThrowsMessage<Error>(HasSubstr("sees 3 neighbouring slices")));
}

TEST_F(ModelFile, WithAHostileConfigIsRefused) {
  const std::vector<std::string> hostile = {"",
                                            "[1]",
                                            "{",
                                            "3",
                                            R"({"model": {"kind": []}})",
                                            R"({"model": [1]})",
                                            R"({"model": {"kind": "unet25d", "slices": 2}})",
                                            R"({"model": {"channels": []}})",
                                            R"({"model": {"res_blocks": 1000000000000}})",
                                            R"({"model": {"channels": [9007199254740992]}})",
                                            R"({"preprocess": {"size": 1000000000000}})",
                                            R"({"preprocess": {"size": 17}})",
                                            R"({"diffusion": {"steps": 1000000000000}})",
                                            R"({"diffusion": {"range_low": 1}})",
                                            R"({"model": {"in_channels": 3}})",
                                            std::string(100000, '[') + std::string(100000, ']')};
  for (const std::string& text : hostile) {
    content.metadata["thor.config"] = text;
    EXPECT_THAT(load_changed(), HasSubstr("loading model")) << text.substr(0, 80);
  }
}

TEST_F(ModelFile, OfAnotherArchitectureListsWhatDoesNotFit) {
  content.tensors["extra.weight"] = at::zeros({2});
  content.tensors.erase("conv_in.conv.bias");
  content.tensors["out.0.weight"] = at::zeros({5});
  const std::string story = load_changed();
  for (const char* name : {"extra.weight", "conv_in.conv.bias", "out.0.weight", "[5]"})
    EXPECT_THAT(story, HasSubstr(name));
}

TEST_F(ModelFile, WithWholeNumbersForWeightsIsRefused) {
  Tensor& weight = content.tensors.at("conv_in.conv.weight");
  weight = weight.to(at::kLong);
  EXPECT_THAT(load_changed(), HasSubstr("'conv_in.conv.weight' has type Long"));
}

TEST_F(ModelFile, WithNaNWeightsIsRefused) {
  content.tensors.at("conv_in.conv.weight").fill_(NAN);
  EXPECT_THAT(load_changed(), HasSubstr("diverged"));
}

TEST_F(ModelFile, ThatWouldNotLoadIsNotSaved) {
  Model model = test::tiny_model();
  model.weights().erase("conv_in.conv.bias");
  EXPECT_THROW(save_model(folder / "other", model), Error);
  EXPECT_FALSE(std::filesystem::exists(folder / "other"));
}

}  // namespace
}  // namespace thor
