// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/image/pictures.h"
#include "thor/image/resample.h"

namespace thor::test {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

/// Every code of an orientation: 48.
std::vector<std::string> orientations() {
  std::vector<std::string> codes;
  std::array<int, 3> axes{0, 1, 2};
  do
    for (int signs = 0; signs < 8; ++signs) {
      std::string code;
      for (int i = 0; i < 3; ++i) code += std::string("RLAPSI")[2 * axes[i] + (signs >> i & 1)];
      codes.push_back(code);
    }
  while (std::next_permutation(axes.begin(), axes.end()));
  return codes;
}

const Affine kOblique{{0.8, -0.3, 0.2, -31.5, 0.4, 1.1, -0.5, 12.25, -0.1, 0.6, 2.9, 7}};

/// 4 x 5 x 6 different values on a sheared grid.
Image sheared_scan() {
  Image image;
  image.voxels = at::arange(120, at::kFloat).reshape({6, 5, 4});
  image.geometry.ras_from_voxel = kOblique;
  return image;
}

double most_apart(const Affine& a, const Affine& b) {
  double most = 0;
  for (size_t i = 0; i < 12; ++i) most = std::max(most, std::abs(a.rows[i] - b.rows[i]));
  return most;
}

TEST(Reorient, EveryOrientationIsReachedAndItsInverseGivesTheScanBack) {
  const Image scan = sheared_scan();
  ASSERT_EQ(orientations().size(), 48u);
  for (const std::string& code : orientations()) {
    const AxisOrder order = order_to(kOblique, code);
    const Image turned = reorient(scan, order), back = reorient(turned, inverse(order));
    EXPECT_EQ(orientation_of(turned.geometry.ras_from_voxel), code);
    EXPECT_TRUE(at::equal(back.voxels, scan.voxels)) << code;
    EXPECT_LT(most_apart(back.geometry.ras_from_voxel, kOblique), 1e-12) << code;
  }
}

TEST(Reorient, LeavesEveryVoxelWhereItIsInThePatient) {
  const Image scan = sheared_scan();
  for (const std::string& code : orientations()) {
    const Image turned = reorient(scan, order_to(kOblique, code));
    for (const std::array<int64_t, 3>& at : {std::array<int64_t, 3>{0, 0, 0}, {1, 2, 0}, {0, 1, 3}}) {
      const auto value = turned.voxels[at[2]][at[1]][at[0]].item<int64_t>();  // its number in the scan
      const Point3 old{static_cast<double>(value % 4), static_cast<double>(value / 4 % 5),
                       static_cast<double>(value / 20)};
      const Point3 was = kOblique(old);
      const Point3 is = turned.geometry.ras_from_voxel(
          {static_cast<double>(at[0]), static_cast<double>(at[1]), static_cast<double>(at[2])});
      for (int i = 0; i < 3; ++i) EXPECT_NEAR(is[i], was[i], 1e-12) << code;
    }
  }
}

TEST(Reorient, SaysWhatAnOrientationIs) {
  for (const char* code : {"RAX", "RLS", "RA", "ras", "RASS"})
    EXPECT_THAT(story_of([&] { order_to(Affine{}, code); }), HasSubstr("no orientation")) << code;
}

TEST(Spacing, OfTheNewGridCoversTheOldOneAndKeepsItsCentre) {
  const Grid grid{{10, 7, 5}, kOblique};
  const Point3 old = spacing_mm(kOblique), wanted{0.7, 1.9, 2};
  const Grid fine = with_spacing(grid, wanted);
  const Point3 now = spacing_mm(fine.ras_from_voxel);
  Point3 middle, fine_middle;
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(now[i], wanted[i], 1e-12);
    const double excess = static_cast<double>(fine.size[i]) * now[i] - static_cast<double>(grid.size[i]) * old[i];
    EXPECT_GE(excess, -1e-9);
    EXPECT_LT(excess, wanted[i]);
    middle[i] = static_cast<double>(grid.size[i] - 1) / 2, fine_middle[i] = static_cast<double>(fine.size[i] - 1) / 2;
  }
  const Point3 a = grid.ras_from_voxel(middle), b = fine.ras_from_voxel(fine_middle);
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(a[i], b[i], 1e-9);
}

TEST(Spacing, ThatIsTheSameGivesTheSameGrid) {
  const Grid grid{{10, 7, 5}, kOblique}, same = with_spacing(grid, spacing_mm(kOblique));
  EXPECT_EQ(same.size, grid.size);
  EXPECT_LT(most_apart(same.ras_from_voxel, kOblique), 1e-12);
}

TEST(Spacing, ThatWouldFillTheMemoryIsRefused) {
  EXPECT_THAT(story_of([] { with_spacing({{100, 100, 100}, Affine{}}, {1e-9, 1e-9, 1e-9}); }), HasSubstr("larger"));
  EXPECT_THAT(story_of([] { with_spacing({{100, 100, 100}, Affine{}}, {0, 1, 1}); }), HasSubstr("greater than 0"));
}

class Orientations : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::is_directory(folder_)) GTEST_SKIP() << "no head in 48 orientations at " << folder_;
    for (const auto& entry : fs::directory_iterator(folder_))
      if (entry.path().filename().string().find(".nii") != std::string::npos) files_.push_back(entry.path().string());
    ASSERT_EQ(files_.size(), 48u);
  }
  std::string folder_ = shared_dir() + "/data/nifti/orientations";
  std::vector<std::string> files_;
};

// Voxels to the bit; the headers hold float32, hence 1e-4 mm for the places.
TEST_F(Orientations, OfOneHeadAllGiveTheSameVolume) {
  Image first;
  for (const std::string& file : files_) {
    const Image scan = read_scan(file);
    const Image ras = reorient(scan, order_to(scan.geometry.ras_from_voxel, "RAS"));
    if (!first.voxels.defined()) first = ras;
    EXPECT_TRUE(at::equal(ras.voxels, first.voxels)) << file;
    EXPECT_LT(most_apart(ras.geometry.ras_from_voxel, first.geometry.ras_from_voxel), 1e-4) << file;
  }
}

// A map computed once, written on each file's own grid, read again and resampled onto the first.
TEST_F(Orientations, AMapWrittenNativelyOverlaysOnEach) {
  const Image head = read_scan(files_.front());
  const Tensor map = at::sqrt(head.voxels.clamp_min(0));
  const TemporaryFolder folder;
  for (const std::string& file : files_) {
    const Image scan = read_scan(file);
    const Tensor native = resample(map, head.geometry.ras_from_voxel, grid_of(scan));
    write_nifti(folder / "map.nii", native, scan.geometry);
    const Image written = read_scan(folder / "map.nii");
    EXPECT_LT(most_apart(written.geometry.ras_from_voxel, scan.geometry.ras_from_voxel), 1e-6) << file;
    EXPECT_LT(max_abs_diff(native, at::sqrt(scan.voxels.clamp_min(0))), 1e-2) << file;
    const Tensor back = resample(written.voxels, written.geometry.ras_from_voxel, grid_of(head));
    EXPECT_LT(max_abs_diff(back, map), 1e-2) << file;
  }
}

}  // namespace
}  // namespace thor::test
