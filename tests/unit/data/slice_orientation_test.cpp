// SPDX-License-Identifier: Apache-2.0
#include "thor/data/slice_orientation.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "tests/said.h"
#include "tests/support.h"
#include "thor/base/error.h"

namespace thor {
namespace {

using ::testing::HasSubstr;

const std::vector<YamlText> kAxialSteps{{"{step: n4}"}, {"{step: reorient, to: RPS}"}};

/// An axial slice of 3 x 4 pixels, at z = 23 mm, as a file of some orientation stores it.
Image slice_stored_as(const std::string& orientation) {
  Image image;
  image.voxels = at::arange(12, at::kFloat).view({1, 4, 3});
  image.geometry.ras_from_voxel = translation({-90, -125, 23}) * scaling({1, 1, 3});
  image.medical = true;
  image.path = "slice.nii";
  return reorient(image, order_to(image.geometry.ras_from_voxel, orientation));
}

Tensor laid(const Image& slice, const std::vector<YamlText>& steps) {
  return reorient(slice, slice_order(slice, steps)).voxels;
}

TEST(SliceOrientation, IsThatOfTheLastStepThatTurns) {
  EXPECT_EQ(slice_orientation({}), "RAS");
  EXPECT_EQ(slice_orientation(kAxialSteps), "RPS");
  const YamlText box{"{step: resample, size: [9, 9, 9], corner: [0, 0, 0], spacing: [1, 1, 1]}"};
  EXPECT_EQ(slice_orientation({{"{step: reorient, to: LPS}"}, box}), "RAS");
  EXPECT_EQ(slice_orientation({{"{step: reorient, to: LPS}"}, {"{step: resample, spacing: [1, 1, 1]}"}}), "LPS");
}

TEST(SliceOrientation, IsUnknownWhereOnlyATemplateWouldTell) {
  EXPECT_EQ(slice_orientation({{"{step: resample, onto: head}"}}), "");
  const Image slice = slice_stored_as("LPS");
  EXPECT_TRUE(at::equal(laid(slice, {{"{step: resample, onto: head}"}}), slice.voxels));
}

TEST(SliceOrientation, OneSliceStoredInAnyOrientationIsOneImage) {
  const Tensor expected = slice_stored_as("RPS").voxels;
  for (const char* stored : {"RAS", "RPS", "LAS", "LPS", "ARS", "PLI", "RAI"})
    EXPECT_TRUE(at::equal(laid(slice_stored_as(stored), kAxialSteps), expected)) << stored;
}

TEST(SliceOrientation, APictureStaysAsItIs) {
  Image picture = slice_stored_as("RAS");
  picture.medical = false;
  EXPECT_TRUE(at::equal(laid(picture, kAxialSteps), picture.voxels));
}

TEST(SliceOrientation, ASliceOfAnotherPlaneIsRefusedByItsName) {
  const Image sagittal = slice_stored_as("ASR");  // one column of three, seen from the side
  try {
    slice_order(sagittal, kAxialSteps);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input);
    EXPECT_THAT(error.what(), HasSubstr("'slice.nii' is a sagittal slice, the model knows axial ones"));
  }
}

TEST(SliceOrientation, WithoutStepsASliceOfAnotherPlaneIsKeptWithAWarning) {
  const test::Said said;
  const Image coronal = slice_stored_as("RSA");
  EXPECT_TRUE(at::equal(laid(coronal, {}), coronal.voxels));
  EXPECT_THAT(said.warnings(), HasSubstr("is a coronal slice"));
}

TEST(SliceOrientation, AHeaderWithoutAPlaceIsWarnedAboutAndKept) {
  Image identity = slice_stored_as("RAS"), without_forms = slice_stored_as("RAS");
  identity.geometry.ras_from_voxel = Affine{};
  without_forms.geometry.guessed = true;
  for (const Image& slice : {identity, without_forms}) {
    const test::Said said;
    EXPECT_TRUE(at::equal(laid(slice, kAxialSteps), slice.voxels));
    EXPECT_THAT(said.warnings(), HasSubstr("does not say how its slice lies"));
  }
}

}  // namespace
}  // namespace thor
