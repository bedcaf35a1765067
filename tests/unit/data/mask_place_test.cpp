// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <functional>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/data/healthy_list.h"
#include "thor/data/mask_grid.h"
#include "thor/image/resample.h"

namespace thor {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kOrientations[] = {"RAS", "LAS", "LPS", "RPI", "PIR", "SAR", "IPL", "ASL"};

/// A scan of 6 x 5 x 4 voxels of 2 x 3 x 4 mm, its lesion an L that no flip maps onto itself.
Image scan() {
  Image image;
  image.voxels = at::zeros({4, 5, 6});
  for (const auto& [z, y, x] : {std::array<int64_t, 3>{0, 0, 1}, {0, 1, 1}, {0, 2, 1}, {0, 2, 2}, {1, 2, 1}})
    image.voxels[z][y][x] = 1;
  image.geometry.ras_from_voxel = translation({-7, 11, 30}) * scaling({2, 3, 4});
  image.medical = true;
  image.path = "scan.nii";
  return image;
}

LesionMask mask_of(const Image& image) { return {image.voxels, image.geometry, image.medical, ""}; }

LesionMask stored_as(const Image& image, const std::string& orientation) {
  return mask_of(reorient(image, order_to(image.geometry.ras_from_voxel, orientation)));
}

std::string refusal_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input);
    return error.what();
  }
  return "";
}

TEST(MaskPlace, OfTheSameVoxelsInAnotherOrderIsReorderedExactly) {
  const Image image = scan();
  for (const std::string orientation : kOrientations) {
    const PlacedMask placed = place_mask(stored_as(image, orientation), "mask.nii", image);
    EXPECT_TRUE(at::equal(placed.voxels, image.voxels)) << orientation;
    EXPECT_THAT(placed.note, IsEmpty()) << orientation;
  }
}

TEST(MaskPlace, OfASingleSliceIsReorderedWhateverItsThickness) {
  Image image = scan();
  image.voxels = image.voxels.narrow(0, 0, 1).contiguous();
  for (const std::string orientation : {"LAS", "RPS", "LPI"}) {
    LesionMask mask = stored_as(image, orientation);
    for (int row = 0; row < 3; ++row) mask.geometry.ras_from_voxel.at(row, 2) *= 2.5;
    EXPECT_TRUE(at::equal(place_mask(mask, "mask.nii", image).voxels, image.voxels)) << orientation;
  }
}

TEST(MaskPlace, RoundingInTheHeaderIsNoOtherGridAndMoreIsNoted) {
  const Image image = scan();
  LesionMask mask = mask_of(image);
  mask.geometry.ras_from_voxel = translation({0.02, -0.01, 0}) * mask.geometry.ras_from_voxel;
  EXPECT_THAT(place_mask(mask, "mask.nii", image).note, IsEmpty());
  mask.geometry.ras_from_voxel = translation({0.4, 0, 0}) * image.geometry.ras_from_voxel;
  const PlacedMask beside = place_mask(mask, "mask.nii", image);
  EXPECT_TRUE(at::equal(beside.voxels, image.voxels));
  EXPECT_THAT(beside.note, HasSubstr("0.20 voxels beside"));
}

TEST(MaskPlace, OfAFinerGridIsTakenFromTheNearestVoxelWithANote) {
  const Image image = scan();
  Image fine = image;  // every voxel eight times, centres at a quarter of the old voxel
  fine.voxels = image.voxels.repeat_interleave(2, 0).repeat_interleave(2, 1).repeat_interleave(2, 2);
  fine.geometry.ras_from_voxel =
      image.geometry.ras_from_voxel * translation({-0.25, -0.25, -0.25}) * scaling({0.5, 0.5, 0.5});
  const PlacedMask placed = place_mask(stored_as(fine, "LPS"), "mask.nii", image);
  EXPECT_TRUE(at::equal(placed.voxels, image.voxels));
  EXPECT_THAT(placed.note, AllOf(HasSubstr("12 x 10 x 8 voxels of 1 x 1.5 x 2 mm, LPS"),
                                 HasSubstr("6 x 5 x 4 voxels of 2 x 3 x 4 mm, RAS"), HasSubstr("nearest")));
}

TEST(MaskPlace, OfAPartOfTheImageIsPutWhereItLies) {
  const Image image = scan();
  Image part = image;
  part.voxels = image.voxels.narrow(0, 0, 2).narrow(1, 1, 3).narrow(2, 1, 4).contiguous();
  part.geometry.ras_from_voxel = image.geometry.ras_from_voxel * translation({1, 1, 0});
  Tensor expected = image.voxels.clone();
  expected[0][0][1] = 0;  // beyond the part
  const PlacedMask placed = place_mask(mask_of(part), "mask.nii", image);
  EXPECT_TRUE(at::equal(placed.voxels, expected));
  EXPECT_THAT(placed.note, HasSubstr("covers 20.0 % of the image"));
}

TEST(MaskPlace, OfAVolumeIsCutToTheSliceOfItsImage) {
  const Image volume = scan();
  Image slice = volume;
  slice.voxels = volume.voxels.narrow(0, 1, 1).contiguous();
  slice.geometry.ras_from_voxel = volume.geometry.ras_from_voxel * translation({0, 0, 1});
  EXPECT_TRUE(at::equal(place_mask(stored_as(volume, "LPS"), "mask.nii", slice).voxels, slice.voxels));
}

TEST(MaskPlace, WithoutAVoxelInCommonIsRefusedWithBothPlaces) {
  const Image image = scan();
  LesionMask mask = mask_of(image);
  mask.geometry.ras_from_voxel = translation({500, 0, 0}) * mask.geometry.ras_from_voxel;
  EXPECT_THAT(refusal_of([&] { place_mask(mask, "far.nii", image); }),
              AllOf(HasSubstr("'far.nii' lies elsewhere"), HasSubstr("around (498.0, 17.0, 36.0) mm"),
                    HasSubstr("around (-2.0, 17.0, 36.0) mm"), HasSubstr("no voxel in common")));
}

TEST(MaskPlace, WithoutAPlaceIsComparedAsStoredWithANoteWhereTheSizesAgree) {
  const Image image = scan();
  LesionMask identity = mask_of(image), formless = mask_of(image), picture = mask_of(image);
  identity.geometry = {};
  formless.geometry.ras_from_voxel = scaling({-2, 3, 4});
  formless.geometry.guessed = true;
  picture.geometry = {};
  picture.medical = false;
  for (const LesionMask& mask : {identity, formless, picture}) {
    const PlacedMask placed = place_mask(mask, "mask", image);
    EXPECT_TRUE(at::equal(placed.voxels, image.voxels));
    EXPECT_THAT(placed.note, HasSubstr("the mask does not; compared as stored"));
  }
}

TEST(MaskPlace, OfPicturesGoesByPixelsAndNeedsOneSize) {
  Image picture = scan();
  picture.voxels = picture.voxels.narrow(0, 0, 1).contiguous();
  picture.geometry = {};
  picture.medical = false;
  LesionMask mask = mask_of(picture);
  EXPECT_TRUE(at::equal(place_mask(mask, "mask.png", picture).voxels, picture.voxels));
  EXPECT_THAT(place_mask(mask, "mask.png", picture).note, IsEmpty());
  mask.voxels = at::ones({1, 5, 7});
  EXPECT_THAT(refusal_of([&] { place_mask(mask, "mask.png", picture); }),
              AllOf(HasSubstr("'mask.png' is [5, 7]"), HasSubstr("its image [5, 6]")));
}

TEST(MaskPlace, KeepsWhatIsOddAboutTheMaskItself) {
  const Image image = scan();
  LesionMask mask = mask_of(image);
  mask.note = "its mask is odd";
  mask.geometry.ras_from_voxel = translation({0.4, 0, 0}) * image.geometry.ras_from_voxel;
  EXPECT_THAT(place_mask(mask, "mask.nii", image).note, AllOf(HasSubstr("its mask is odd; "), HasSubstr("beside")));
}

}  // namespace
}  // namespace thor
