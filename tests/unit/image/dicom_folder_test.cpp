// SPDX-License-Identifier: Apache-2.0
// Folders and archives of DICOM: which slices make a volume.
#include "tests/unit/image/dicom_folder.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/said.h"

namespace thor::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// The affine's worst entry apart.
double apart(const Affine& a, const Affine& b) {
  double most = 0;
  for (size_t i = 0; i < 12; ++i) most = std::max(most, std::abs(a.rows[i] - b.rows[i]));
  return most;
}

TEST_F(DicomFolder, IsSortedByPlaceWhateverItsNamesAndNumbers) {
  write_series();
  const Image image = read();
  EXPECT_EQ(max_abs_diff(image.voxels, whole()), 0);
  EXPECT_EQ(image.geometry.ras_from_voxel, (Affine{{-1, 0, 0, 10, 0, -1, 0, -20, 0, 0, 2, 0}}));
  ASSERT_EQ(image.dicom->slices.size(), 5u);
  for (size_t z = 0; z < 5; ++z) {
    EXPECT_EQ(image.dicom->slices[z].sop_instance_uid, "1.2.3.1." + std::to_string(z + 1));
    EXPECT_EQ(max_abs_diff(read_scan(image.dicom->slices[z].file).voxels[0], image.voxels[static_cast<int64_t>(z)]), 0);
  }
}

TEST_F(DicomFolder, ObliqueSlicesKeepTheirDirections) {
  const double c = std::cos(0.3), s = std::sin(0.3);
  for (int z = 0; z < 3; ++z) {
    DicomSpec spec = slice(z, 0);
    spec.orientation = {1, 0, 0, 0, c, s};
    spec.position = {5, -s * 4 * z, c * 4 * z};
    write(std::to_string(z), spec);
  }
  const Image image = read();
  EXPECT_LT(apart(image.geometry.ras_from_voxel, Affine{{-1, 0, 0, -5, 0, -c, 4 * s, 0, 0, s, 4 * c, 0}}), 1e-6);
  EXPECT_LT(shear_of(image.geometry.ras_from_voxel), 1e-6);
}

TEST_F(DicomFolder, PassesOverWhatIsNoDicomAndLooksIntoSubfolders) {
  write_series();
  std::filesystem::create_directory(folder_ / "deep");
  std::filesystem::rename(folder_ / "s3", folder_ / "deep/s3");
  write_bytes(folder_ / "notes.txt", std::string(500, 'x'));
  write_bytes(folder_ / ".hidden", dicom_of(slice(9, 1)));
  auto report = dicom_elements(slice(0, 0));
  for (const uint32_t tag : {0x00280010u, 0x00280011u}) report.erase(tag);
  std::string data = dicom_of(slice(0, 0), report);
  write_bytes(folder_ / "report.dcm", data.substr(0, data.size() - 72));  // without pixels
  EXPECT_EQ(max_abs_diff(read().voxels, whole()), 0);
}

TEST_F(DicomFolder, PassesOverImagesOfOtherKindsWithTheReason) {
  DicomSpec colour = slice(7, 1);
  colour.photometric = "PALETTE COLOR";
  write("colour", colour);
  EXPECT_THAT(refusal(), HasSubstr("PALETTE COLOR"));
  write_series();
  const Said said;
  EXPECT_EQ(max_abs_diff(read().voxels, whole()), 0);
  EXPECT_THAT(said.warnings(), AllOf(HasSubstr("1 DICOM images"), HasSubstr("PALETTE COLOR")));
}

TEST_F(DicomFolder, WithoutDicomSaysSo) {
  write_bytes(folder_ / "a.png", encode_png(pattern(4, 4) / 255));
  EXPECT_THAT(refusal(), HasSubstr("without DICOM"));
  EXPECT_FALSE(is_dicom_folder(folder_.path()));
  EXPECT_TRUE(dicom_series(folder_.path()).empty());
  write_series();
  EXPECT_TRUE(is_dicom_folder(folder_.path()));
}

TEST_F(DicomFolder, WithSeveralSeriesListsThemAndReadsTheChosenOne) {
  write_series();
  DicomSpec other = slice(1, 0);
  other.series_uid = "1.2.3.2";
  other.series_number = 0;
  other.description = "scout";
  write("scout", other);
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("2 series"), HasSubstr("1: scout, MR, 1 slices"), HasSubstr("2: T1, MR, 5 slices")));
  EXPECT_EQ(max_abs_diff(read({-1, "2"}).voxels, whole()), 0);
  EXPECT_EQ(max_abs_diff(read({-1, "1.2.3.2"}).voxels[0], slice_of(1)), 0);
  EXPECT_THAT(refusal({-1, "3"}), HasSubstr("no series '3'"));
  const auto list = dicom_series(folder_.path());
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[1].slices, 5);
  EXPECT_EQ(list[1].uid, "1.2.3.1");
  EXPECT_EQ(list[1].number, 2);
}

TEST_F(DicomFolder, KeepsOrientationsOfOneSeriesApart) {
  write_series();
  DicomSpec scout = slice(1, 0);
  scout.orientation = {0, 1, 0, 0, 0, -1};
  write("scout", scout);
  EXPECT_THAT(refusal(), HasSubstr("2 series"));
  EXPECT_THAT(refusal({-1, "1.2.3.1"}), HasSubstr("several orientations"));
}

TEST_F(DicomFolder, WhoseDirectionsAreRoundedAnewForEachSliceIsOneSeries) {
  for (int z = 0; z < 5; ++z) {
    DicomSpec spec = slice(z, 2 * z);
    const double turned = 0.0005 + (z % 2 == 0 ? 1e-7 : -1e-7);  // on either side of where thousandths are rounded
    spec.orientation = {1, turned, 0, -turned, 1, 0};
    write(std::to_string(z), spec);
  }
  EXPECT_EQ(max_abs_diff(read().voxels, whole()), 0);
}

TEST_F(DicomFolder, PassesOverParametricMapsWithTheReason) {
  write_series();
  auto map = dicom_elements(slice(9, 1));
  map[0x7fe00008] = DicomWriter(kExplicitSyntax).element(0x7fe00008, "OW", std::string(8, '\0'));
  write_bytes(folder_ / "map", dicom_of(slice(9, 1), map));
  const Said said;
  EXPECT_EQ(max_abs_diff(read().voxels, whole()), 0);
  EXPECT_THAT(said.warnings(), HasSubstr("parametric map"));
}

TEST_F(DicomFolder, WithEmptyFilesWarnsThatSlicesMayBeMissing) {
  write_series();
  write_bytes(folder_ / "s9", "");
  const Said said;
  EXPECT_EQ(read().voxels.size(0), 5);
  EXPECT_THAT(said.warnings(), HasSubstr("1 of 6 files are empty"));
}

TEST_F(DicomFolder, WithAMissingSliceNamesTheGap) {
  write_series();
  std::filesystem::remove(folder_ / ("s" + std::to_string(7 * 2 % 5)));
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("missing"), HasSubstr("4.000 mm where 2.000 mm"), HasSubstr("s2"), HasSubstr("s1")));
}

TEST_F(DicomFolder, WithCopiesOfSlicesPassesThemOverWithAWarning) {
  write_series();
  std::filesystem::copy_file(folder_ / "s0", folder_ / "copy");
  const Said said;
  EXPECT_EQ(max_abs_diff(read().voxels, whole()), 0);
  EXPECT_THAT(said.warnings(), HasSubstr("1 copies"));
}

TEST_F(DicomFolder, WhereEverySliceIsThereTwiceIsReadOnce) {
  write_series();
  for (int i = 0; i < 5; ++i)
    std::filesystem::copy_file(folder_ / ("s" + std::to_string(i)), folder_ / ("c" + std::to_string(i)));
  EXPECT_EQ(max_abs_diff(read().voxels, whole()), 0);
}

TEST_F(DicomFolder, WithContradictingSlicesInOnePlaceNamesBoth) {
  write_series();
  write("other", slice(9, 4));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("same place"), HasSubstr("other"), HasSubstr("s4")));
}

TEST_F(DicomFolder, WithTimePointsNeedsAChoice) {
  for (int z = 0; z < 3; ++z)
    for (int time = 0; time < 2; ++time) {
      DicomSpec spec = slice(z + 10 * time, 2 * z);
      spec.instance_number = 3 * time + z;
      write(std::to_string(z) + "-" + std::to_string(time), spec);
    }
  EXPECT_THAT(refusal(), HasSubstr("2 frames"));
  EXPECT_EQ(max_abs_diff(read({1, ""}).voxels, at::stack({slice_of(10), slice_of(11), slice_of(12)})), 0);
  EXPECT_THAT(refusal({2, ""}), HasSubstr("no frame 2"));
}

TEST_F(DicomFolder, WhoseImagesAllNameOnePlaceSaysSo) {
  for (int z = 0; z < 5; ++z) write(std::to_string(z), slice(z, 7));
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("5 images all name one place"), HasSubstr("-10\\20\\7"), HasSubstr("`frame`")));
  EXPECT_EQ(max_abs_diff(read({4, ""}).voxels[0], slice_of(0)), 0);  // by instance number
}

/// The same slice with a Slice Location, without the attributes of `gone`.
std::string located(const DicomSpec& spec, double location, std::initializer_list<uint32_t> gone) {
  auto elements = dicom_elements(spec);
  for (const uint32_t tag : gone) elements.erase(tag);
  elements[0x00201041] =
      DicomWriter(kExplicitSyntax).element(0x00201041, "DS", dicom_numbers(std::array<double, 1>{location}));
  return dicom_of(spec, elements);
}

TEST_F(DicomFolder, WithSliceLocationsAloneIsPlacedByThemWithAWarning) {
  for (int z = 0; z < 5; ++z)
    write_bytes(folder_ / std::to_string(7 * z % 5), located(slice(z, 0), 2.5 * z, {0x00200032}));
  EXPECT_EQ(dicom_series(folder_.path()).size(), 1u);
  const Said said;
  const Image image = read();
  EXPECT_EQ(max_abs_diff(image.voxels, whole()), 0);
  EXPECT_EQ(image.geometry.ras_from_voxel, (Affine{{-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 2.5, 0}}));
  EXPECT_THAT(said.warnings(), AllOf(HasSubstr("Slice Location (0020,1041)"), HasSubstr("mirrored")));
}

TEST_F(DicomFolder, WhoseImagesNameOnePlaceButLocationsOfTheirOwnIsPlacedByThoseWithAWarning) {
  for (int z = 0; z < 5; ++z) write_bytes(folder_ / std::to_string(z), located(slice(z, 7), 3 * z, {}));
  const Said said;
  EXPECT_EQ(max_abs_diff(read().voxels, whole()), 0);
  EXPECT_THAT(said.warnings(), HasSubstr("all images name one Image Position (Patient)"));
}

TEST_F(DicomFolder, WithoutOrientationIsOneScanThatIsRefusedWithTheTag) {
  for (int z = 0; z < 5; ++z) write_bytes(folder_ / std::to_string(z), located(slice(z, 2 * z), 2 * z, {0x00200037}));
  EXPECT_EQ(dicom_series(folder_.path()).size(), 1u);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("5 images"), HasSubstr("how they are turned"), HasSubstr("(0020,0037)")));
}

TEST_F(DicomFolder, OnlyASliceThatSaysWhereItLiesIsPlaced) {
  write_bytes(folder_ / "placed.dcm", dicom_of(slice(0, 4)));
  write_bytes(folder_ / "unplaced.dcm", located(slice(0, 4), 4, {0x00200032, 0x00200037}));
  EXPECT_TRUE(is_placed(read_scan(folder_ / "placed.dcm").geometry));
  EXPECT_FALSE(is_placed(read_scan(folder_ / "unplaced.dcm").geometry));
}

TEST_F(DicomFolder, OfWhichASliceIsInGitAnnexOnlyIsRefusedWithTheFilesName) {
  write_series();
  std::filesystem::create_symlink("../.git/annex/objects/k/j/MD5E-s9--1/MD5E-s9--1", folder_ / "s5");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("s5"), HasSubstr("git annex get")));
}

TEST_F(DicomFolder, WithASeriesUidForEachSliceIsOneScanWithAWarning) {
  for (int z = 0; z < 5; ++z) {
    DicomSpec spec = slice(z, 2 * z);
    spec.series_uid = "1.2.3.1." + std::to_string(40 - 3 * z);
    write(std::to_string(z), spec);
  }
  EXPECT_EQ(dicom_series(folder_.path()).size(), 1u);
  const Said said;
  EXPECT_EQ(max_abs_diff(read().voxels, whole()), 0);
  EXPECT_THAT(said.warnings(), AllOf(HasSubstr("5 series of one slice each"), HasSubstr("(0020,000E)")));
}

TEST_F(DicomFolder, KeepsSingleSlicesApartThatMakeNoScan) {
  for (int z = 0; z < 4; ++z) {
    DicomSpec spec = slice(z, z == 3 ? 90 : 2 * z);  // unevenly apart
    spec.series_uid = "1.2.3.1." + std::to_string(z);
    write(std::to_string(z), spec);
  }
  EXPECT_EQ(dicom_series(folder_.path()).size(), 4u);
  std::filesystem::remove(folder_ / "3");
  DicomSpec other = slice(3, 6);
  other.series_uid = "1.2.3.1.3";
  other.description = "T2";
  write("3", other);
  EXPECT_EQ(dicom_series(folder_.path()).size(), 2u);
}

TEST_F(DicomFolder, PassesOverWhatSystemsAndMediaPutBesideScans) {
  write_series();
  const std::string cut = dicom_of(slice(9, 1)).substr(0, 300);
  for (const char* name : {".DS_Store", "._s1", "DICOMDIR", "dicomdir", "Thumbs.db", "desktop.ini"})
    write_bytes(folder_ / name, cut);
  write_bytes(folder_ / "nothing", cut.substr(0, cut.find("1.2.840.10008.1.2.1") + 20));  // ends before its data set
  EXPECT_EQ(max_abs_diff(read().voxels, whole()), 0);
}

TEST_F(DicomFolder, WhoseSlicesShareAnInstanceUidIsReadWithAWarning) {
  for (int z = 0; z < 5; ++z) {
    DicomSpec spec = slice(z, 2 * z);
    spec.instance_uid = "1.2.3.1.1";
    write(std::to_string(z), spec);
  }
  const Said said;
  EXPECT_EQ(max_abs_diff(read().voxels, whole()), 0);
  EXPECT_THAT(said.warnings(), HasSubstr("5 slices have only 1 SOP Instance UIDs"));
}

TEST_F(DicomFolder, WarnsOnceOfWhatAllItsFilesHave) {
  for (int z = 0; z < 5; ++z) {
    auto elements = dicom_elements(slice(z, 2 * z));
    elements.erase(0x00280004);
    write_bytes(folder_ / std::to_string(z), dicom_of(slice(z, 2 * z), elements));
  }
  const Said said;
  read();
  EXPECT_THAT(said.warnings(), HasSubstr("(5 files)"));
  EXPECT_EQ(said.warnings().find("MONOCHROME2"), said.warnings().rfind("MONOCHROME2"));
}

TEST_F(DicomFolder, WithSlightlyUnevenSlicesUsesTheMeanStepWithAWarning) {
  for (int z = 0; z < 5; ++z) write(std::to_string(z), slice(z, 2 * z + (z == 2 ? 0.1 : 0)));
  const Said said;
  EXPECT_DOUBLE_EQ(read().geometry.ras_from_voxel.at(2, 2), 2);
  EXPECT_THAT(said.warnings(), HasSubstr("0.100 mm around 2.000 mm"));
}

TEST_F(DicomFolder, FromATiltedGantryKeepsTheShearWithAWarning) {
  const double tilt = 20 * M_PI / 180;
  for (int z = 0; z < 4; ++z) {
    DicomSpec spec = slice(z, 0);
    spec.orientation = {1, 0, 0, 0, std::cos(tilt), -std::sin(tilt)};
    spec.position = {0, 0, 5.0 * z};  // the table moves along the body
    write(std::to_string(z), spec);
  }
  const Said said;
  const Affine affine = read().geometry.ras_from_voxel;
  EXPECT_THAT(said.warnings(), AllOf(HasSubstr("20.0 degrees"), HasSubstr("gantry")));
  EXPECT_LT(apart(affine, Affine{{-1, 0, 0, 0, 0, -std::cos(tilt), 0, 0, 0, -std::sin(tilt), 5, 0}}), 1e-6);
}

TEST_F(DicomFolder, WhoseSlicesLieBesideTheLineIsRefused) {
  for (int z = 0; z < 4; ++z) {
    DicomSpec spec = slice(z, 2 * z);
    if (z == 2) spec.position[0] += 30;
    write(std::to_string(z), spec);
  }
  EXPECT_THAT(refusal(), AllOf(HasSubstr("straight line"), HasSubstr("'2'")));
}

TEST_F(DicomFolder, WithACutFileNamesIt) {
  write_series();
  const std::string bytes = dicom_of(slice(9, 10));
  write_bytes(folder_ / "broken", bytes.substr(0, bytes.size() - 20));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("broken"), HasSubstr("cut")));
}

TEST_F(DicomFolder, OfTenThousandFilesIsLookedThrough) {
  write_series();
  for (int i = 0; i < 10'000; ++i) write_bytes(folder_ / ("other" + std::to_string(i)), std::string(200, 'o'));
  EXPECT_EQ(read().voxels.size(0), 5);
}

TEST_F(DicomFolder, FromARealScannerIsOneObliqueVolume) {
  const std::string real = shared_dir() + "/data/dicom/studyforrest";
  if (!std::filesystem::is_directory(real)) GTEST_SKIP() << real << " is not here";
  const Image image = read_scan(real);
  EXPECT_EQ(image.voxels.size(0), 64);
  EXPECT_EQ(image.dicom->slices.size(), 64u);
  EXPECT_LT(shear_of(image.geometry.ras_from_voxel), 1e-4);
}

}  // namespace
}  // namespace thor::test
