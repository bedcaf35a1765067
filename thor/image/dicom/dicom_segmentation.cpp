// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmfg/fgderimg.h>
#include <dcmtk/dcmfg/fgfracon.h>
#include <dcmtk/dcmfg/fgpixmsr.h>
#include <dcmtk/dcmfg/fgplanor.h>
#include <dcmtk/dcmfg/fgplanpo.h>
#include <dcmtk/dcmseg/segdoc.h>
#include <dcmtk/dcmseg/segment.h>

#include <set>

#include "thor/base/error.h"
#include "thor/image/dicom/dicom_result.h"

namespace thor {
namespace {

constexpr const char* kAlgorithm = "THOR";
constexpr const char* kCannot = "the segmentation cannot be made";

CodeSequenceMacro dcmtk_code(const std::array<const char*, 3>& code) {
  return CodeSequenceMacro(code[0], code[1], code[2]);
}
// PS3.16, CID 7150. The type is none of CID 7159, which all name a diagnosis; the context group is a baseline.
constexpr std::array<const char*, 3> kSegmentCategory{"49755003", "SCT", "Morphologically Altered Structure"};
constexpr std::array<const char*, 3> kSegmentType{"52988006", "SCT", "Lesion"};
constexpr std::array<const char*, 3> kAlgorithmFamily{"123110", "DCM", "Artificial Intelligence"};  // CID 7162

std::unique_ptr<DcmSegmentation> empty_segmentation(const Tensor& mask, const DicomSource& source,
                                                    const DicomResult& result) {
  const std::string version = dicom_text(result.software_version, kDicomLO);
  ContentIdentificationMacro content("1", "ANOMALY", dicom_text(result.description, kDicomLO).c_str(), "THOR^");
  DcmSegmentation* made = nullptr;
  expect_good(
      DcmSegmentation::createBinarySegmentation(
          made, static_cast<Uint16>(mask.size(1)), static_cast<Uint16>(mask.size(2)),
          IODGeneralEquipmentModule::EquipmentInfo(kAlgorithm, "thor", version.c_str(), version.c_str()), content),
      kCannot);
  // DCMTK does not write without these two.
  made->getFrameOfReference().setFrameOfReferenceUID(frame_of_reference_of(source).c_str());
  made->getSeries().setSeriesNumber(std::to_string(result.series_number).c_str());
  return std::unique_ptr<DcmSegmentation>(made);
}

void add_segment(DcmSegmentation& segmentation, const DicomResult& result) {
  DcmSegment* segment = nullptr;
  expect_good(DcmSegment::create(segment, "Anomaly (THOR)", dcmtk_code(kSegmentCategory), dcmtk_code(kSegmentType),
                                 DcmSegTypes::SAT_AUTOMATIC, kAlgorithm),
              kCannot);
  const std::string provenance = dicom_text(result.provenance, kDicomLT);
  segment->setSegmentDescription("Deviation from learned healthy anatomy. For research only, no diagnosis.");
  constexpr Uint16 kRedL = 34891, kRedA = 53479, kRedB = 50166;  // sRGB (1, 0, 0) as PS3.3 C.10.7.1.1 scales CIELab
  segment->setRecommendedDisplayCIELabValue(kRedL, kRedA, kRedB);
  AlgorithmIdentificationMacro& algorithm = segment->getSegmentationAlgorithmIdentification();
  algorithm.getAlgorithmFamilyCode() = dcmtk_code(kAlgorithmFamily);
  algorithm.setAlgorithmName(kAlgorithm);
  algorithm.setAlgorithmVersion(dicom_text(result.software_version, kDicomLO).c_str());
  algorithm.setAlgorithmParameters(provenance.c_str());
  Uint16 number = 0;
  expect_good(segmentation.addSegment(segment, number), kCannot);
}

void add_shared_geometry(DcmSegmentation& segmentation, const DicomPlacement& placement) {
  FGPixelMeasures measures;
  measures.setPixelSpacing(dicom_values(std::array{placement.row_spacing, placement.column_spacing}).c_str());
  measures.setSliceThickness(placement.slice_spacing.c_str());
  measures.setSpacingBetweenSlices(placement.slice_spacing.c_str());
  expect_good(segmentation.addForAllFrames(measures), kCannot);
  const auto& o = placement.orientation;
  const std::unique_ptr<FGPlaneOrientationPatient> orientation(FGPlaneOrientationPatient::createMinimal(
      o[0].c_str(), o[1].c_str(), o[2].c_str(), o[3].c_str(), o[4].c_str(), o[5].c_str()));
  if (!orientation) fail_input("{}: DCMTK refuses its orientation", kCannot);
  expect_good(segmentation.addForAllFrames(*orientation), kCannot);
}

/// Frames are ordered by segment (there is one) and place.
void add_dimensions(DcmSegmentation& segmentation, const std::string& uid) {
  IODMultiframeDimensionModule& dimensions = segmentation.getDimensions();
  expect_good(dimensions.addDimensionIndex(DCM_ReferencedSegmentNumber, uid.c_str(), DCM_SegmentIdentificationSequence,
                                           "Segment"),
              kCannot);
  expect_good(
      dimensions.addDimensionIndex(DCM_ImagePositionPatient, uid.c_str(), DCM_PlanePositionSequence, "Position"),
      kCannot);
}

/// Adds a slice as the n-th frame, from 1.
void add_frame(DcmSegmentation& segmentation, const Tensor& set, const std::array<std::string, 3>& corner, Uint32 n) {
  FGFrameContent content;
  content.setDimensionIndexValues(1, 0);
  content.setDimensionIndexValues(n, 1);
  const std::unique_ptr<FGPlanePosPatient> position(
      FGPlanePosPatient::createMinimal(corner[0].c_str(), corner[1].c_str(), corner[2].c_str()));
  if (!position) fail_input("{}: DCMTK refuses the position of frame {}", kCannot, n);
  OFVector<FGBase*> groups;
  groups.push_back(&content);
  groups.push_back(position.get());
  expect_good(segmentation.addFrame(set.data_ptr<uint8_t>(), 1, groups), kCannot);
}

/// Derivation Image, by hand: DCMTK's class neither says that places were kept nor counts frames beyond 65535.
void derive_frames(DcmItem& file, const DicomSource& source, const std::vector<int64_t>& slices,
                   const std::string& provenance) {
  DcmSequenceOfItems* frames = nullptr;
  expect_good(file.findAndGetSequence(DCM_PerFrameFunctionalGroupsSequence, frames), kCannot);
  for (size_t i = 0; i < slices.size(); ++i) {
    DcmItem& derivation = append_item(*frames->getItem(static_cast<unsigned long>(i)), DCM_DerivationImageSequence);
    put_value(derivation, DCM_DerivationDescription, dicom_text(provenance, kDicomST));
    append_code(derivation, DCM_DerivationCodeSequence, kSegmentationCode);
    DcmItem& image = append_item(derivation, DCM_SourceImageSequence);
    put_reference(image, source.slices[slices[i]], true);
    put_value(image, DCM_SpatialLocationsPreserved, "YES");
    append_code(image, DCM_PurposeOfReferenceCodeSequence, kSourceImageCode);
  }
}

/// Common Instance Reference: all that the mask was found in, marked or not.
void refer_to_series(DcmItem& file, const DicomSource& source) {
  DcmItem& series = append_item(file, DCM_ReferencedSeriesSequence);
  put_value(series, DCM_SeriesInstanceUID, source.series_uid);
  std::set<std::string> seen;
  for (const DicomSlice& slice : source.slices)
    if (seen.insert(slice.sop_instance_uid).second)
      put_reference(append_item(series, DCM_ReferencedInstanceSequence), slice, false);
}

/// 0 and 1, bytes [H,W].
Tensor marked(const Tensor& mask, int64_t slice) { return mask[slice].gt(0).to(at::kCPU, at::kByte).contiguous(); }

}  // namespace

void write_dicom_segmentation(const std::string& path, const Tensor& mask, const Image& source,
                              const DicomResult& result) {
  expect_dicom_source(mask, source);
  const auto header = read_source_header(*source.dicom);
  const DicomPlacement placement(source.geometry.ras_from_voxel, source.dicom);
  Sha256 hash = begin_identity("segmentation", source, result);
  const auto segmentation = empty_segmentation(mask, *source.dicom, result);
  add_segment(*segmentation, result);
  add_shared_geometry(*segmentation, placement);
  std::vector<int64_t> slices;
  for (int64_t z = 0; z < mask.size(0); ++z) {
    const Tensor set = marked(mask, z);
    hash.update(set.data_ptr(), set.nbytes());
    if (!set.any().item<bool>()) continue;
    slices.push_back(z);
    add_frame(*segmentation, set, placement.position(z), static_cast<Uint32>(slices.size()));
  }
  if (slices.empty())
    fail_usage("'{}': the mask is empty, and a DICOM segmentation has at least one frame; write none", path);
  const std::string identity = hash.hex();
  add_dimensions(*segmentation, uid_from(identity + " dimensions"));
  DcmFileFormat file;
  DcmItem& data = *file.getDataset();
  expect_good(segmentation->writeDataset(data), kCannot);
  derive_frames(data, *source.dicom, slices, result.provenance);
  refer_to_series(data, *source.dicom);
  identify_result(data, *header->getDataset(), *source.dicom, result,
                  {UID_SegmentationStorage, uid_from(identity + " 1"), uid_from(identity + " series"), "SEG", 1});
  save_dicom(path, file);
}

}  // namespace thor
