// SPDX-License-Identifier: Apache-2.0
#include "thor/data/templates.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support.h"
#include "tests/unit/data/steps_world.h"
#include "thor/base/error.h"
#include "thor/image/quantile.h"

namespace thor {
namespace {

using test::max_abs_diff;
using test::steps_of;
using testing::HasSubstr;

/// A head and its brain mask at 1 mm, in files.
class TemplateFiles : public testing::Test {
 protected:
  TemplateFiles() {
    const Image head = test::head_on(grid_);
    write_nifti(folder_ / "mni.nii.gz", head.voxels, head.geometry);
    write_nifti(folder_ / "brain.nii.gz", head.voxels.gt(30).to(at::kFloat), head.geometry);
    places_.folders = {folder_.path()};
  }
  test::TemporaryFolder folder_;
  const Grid grid_ = test::centred_grid({72, 88, 80}, {1, 1, 1});
  const std::vector<YamlText> steps_ =
      steps_of({"{step: register, template: mni, mask: brain}", "{step: resample, onto: mni}"});
  TemplatePlaces places_;
};

TEST_F(TemplateFiles, AreReadOnceByTheNamesInTheSteps) {
  const Templates templates = load_templates(steps_, places_);
  ASSERT_EQ(templates.size(), 2u);
  const Template& mni = templates.at("mni");
  EXPECT_EQ(mni.grid.size, grid_.size);
  EXPECT_EQ(mni.grid.ras_from_voxel, grid_.ras_from_voxel);
  EXPECT_EQ(mni.image.voxels.sizes(), (std::vector<int64_t>{40, 44, 36}));
  EXPECT_EQ(mni.image.voxels.max().item<float>(), 255);
  EXPECT_EQ(templates.at("brain").image.voxels.gt(0).sum().item<int64_t>() > 0, true);
}

TEST_F(TemplateFiles, KeepEverythingInItsPlaceWhenTheyAreMadeSmall) {
  const Template mni = load_templates(steps_, places_).at("mni");
  const Image same = test::head_on(grid_of(mni.image));
  const Tensor scaled = (same.voxels * (255 / percentile_of(same.voxels, 99.9))).clamp(0, 255);
  EXPECT_LT(max_abs_diff(mni.image.voxels, scaled), 4);
}

TEST_F(TemplateFiles, TravelInAFileAndComeBackTheSame) {
  const Templates templates = load_templates(steps_, places_);
  Safetensors file;
  file.tensors["slices"] = at::zeros({1});
  store_templates(templates, file);
  write_safetensors(folder_ / "model.safetensors", file);
  Safetensors again = read_safetensors(folder_ / "model.safetensors");
  const Templates read = take_templates(again);
  EXPECT_EQ(again.tensors.size(), 1u);
  ASSERT_EQ(read.size(), 2u);
  for (const auto& [name, one] : templates) {
    EXPECT_EQ(max_abs_diff(read.at(name).image.voxels, one.image.voxels), 0);
    EXPECT_EQ(read.at(name).image.geometry.ras_from_voxel, one.image.geometry.ras_from_voxel);
    EXPECT_EQ(read.at(name).grid.ras_from_voxel, one.grid.ras_from_voxel);
  }
  EXPECT_EQ(sha256_of(read), sha256_of(templates));
}

TEST_F(TemplateFiles, LeaveTheirBlackMarginOutAndHaveItAgainOnceRead) {
  Template head;
  head.image.voxels = at::zeros({20, 30, 40});
  head.image.voxels.narrow(0, 3, 9).narrow(1, 5, 21).narrow(2, 0, 17).fill_(7);
  head.image.geometry.ras_from_voxel = translation({-1.7, 0.3, 5.1}) * scaling({1.9, 2.1, 2});
  head.grid = {{40, 30, 20}, head.image.geometry.ras_from_voxel};
  Template point = head, black = head;
  point.image.voxels = at::zeros({20, 30, 40});
  black.image.voxels = point.image.voxels.clone();
  point.image.voxels[19][29][39] = 255;  // too small a part: kept whole
  const Templates templates{{"head", head}, {"point", point}, {"black", black}};
  Safetensors file;
  store_templates(templates, file);
  EXPECT_EQ(file.tensors.at("template.head").sizes(), (std::vector<int64_t>{9, 21, 17}));
  EXPECT_EQ(file.tensors.at("template.point").numel(), 20 * 30 * 40);
  const auto about = nlohmann::json::parse(file.metadata.at("thor.templates")).at("head");
  EXPECT_DOUBLE_EQ(about.at("ras_from_voxel").at(7), 0.3 + 5 * 2.1);  // of what is stored
  const Templates read = take_templates(file);
  for (const auto& [name, one] : templates) {
    EXPECT_TRUE(read.at(name).image.voxels.equal(one.image.voxels)) << name;
    EXPECT_EQ(read.at(name).image.geometry.ras_from_voxel, one.image.geometry.ras_from_voxel) << name;
  }
  EXPECT_EQ(sha256_of(read), sha256_of(templates));
}

TEST_F(TemplateFiles, ThatWereStoredWithTheirMarginAreReadAsBefore) {
  const Templates templates = load_templates(steps_, places_);
  Safetensors old;
  nlohmann::json about;
  for (const auto& [name, one] : templates) {
    about[name] = {{"ras_from_voxel", one.image.geometry.ras_from_voxel.rows},
                   {"size", one.grid.size},
                   {"grid_ras_from_voxel", one.grid.ras_from_voxel.rows}};
    old.tensors["template." + name] = one.image.voxels.to(at::kByte);
  }
  old.metadata["thor.templates"] = about.dump();
  EXPECT_EQ(sha256_of(take_templates(old)), sha256_of(templates));
}

TEST_F(TemplateFiles, ThatAreMissingAreAskedForByName) {
  try {
    load_templates(steps_);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Usage);
    EXPECT_THAT(error.what(), HasSubstr("`template` mni=FILE"));
  }
  EXPECT_TRUE(load_templates_if_there(steps_, {}).empty());
  places_ = {{{"mni", folder_ / "brain.nii.gz"}, {"brain", folder_ / "brain.nii.gz"}}, {}};
  EXPECT_EQ(load_templates(steps_, places_).size(), 2u);
}

TEST_F(TemplateFiles, OfHostileFilesAreRefused) {
  Safetensors good;
  store_templates(load_templates(steps_, places_), good);
  const auto refused = [&](const std::string& metadata, const Tensor& voxels) {
    Safetensors file = good;
    file.metadata["thor.templates"] = metadata;
    file.tensors["template.mni"] = voxels;
    try {
      take_templates(file);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::Input);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const Tensor voxels = good.tensors["template.mni"];
  const std::string identity = "[1,0,0,0, 0,1,0,0, 0,0,1,0]", flat = "[1,0,0,0, 0,1,0,0, 0,0,0,0]";
  const auto about = [](const std::string& affine, const std::string& size) {
    return fmt::format(R"({{"mni": {{"ras_from_voxel": {0}, "size": {1}, "grid_ras_from_voxel": {0}}}}})", affine,
                       size);
  };
  EXPECT_EQ(refused(about(identity, "[2,3,4]"), voxels), "no error");
  EXPECT_THAT(refused("[]", voxels), HasSubstr("not a JSON object"));
  EXPECT_THAT(refused(R"({"mni": 3})", voxels), HasSubstr("not described"));
  EXPECT_THAT(refused(about(flat, "[2,3,4]"), voxels), HasSubstr("do not span space"));
  EXPECT_THAT(refused(about(identity, "[2,3,4000000000000]"), voxels), HasSubstr("cannot be"));
  EXPECT_THAT(refused(about(identity, "[2,0,4]"), voxels), HasSubstr("cannot be"));
  EXPECT_THAT(refused(about(identity, "[2,3,4]"), voxels.to(at::kFloat)), HasSubstr("expected uint8"));
  EXPECT_THAT(refused(R"({"other": {}})", voxels), HasSubstr("voxels are missing"));
  const auto part_of = [&](const std::string& shape, const std::string& first) {
    return fmt::format(R"({{"mni": {{"ras_from_voxel": {0}, "size": [2,3,4], "grid_ras_from_voxel": {0},
                           "whole": {{"shape": {1}, "first": {2}, "ras_from_voxel": {0}}}}}}})",
                       identity, shape, first);
  };
  const Tensor small = at::ones({2, 2, 2}, at::kByte);
  EXPECT_EQ(refused(part_of("[8,8,8]", "[6,0,6]"), small), "no error");
  for (const char* first : {"[7,0,0]", "[-1,0,0]", "[0,0,9223372036854775807]"})
    EXPECT_THAT(refused(part_of("[8,8,8]", first), small), HasSubstr("cannot be a part of 8 x 8 x 8"));
  for (const char* shape : {"[8,8,9]", "[9000000000,9000000000,9000000000]", "[0,8,8]", "[1,8,8]"})
    EXPECT_THAT(refused(part_of(shape, "[0,0,0]"), small), HasSubstr("cannot be a part of"));
  EXPECT_THAT(refused(part_of("[8,8]", "[0,0,0]"), small), HasSubstr("not described"));
}

}  // namespace
}  // namespace thor
