// SPDX-License-Identifier: Apache-2.0
// Small DICOM series, written with DCMTK, and what a reader would make of them.
#pragma once
#include <ATen/ATen.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support.h"
#include "thor/image/dicom/dicom_result.h"
#include "thor/image/image.h"

namespace thor::test {

struct SeriesPlan {
  std::string name = "axial";
  Affine ras_from_voxel{{-0.5, 0, 0, 90.5, 0, -0.75, 0, 12.25, 0, 0, 3, -40}};
  bool numbered_backwards = false;  ///< instance or frame numbers fall where z grows
  bool multi_frame = false;
  std::string modality = "MR";
  std::array<int64_t, 3> shape{4, 5, 7};  ///< [D,H,W]; a frame of 35 bits ends within a byte
};

/// 30 degrees about the patient's long axis, tilted by 20 about the left-right one.
inline Affine oblique_affine() {
  const double c = std::cos(M_PI / 6), s = std::sin(M_PI / 6), c2 = std::cos(M_PI / 9), s2 = std::sin(M_PI / 9);
  return Affine{{-0.5 * c, 0.75 * s * c2, 3 * s * s2, 90.5, -0.5 * s, -0.75 * c * c2, -3 * c * s2, -12.25, 0,
                 -0.75 * s2, 3 * c2, 23}};
}

/// Each way in which a series may lie.
inline std::vector<SeriesPlan> all_plans() {
  SeriesPlan axial, reversed, downwards, oblique, tilted, frames, ct;
  reversed.name = "reversed", reversed.numbered_backwards = true;
  downwards.name = "downwards", downwards.ras_from_voxel = axial.ras_from_voxel * scaling({1, 1, -1});
  oblique.name = "oblique", oblique.ras_from_voxel = oblique_affine();
  tilted.name = "tilted", tilted.ras_from_voxel.at(1, 2) = 1.25;
  frames.name = "frames", frames.multi_frame = frames.numbered_backwards = true;
  frames.ras_from_voxel = oblique_affine();
  ct.name = "ct", ct.modality = "CT";
  return {axial, reversed, downwards, oblique, tilted, frames, ct};
}

inline void put_all(DcmItem& item, const std::vector<std::pair<DcmTagKey, std::string>>& values) {
  for (const auto& [tag, value] : values) EXPECT_TRUE(item.putAndInsertString(tag, value.c_str()).good());
}

/// Patient and study; the name is written in Latin 1.
inline void put_patient(DcmItem& item, const SeriesPlan& plan) {
  put_all(item, {{DCM_SpecificCharacterSet, "ISO_IR 100"},
                 {DCM_PatientName, "M\xfcller^J\xf6rg"},
                 {DCM_PatientID, "P17"},
                 {DCM_PatientBirthDate, "19700131"},
                 {DCM_PatientSex, "O"},
                 {DCM_PatientAge, "42"},
                 {DCM_PatientWeight, "71.5"},
                 {DCM_StudyInstanceUID, uid_from("study")},
                 {DCM_StudyDate, "20240229"},
                 {DCM_StudyTime, "101112"},
                 {DCM_StudyID, "S1"},
                 {DCM_ContentDate, "20240229"},
                 {DCM_ContentTime, "101500.25"},
                 {DCM_Modality, plan.modality}});
}

inline void put_samples(DcmItem& item, const SeriesPlan& plan, int64_t frames) {
  const std::pair<DcmTagKey, int64_t> numbers[]{
      {DCM_SamplesPerPixel, 1}, {DCM_Rows, plan.shape[1]}, {DCM_Columns, plan.shape[2]}, {DCM_BitsAllocated, 16},
      {DCM_BitsStored, 16},     {DCM_HighBit, 15},         {DCM_PixelRepresentation, 0}};
  for (const auto& [tag, number] : numbers) item.putAndInsertUint16(tag, static_cast<Uint16>(number));
  put_all(item, {{DCM_PhotometricInterpretation, "MONOCHROME2"}});
  const std::vector<Uint16> black(static_cast<size_t>(frames * plan.shape[1] * plan.shape[2]));
  item.putAndInsertUint16Array(DCM_PixelData, black.data(), static_cast<unsigned long>(black.size()));
}

inline void put_single_frame(DcmItem& item, const SeriesPlan& plan, const DicomSource& source, int64_t z) {
  const DicomPlacement placement(plan.ras_from_voxel);
  const int64_t number = plan.numbered_backwards ? plan.shape[0] - z : z + 1;
  put_patient(item, plan);
  put_all(item, {{DCM_SOPClassUID, source.slices[z].sop_class_uid},
                 {DCM_SOPInstanceUID, source.slices[z].sop_instance_uid},
                 {DCM_SeriesInstanceUID, source.series_uid},
                 {DCM_FrameOfReferenceUID, source.frame_of_reference_uid},
                 {DCM_InstanceNumber, std::to_string(number)},
                 {DCM_ImagePositionPatient, dicom_values(placement.position(z))},
                 {DCM_ImageOrientationPatient, dicom_values(placement.orientation)},
                 {DCM_PixelSpacing, placement.row_spacing + "\\" + placement.column_spacing},
                 {DCM_SliceThickness, placement.slice_spacing}});
  put_samples(item, plan, 1);
}

inline void put_multi_frame(DcmItem& item, const SeriesPlan& plan, const DicomSource& source) {
  put_patient(item, plan);
  put_all(item, {{DCM_SOPClassUID, source.slices[0].sop_class_uid},
                 {DCM_SOPInstanceUID, source.slices[0].sop_instance_uid},
                 {DCM_SeriesInstanceUID, source.series_uid},
                 {DCM_FrameOfReferenceUID, source.frame_of_reference_uid},
                 {DCM_NumberOfFrames, std::to_string(plan.shape[0])}});
  put_samples(item, plan, plan.shape[0]);
}

/// Writes the files of a plan into a folder of its name and says what they hold.
inline Image write_series(const std::string& folder, const SeriesPlan& plan) {
  const std::string here = folder + "/" + plan.name;
  std::filesystem::create_directories(here);
  const std::string one_class = plan.modality == "CT" ? UID_CTImageStorage : UID_MRImageStorage;
  DicomSource source;
  source.study_uid = uid_from("study");
  source.series_uid = uid_from("series " + plan.name);
  source.frame_of_reference_uid = uid_from("frame of reference");
  source.modality = plan.modality;
  for (int64_t z = 0; z < plan.shape[0]; ++z) {
    const int64_t number = plan.numbered_backwards ? plan.shape[0] - z : z + 1;
    const std::string file = plan.multi_frame ? "all" : std::to_string(number);
    source.slices.push_back({fmt::format("{}/{}.dcm", here, file),
                             plan.multi_frame ? UID_EnhancedMRImageStorage : one_class,
                             uid_from(plan.name + " " + file), plan.multi_frame ? number : 0});
  }
  for (int64_t z = 0; z < (plan.multi_frame ? 1 : plan.shape[0]); ++z) {
    DcmFileFormat file;
    if (plan.multi_frame)
      put_multi_frame(*file.getDataset(), plan, source);
    else
      put_single_frame(*file.getDataset(), plan, source, z);
    EXPECT_TRUE(file.saveFile(source.slices[z].file.c_str(), EXS_LittleEndianExplicit).good());
  }
  Image image;
  image.voxels = at::zeros({plan.shape[0], plan.shape[1], plan.shape[2]});
  image.geometry.ras_from_voxel = plan.ras_from_voxel;
  image.path = here;
  image.medical = true;
  image.dicom = std::make_shared<DicomSource>(source);
  return image;
}

/// Two slices of four have something, one of them in its last pixel only.
inline Tensor mask_for(const Image& image) {
  Tensor mask = at::zeros_like(image.voxels);
  mask[1].narrow(0, 1, 3).narrow(1, 2, 4).fill_(1);
  mask[3][-1][-1] = 1;
  return mask;
}
/// Different everywhere, up to 0.8, nothing in the first row.
inline Tensor map_for(const Image& image) {
  Tensor map = at::linspace(0, 0.8, image.voxels.numel()).view(image.voxels.sizes()).clone();
  map.select(1, 0).fill_(0);
  return map;
}
inline DicomResult result_for_tests() {
  return {"THOR anomaly map, research only", "0.1.0", "thor; seed 1; start_step 350; model 0123", 9001};
}

}  // namespace thor::test
