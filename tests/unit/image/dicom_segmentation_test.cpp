// SPDX-License-Identifier: Apache-2.0
#include <dcmtk/dcmfg/fginterface.h>
#include <dcmtk/dcmseg/segdoc.h>
#include <dcmtk/dcmseg/segment.h>
#include <dcmtk/dcmseg/segutils.h>
#include <gmock/gmock.h>

#include <set>

#include "tests/dicom_phantom.h"
#include "tests/unit/image/pictures.h"

namespace thor::test {
namespace {

using testing::HasSubstr;

/// A data set of a file, for one attribute at a time.
class DicomFile {
 public:
  explicit DicomFile(const std::string& path) { EXPECT_TRUE(file_.loadFile(path.c_str()).good()) << path; }
  DcmItem& data() { return *file_.getDataset(); }
  std::string text(const DcmTagKey& tag) { return text_of(data(), tag); }
  static std::string text_of(DcmItem& item, const DcmTagKey& tag) {
    OFString value;
    item.findAndGetOFStringArray(tag, value);
    return value.c_str();
  }
  DcmItem& item(DcmItem& in, const DcmTagKey& sequence, long number = 0) {
    DcmItem* found = nullptr;
    EXPECT_TRUE(in.findAndGetSequenceItem(sequence, found, number).good()) << sequence.toString();
    return *found;
  }
  long count(DcmItem& in, const DcmTagKey& sequence) {
    DcmSequenceOfItems* items = nullptr;
    return in.findAndGetSequence(sequence, items).good() ? static_cast<long>(items->card()) : 0;
  }

 private:
  DcmFileFormat file_;
};

std::array<double, 3> numbers_of(DcmItem& item, const DcmTagKey& tag) {
  std::array<double, 3> values{};
  for (unsigned long i = 0; i < 3; ++i) EXPECT_TRUE(item.findAndGetFloat64(tag, values[i], i).good());
  return values;
}

class Segmentation : public testing::Test {
 protected:
  void write(const Image& image, const Tensor& mask) {
    write_dicom_segmentation(path_, mask, image, result_for_tests());
  }
  TemporaryFolder folder_;
  std::string path_ = folder_ / "mask.dcm";
};

/// Slice that a frame says it was found in, by instance and frame number.
int64_t slice_of_frame(DicomFile& file, DcmItem& frame, const DicomSource& source) {
  DcmItem& reference = file.item(file.item(frame, DCM_DerivationImageSequence), DCM_SourceImageSequence);
  const std::string uid = DicomFile::text_of(reference, DCM_ReferencedSOPInstanceUID);
  const std::string number = DicomFile::text_of(reference, DCM_ReferencedFrameNumber);
  for (size_t z = 0; z < source.slices.size(); ++z)
    if (source.slices[z].sop_instance_uid == uid &&
        (source.slices[z].frame == 0 ? number.empty() : number == std::to_string(source.slices[z].frame)))
      return static_cast<int64_t>(z);
  return -1;
}

/// The mask as DCMTK reads it, each frame in the slice it refers to.
Tensor rebuilt(const std::string& path, const Image& image) {
  DicomFile file(path);
  DcmSegmentation* loaded = nullptr;
  EXPECT_TRUE(DcmSegmentation::loadFile(path.c_str(), loaded).good());
  const std::unique_ptr<DcmSegmentation> segmentation(loaded);
  const auto rows = static_cast<Uint16>(image.voxels.size(1)), columns = static_cast<Uint16>(image.voxels.size(2));
  Tensor mask = at::zeros_like(image.voxels);
  for (size_t i = 0; i < segmentation->getNumberOfFrames(); ++i) {
    DcmItem& frame = file.item(file.data(), DCM_PerFrameFunctionalGroupsSequence, static_cast<long>(i));
    const int64_t z = slice_of_frame(file, frame, *image.dicom);
    EXPECT_GE(z, 0) << "frame " << i << " refers to no slice of the source";
    const std::unique_ptr<DcmIODTypes::Frame> bytes(
        DcmSegUtils::unpackBinaryFrame(segmentation->getFrame(i), rows, columns));
    if (z >= 0) mask[z].copy_(at::from_blob(bytes->pixData, {rows, columns}, at::kByte));
  }
  return mask;
}

TEST_F(Segmentation, GivesTheMaskBackThroughItsReferencesHoweverTheSeriesLies) {
  for (const SeriesPlan& plan : all_plans()) {
    const Image image = write_series(folder_.path(), plan);
    write(image, mask_for(image));
    EXPECT_EQ(max_abs_diff(rebuilt(path_, image), mask_for(image)), 0) << plan.name;
  }
}

TEST_F(Segmentation, PutsEachFrameWhereItsSliceLies) {
  for (const SeriesPlan& plan : all_plans()) {
    const Image image = write_series(folder_.path(), plan);
    write(image, mask_for(image));
    DicomFile file(path_);
    ASSERT_EQ(file.count(file.data(), DCM_PerFrameFunctionalGroupsSequence), 2) << plan.name;
    for (long i = 0; i < 2; ++i) {
      DcmItem& frame = file.item(file.data(), DCM_PerFrameFunctionalGroupsSequence, i);
      const double z = static_cast<double>(slice_of_frame(file, frame, *image.dicom));
      const Point3 ras = plan.ras_from_voxel({0, 0, z});
      const auto lps = numbers_of(file.item(frame, DCM_PlanePositionSequence), DCM_ImagePositionPatient);
      EXPECT_NEAR(lps[0], -ras[0], 1e-8) << plan.name;
      EXPECT_NEAR(lps[1], -ras[1], 1e-8) << plan.name;
      EXPECT_NEAR(lps[2], ras[2], 1e-8) << plan.name;
    }
  }
}

TEST_F(Segmentation, HasTheSourcesAxesSpacingAndFrameOfReference) {
  SeriesPlan plan;
  plan.ras_from_voxel = oblique_affine();
  const Image image = write_series(folder_.path(), plan);
  write(image, mask_for(image));
  DicomFile file(path_), source(image.dicom->slices[0].file);
  DcmItem& shared = file.item(file.data(), DCM_SharedFunctionalGroupsSequence);
  EXPECT_EQ(DicomFile::text_of(file.item(shared, DCM_PlaneOrientationSequence), DCM_ImageOrientationPatient),
            source.text(DCM_ImageOrientationPatient));
  DcmItem& measures = file.item(shared, DCM_PixelMeasuresSequence);
  EXPECT_EQ(DicomFile::text_of(measures, DCM_PixelSpacing), source.text(DCM_PixelSpacing));
  EXPECT_EQ(std::stod(DicomFile::text_of(measures, DCM_SpacingBetweenSlices)), 3);
  for (const DcmTagKey& tag : {DCM_FrameOfReferenceUID, DCM_StudyInstanceUID})
    EXPECT_EQ(file.text(tag), source.text(tag)) << tag.toString();
}

TEST_F(Segmentation, OfATiltedGantryMeasuresItsSpacingAlongTheNormal) {
  SeriesPlan plan;
  plan.ras_from_voxel.at(1, 2) = 4;  // 5 mm from voxel to voxel, 3 mm from plane to plane
  const Image image = write_series(folder_.path(), plan);
  write(image, mask_for(image));
  DicomFile file(path_);
  DcmItem& shared = file.item(file.data(), DCM_SharedFunctionalGroupsSequence);
  EXPECT_EQ(DicomFile::text_of(file.item(shared, DCM_PixelMeasuresSequence), DCM_SpacingBetweenSlices), "3");
}

TEST_F(Segmentation, NamesEveryInstanceOfTheSourceOnce) {
  for (const SeriesPlan& plan : all_plans()) {
    const Image image = write_series(folder_.path(), plan);
    write(image, mask_for(image));
    DicomFile file(path_);
    DcmItem& series = file.item(file.data(), DCM_ReferencedSeriesSequence);
    EXPECT_EQ(DicomFile::text_of(series, DCM_SeriesInstanceUID), image.dicom->series_uid);
    std::multiset<std::string> named;
    for (long i = 0; i < file.count(series, DCM_ReferencedInstanceSequence); ++i)
      named.insert(
          DicomFile::text_of(file.item(series, DCM_ReferencedInstanceSequence, i), DCM_ReferencedSOPInstanceUID));
    std::set<std::string> expected;
    for (const DicomSlice& slice : image.dicom->slices) expected.insert(slice.sop_instance_uid);
    EXPECT_EQ(named, std::multiset<std::string>(expected.begin(), expected.end())) << plan.name;
  }
}

TEST_F(Segmentation, IsTheSameFileEveryTimeAndAnotherForAnotherMask) {
  const Image image = write_series(folder_.path(), {});
  write(image, mask_for(image));
  const std::string first = read_bytes(path_), uid = DicomFile(path_).text(DCM_SOPInstanceUID);
  write(image, mask_for(image));
  EXPECT_EQ(read_bytes(path_), first);
  write(image, 1 - mask_for(image));
  EXPECT_NE(DicomFile(path_).text(DCM_SOPInstanceUID), uid);
}

TEST_F(Segmentation, BelongsToThePatientInThePatientsOwnCharacters) {
  const Image image = write_series(folder_.path(), {});
  write(image, mask_for(image));
  DicomFile file(path_);
  EXPECT_EQ(file.text(DCM_SpecificCharacterSet), "ISO_IR 100");
  EXPECT_EQ(file.text(DCM_PatientName), "M\xfcller^J\xf6rg");
  EXPECT_EQ(file.text(DCM_PatientID), "P17");
  EXPECT_EQ(file.text(DCM_ContentTime), "101500.25");
}

TEST_F(Segmentation, LeavesBehindWhatBreaksTheRulesOfItsType) {
  const Image image = write_series(folder_.path(), {});  // an age of "42" has no unit
  write(image, mask_for(image));
  DicomFile file(path_);
  EXPECT_FALSE(file.data().tagExists(DCM_PatientAge));
  EXPECT_EQ(file.text(DCM_PatientWeight), "71.5");
}

TEST_F(Segmentation, SaysWhatItIsAndHowItWasMade) {
  const Image image = write_series(folder_.path(), {});
  write(image, mask_for(image));
  DicomFile file(path_);
  DcmItem& segment = file.item(file.data(), DCM_SegmentSequence);
  EXPECT_EQ(DicomFile::text_of(segment, DCM_SegmentLabel), "Anomaly (THOR)");
  EXPECT_EQ(DicomFile::text_of(segment, DCM_SegmentAlgorithmType), "AUTOMATIC");
  EXPECT_EQ(DicomFile::text_of(file.item(segment, DCM_SegmentedPropertyCategoryCodeSequence), DCM_CodeValue),
            "49755003");
  EXPECT_EQ(
      DicomFile::text_of(file.item(segment, DCM_SegmentationAlgorithmIdentificationSequence), DCM_AlgorithmParameters),
      result_for_tests().provenance);
  EXPECT_EQ(file.text(DCM_SeriesDescription), result_for_tests().description);
}

TEST_F(Segmentation, OfNothingIsRefusedAndNotWritten) {
  const Image image = write_series(folder_.path(), {});
  EXPECT_THAT(story_of([&] { write(image, at::zeros_like(image.voxels)); }), HasSubstr("empty"));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Segmentation, NeedsADicomSourceThatIsStillThere) {
  Image image = write_series(folder_.path(), {});
  std::filesystem::remove(image.dicom->slices[0].file);
  EXPECT_THAT(story_of([&] { write(image, mask_for(image)); }), HasSubstr("cannot be read again"));
  image.dicom = nullptr;
  EXPECT_THAT(story_of([&] { write(image, mask_for(image)); }), HasSubstr("write NIfTI instead"));
}

TEST_F(Segmentation, OfADamagedSourceIsAnErrorAndNoCrash) {
  const Image image = write_series(folder_.path(), {});
  const std::string whole = read_bytes(image.dicom->slices[0].file);
  for (size_t kept = 0; kept < whole.size(); kept += 7) {
    write_bytes(image.dicom->slices[0].file, whole.substr(0, kept));
    std::filesystem::remove(path_);
    const bool refused = story_of([&] { write(image, mask_for(image)); }) != "no error";
    EXPECT_NE(refused, std::filesystem::exists(path_)) << kept;
  }
}

TEST_F(Segmentation, OfASourceThatWasReplacedIsRefused) {
  const Image image = write_series(folder_.path(), {});
  write_bytes(image.dicom->slices[0].file, read_bytes(image.dicom->slices[1].file));
  EXPECT_THAT(story_of([&] { write(image, mask_for(image)); }), HasSubstr("not the file"));
}

TEST_F(Segmentation, OfRealSeriesComesBackVoxelForVoxel) {
  for (const char* name : {"studyforrest", "encodings/enh.dcm", "encodings/CT_small.dcm"}) {
    const std::string series = shared_dir() + "/data/dicom/" + name;
    if (!std::filesystem::exists(series)) GTEST_SKIP() << series << " is not here";
    const Image image = read_scan(series);
    const Tensor mask = image.voxels.gt(image.voxels.mean()).to(at::kFloat);
    write(image, mask);
    EXPECT_EQ(max_abs_diff(rebuilt(path_, image), mask), 0) << name;
  }
}

}  // namespace
}  // namespace thor::test
