// SPDX-License-Identifier: Apache-2.0
#include "thor/data/prepare.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/scans.h"
#include "tests/support.h"
#include "tests/unit/data/steps_world.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/data/scan_list.h"
#include "thor/data/scan_part.h"
#include "thor/data/slice_pictures.h"

namespace thor {
namespace {

using test::max_abs_diff;
using testing::ElementsAre;
using testing::HasSubstr;

/// Five heads of different sizes, two of them in a BIDS folder, a picture, and what is no image.
class Preparation : public testing::Test {
 protected:
  Preparation() {
    for (int64_t i = 0; i < 5; ++i) {
      const Image head = test::head_on(test::centred_grid({30 + i, 40, 36}, {2, 2, 2}));
      write_nifti(folder_ / fmt::format("head{}.nii.gz", i), head.voxels, head.geometry);
    }
    write_png(folder_ / "picture.png", at::linspace(0, 1, 600).view({20, 30}), 8);
    write_text_atomically(folder_ / "list.csv",
                          "image\nhead3.nii.gz\npicture.png\nhead0.nii.gz\nhead1.nii.gz\nhead2.nii.gz\nhead4.nii.gz\n");
    job_.preprocess.size = 32;
    job_.preprocess.steps = test::steps_of({"{step: reorient, to: RPS}", "{step: intensity, bits: 8}"});
    job_.preprocess.slices = {-1, 3};
    job_.keep = folder_ / "list.scans";
  }
  PrepareResult prepared() {
    job_.scans = read_split(folder_ / "list.csv");
    return prepare_scans(job_);
  }
  std::string archive_bytes(const PrepareResult& result) {
    write_archive(folder_ / "out.safetensors", result.archive);
    return sha256_of_file(folder_ / "out.safetensors");
  }
  std::map<std::string, std::string> kept() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(job_.keep))
      files[entry.path().filename().string()] = sha256_of_file(entry.path().string());
    return files;
  }

  test::TemporaryFolder folder_;
  PrepareJob job_;
};

TEST_F(Preparation, TakesFilesWhoseNamesAreNotUtf8) {
  std::filesystem::rename(folder_ / "picture.png", folder_ / "M\xfcller.png");
  std::filesystem::rename(folder_ / "head0.nii.gz", folder_ / "k\xf6pf.nii.gz");
  write_text_atomically(folder_ / "list.csv", "image\nM\xfcller.png\nk\xf6pf.nii.gz\n");
  job_.pictures = folder_ / "pictures";
  const PrepareResult result = prepared();
  EXPECT_EQ(failures_of(result.scans), "");
  write_archive(folder_ / "out.safetensors", result.archive);
  const Archive archive = read_archive(folder_ / "out.safetensors");
  EXPECT_EQ(archive.names.at(0), "M\\xfcller.png");
  EXPECT_THAT(archive.names.at(1), testing::StartsWith("k\\xf6pf_z"));
  EXPECT_EQ(read_split(folder_ / "pictures/index.csv").size(), static_cast<size_t>(result.pictures));
}

TEST_F(Preparation, SlicesVolumesAndTakesPicturesAsTheyAre) {
  const PrepareResult result = prepared();
  EXPECT_EQ(result.archive.names[0], "head3_z-1.0");
  EXPECT_EQ(result.archive.names[2], "head3_z+3.0");
  EXPECT_EQ(result.archive.names[3], "picture.png");
  EXPECT_EQ(result.archive.names.size(), 16u);
  EXPECT_EQ(result.archive.volumes, 5);
  EXPECT_EQ(result.archive.slices.sizes(), (std::vector<int64_t>{16, 32, 32}));
  PreprocessConfig picture = job_.preprocess;
  EXPECT_EQ(max_abs_diff(result.archive.slices[3], preprocess(picture, read_image(folder_ / "picture.png")).unit), 0);
}

TEST_F(Preparation, GivesTheSameFilesWithOneWorkerAndWithThree) {
  const std::string alone = archive_bytes(prepared());
  const auto files = kept();
  std::filesystem::remove_all(job_.keep);
  job_.workers = 3;
  EXPECT_EQ(archive_bytes(prepared()), alone);
  EXPECT_EQ(kept(), files);
  EXPECT_EQ(files.size(), 5u);
}

TEST_F(Preparation, GoesOnFromWhatIsFinished) {
  const std::string whole = archive_bytes(prepared());
  const std::string done = part_file(job_.keep, {"", "", "", "head3.nii.gz", 0});
  const std::string missing = part_file(job_.keep, {"", "", "", "head1.nii.gz", 0});
  const auto before = std::filesystem::last_write_time(done);
  ASSERT_TRUE(std::filesystem::remove(missing));
  std::filesystem::resize_file(part_file(job_.keep, {"", "", "", "head4.nii.gz", 0}), 300);
  EXPECT_EQ(archive_bytes(prepared()), whole);
  EXPECT_EQ(std::filesystem::last_write_time(done), before);
  EXPECT_TRUE(std::filesystem::exists(missing));
}

TEST_F(Preparation, DoesAgainWhatWasMadeOtherwise) {
  prepared();
  const auto files = kept();
  job_.preprocess.slices = {5, 5};
  EXPECT_EQ(prepared().archive.names[0], "head3_z+5.0");
  for (const auto& [name, sha256] : kept()) EXPECT_NE(sha256, files.at(name)) << name;
}

TEST_F(Preparation, GoesOnAfterBadScansAndSaysWhy) {
  std::filesystem::resize_file(folder_ / "head0.nii.gz", 1000);
  write_nifti(folder_ / "head2.nii.gz", at::full({20, 20, 20}, 3.f), {});
  job_.workers = 2;
  const PrepareResult result = prepared();
  EXPECT_EQ(result.archive.names.size(), 10u);
  EXPECT_THAT(result.scans[2].failure, HasSubstr("head0.nii.gz"));
  EXPECT_THAT(result.scans[4].failure, HasSubstr("nearly empty"));
  EXPECT_THAT(failures_of(result.scans), HasSubstr("'head0.nii.gz' ("));
}

TEST_F(Preparation, StopsWhereFinishedVolumesCannotBeKept) {
  // Something that a file cannot take the place of.
  std::filesystem::create_directories(part_file(job_.keep, {"", "", "", "head1.nii.gz", 0}) + "/in the way");
  try {
    prepared();
    FAIL() << "a volume was lost without a word";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input);
    EXPECT_THAT(error.what(), HasSubstr("head1"));
  }
}

TEST_F(Preparation, DoesAgainAScanWhoseBrainMaskChanged) {
  job_.preprocess.steps.insert(job_.preprocess.steps.begin(), {"{step: brain_mask, beside: _brain}"});
  write_text_atomically(folder_ / "list.csv", "image\nhead0.nii.gz\n");
  const Image head = read_scan(folder_ / "head0.nii.gz");
  Tensor brain = at::ones_like(head.voxels);
  write_nifti(folder_ / "head0_brain.nii.gz", brain, head.geometry);
  const Tensor whole = prepared().archive.slices;
  brain.narrow(2, 0, 15).zero_();
  write_nifti(folder_ / "head0_brain.nii.gz", brain, head.geometry);
  EXPECT_GT(max_abs_diff(prepared().archive.slices, whole), 0.1);
}

TEST_F(Preparation, StopsWhereTheStepsCannotBe) {
  job_.preprocess.steps.push_back({"{step: register, template: mni}"});
  EXPECT_THROW(prepared(), Error);
}

TEST_F(Preparation, KeepsViewsOfEveryVolume) {
  const PrepareResult result = prepared();
  const StateDict views = read_views(result.scans[0].part);
  ASSERT_EQ(views.size(), 3u);
  // 33 x 40 x 36 voxels of 2 mm: the longest side of each plane is 240 pixels, the forehead and the top come first.
  EXPECT_EQ(views.at("axial").sizes(), (std::vector<int64_t>{240, 198}));
  EXPECT_EQ(views.at("sagittal").sizes(), (std::vector<int64_t>{216, 240}));
  const Tensor coronal = views.at("coronal").to(at::kFloat);
  EXPECT_EQ(coronal.sizes(), (std::vector<int64_t>{240, 220}));
  EXPECT_TRUE(result.scans[1].part.empty());
}

TEST_F(Preparation, TrainsOnAnArchiveOfPicturesWhateverTheChain) {
  write_text_atomically(folder_ / "pictures.csv", "image\npicture.png\n");
  write_text_atomically(folder_ / "heads.csv", "image\nhead0.nii.gz\n");
  PreprocessConfig plain = job_.preprocess;
  plain.steps.clear();
  write_archive(folder_ / "pictures.safetensors", prepare(read_split(folder_ / "pictures.csv"), plain));
  EXPECT_EQ(open_training_data(folder_ / "pictures.safetensors", job_.preprocess).names.size(), 1u);
  write_archive(folder_ / "heads.safetensors", prepare(read_split(folder_ / "heads.csv"), job_.preprocess));
  EXPECT_EQ(open_training_data(folder_ / "heads.safetensors", job_.preprocess).names.size(), 3u);
  EXPECT_THROW(open_training_data(folder_ / "heads.safetensors", plain), Error);
}

TEST_F(Preparation, WritesSlicesOfVolumesAsPicturesThatBecomeTheSameSlices) {
  for (const std::string bits : {"8", "0"}) {
    job_.preprocess.steps = test::steps_of({"{step: reorient, to: RPS}", "{step: intensity, bits: " + bits + "}"});
    job_.pictures = folder_ / ("pictures" + bits);
    const Archive archive = prepared().archive;
    const auto rows = read_split(job_.pictures + "/index.csv");
    ASSERT_EQ(rows.size(), 15u);  // not of the picture
    EXPECT_EQ(rows[0].name, "head3_z-1.0.png");
    for (const SplitRow& row : rows) {
      const Image picture = read_image(row.image);
      EXPECT_EQ(picture.voxels.size(1), 40);
      EXPECT_EQ(picture.full_scale, 255);
      const auto at = std::find(archive.names.begin(), archive.names.end(), row.name.substr(0, row.name.size() - 4));
      ASSERT_NE(at, archive.names.end()) << row.name;
      const Tensor slice = archive.slices[at - archive.names.begin()];
      EXPECT_LT(max_abs_diff(preprocess(job_.preprocess, picture).unit, slice), bits == "8" ? 1e-6 : 0.5 / 255 + 1e-6);
    }
  }
}

TEST_F(Preparation, WritesThePicturesOfVolumesThatWereFinishedWithout) {
  const std::string without = archive_bytes(prepared());
  job_.pictures = folder_ / "pictures";
  EXPECT_EQ(archive_bytes(prepared()), without);
  const std::string first = sha256_of_file(job_.pictures + "/head3_z+3.0.png");
  const auto files = kept();
  std::filesystem::remove_all(job_.pictures);
  EXPECT_EQ(prepared().pictures, 15);  // from what is kept
  EXPECT_EQ(sha256_of_file(job_.pictures + "/head3_z+3.0.png"), first);
  job_.pictures.clear();
  EXPECT_EQ(archive_bytes(prepared()), without);
  EXPECT_EQ(kept(), files);
}

TEST_F(Preparation, KeepsPicturesWithinTheirFolderAndApart) {
  SlicePictures pictures(folder_ / "pictures");
  const Tensor slices = at::arange(2 * 9 * 9).view({2, 9, 9}).to(at::kByte);
  pictures.write({"../../sub-01/anat/a, b_z+1.0", "/c_z+1.0"}, slices);
  EXPECT_THAT([&] { pictures.write({"c_z+1.0"}, slices); },
              testing::ThrowsMessage<Error>(HasSubstr("two slices would be the picture 'c_z+1.0.png'")));
  pictures.write({"nothing to see"}, at::full({1, 9, 9}, 7, at::kByte));
  EXPECT_EQ(pictures.finish(), 2);
  const auto rows = read_split(folder_ / "pictures/index.csv");
  EXPECT_EQ(rows[0].image, folder_ / "pictures/sub-01/anat/a, b_z+1.0.png");
  EXPECT_EQ(max_abs_diff(read_image(rows[1].image).voxels[0], slices[1].to(at::kFloat)), 0);
}

TEST_F(Preparation, RefusesPicturesThatWouldBeScaledOtherwiseThanTheirVolume) {
  job_.preprocess.intensity = Intensity::Percentile;
  job_.pictures = folder_ / "pictures";
  EXPECT_THAT([&] { prepared(); }, testing::ThrowsMessage<Error>(HasSubstr("intensity is full_range, not percentile")));
}

/// Empty files where scans would be.
class ScanLists : public testing::Test {
 protected:
  void touch(const std::string& path) {
    std::filesystem::create_directories(std::filesystem::path(folder_ / path).parent_path());
    std::ofstream(folder_ / path).put('x');
  }
  static std::vector<std::string> names(const std::vector<SplitRow>& rows) {
    std::vector<std::string> names;
    for (const auto& row : rows) names.push_back(row.name);
    return names;
  }
  template <class F>
  static std::string story(F&& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  test::TemporaryFolder folder_;
};

TEST_F(ScanLists, FindTheT1wScansOfABidsDataset) {
  touch("dataset_description.json");
  touch("sub-02/anat/sub-02_T1w.nii.gz");
  touch("sub-01/ses-b/anat/sub-01_ses-b_T1w.nii");
  touch("sub-01/ses-a/anat/sub-01_ses-a_T1w.nii.gz");
  touch("sub-01/ses-a/anat/sub-01_ses-a_T2w.nii.gz");
  touch("sub-01/ses-a/func/sub-01_ses-a_bold.nii.gz");
  touch("derivatives/sub-01/anat/sub-01_T1w.nii.gz");
  EXPECT_THAT(names(list_scans(folder_.path())),
              ElementsAre("sub-01/ses-a/anat/sub-01_ses-a_T1w.nii.gz", "sub-01/ses-b/anat/sub-01_ses-b_T1w.nii",
                          "sub-02/anat/sub-02_T1w.nii.gz"));
  EXPECT_THAT(names(list_scans(folder_.path() + "/", {"02"})), ElementsAre("sub-02/anat/sub-02_T1w.nii.gz"));
  EXPECT_EQ(list_scans(folder_.path(), {"sub-01"}).size(), 2u);
  EXPECT_THAT(story([&] { list_scans(folder_.path(), {"7"}); }), HasSubstr("no participant '7'"));
}

TEST_F(ScanLists, TakeAFoldersImagesAndItsSeries) {
  touch("b.nii.gz");
  touch("a.png");
  touch("notes.txt");
  touch(".hidden.png");
  touch("series/study/IM0001");
  std::ofstream(folder_ / "series/study/IM0001") << std::string(128, '\0') << "DICM";
  touch("a.scans/index.html");
  EXPECT_THAT(names(list_scans(folder_.path())), ElementsAre("a.png", "b.nii.gz", "series"));
  touch("one.dcm");
  EXPECT_EQ(list_scans(folder_.path()).size(), 1u);
  EXPECT_EQ(list_scans(folder_.path())[0].image, folder_.path());
}

TEST_F(ScanLists, TakeAFolderOfDicomFilesWithoutEndingsAsOneScan) {
  test::DicomSpec slice;
  slice.pixels = at::zeros({3, 4}, at::kShort);
  write_text_atomically(folder_ / "IM0001", test::dicom_of(slice));
  ASSERT_EQ(list_scans(folder_.path()).size(), 1u);
  EXPECT_EQ(list_scans(folder_.path())[0].image, folder_.path());
}

TEST_F(ScanLists, SayWhatIsMissing) {
  EXPECT_THAT(story([&] { list_scans(folder_ / "nowhere"); }), HasSubstr("does not exist"));
  EXPECT_THAT(story([&] { list_scans(folder_.path()); }), HasSubstr("holds no images"));
  touch("a.png");
  EXPECT_THAT(story([&] { list_scans(folder_.path(), {"01"}); }), HasSubstr("no BIDS dataset"));
}

}  // namespace
}  // namespace thor
