// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cmath>
#include <filesystem>
#include <utility>
#include <vector>

#include "thor/base/error.h"
#include "thor/image/dicom/dicom_result.h"

namespace thor {
namespace {

constexpr double kMostStored = 65535;
constexpr std::array<const char*, 3> kNoUnits{"1", "UCUM", "no units"};

/// What a file of a map is by the modality of its source, and what that kind of file must say beyond (decision 0095).
struct MapKind {
  const char* modality;
  const char* sop_class_uid;
  const char* image_type;
  std::vector<std::pair<DcmTagKey, const char*>> values;
};
MapKind kind_for(const std::string& modality) {
  const MapKind kinds[]{
      {"MR",
       UID_MRImageStorage,
       "DERIVED\\SECONDARY\\OTHER",
       {{DCM_ScanningSequence, "RM"},  // research mode
        {DCM_SequenceVariant, "NONE"},
        {DCM_ScanOptions, ""},
        {DCM_MRAcquisitionType, ""},
        {DCM_RepetitionTime, ""},
        {DCM_EchoTime, ""},
        {DCM_EchoTrainLength, ""}}},
      {"CT", UID_CTImageStorage, "DERIVED\\SECONDARY\\AXIAL", {{DCM_KVP, ""}, {DCM_AcquisitionNumber, ""}}},
  };
  for (const MapKind& kind : kinds)
    if (kind.modality == modality) return kind;
  return {"", UID_SecondaryCaptureImageStorage, "DERIVED\\SECONDARY", {{DCM_ConversionType, "WSD"}}};
}

/// The map's value is slope * stored, as DICOM's decimal string has it.
struct MapScale {
  std::string text;
  double slope = 1;
};
MapScale scale_of(const Tensor& map) {
  const double low = map.min().item<double>(), high = map.max().item<double>();
  if (!(low >= 0) || !std::isfinite(high))
    fail(ErrorKind::Internal, "a DICOM map has finite values from 0 up, not {} to {}", low, high);
  MapScale scale;
  scale.text = decimal_string((high > 0 ? high : 1) / kMostStored);
  scale.slope = std::stod(scale.text);
  return scale;
}

void put_kind(DcmItem& file, const MapKind& kind) {
  put_value(file, DCM_ImageType, kind.image_type);
  for (const auto& [tag, value] : kind.values) put_value(file, tag, value);
  put_value(file, DCM_BurnedInAnnotation, "NO");
  // Required of CT and MR, empty where unknown; the side only where the part of the body may have two.
  if (!file.tagExists(DCM_PatientPosition)) put_value(file, DCM_PatientPosition, "");
  if (!file.tagExists(DCM_Laterality) && !file.tagExists(DCM_BodyPartExamined)) put_value(file, DCM_Laterality, "");
}

void put_place(DcmItem& file, const DicomPlacement& placement, int64_t z) {
  put_value(file, DCM_ImagePositionPatient, dicom_values(placement.position(z)));
  put_value(file, DCM_ImageOrientationPatient, dicom_values(placement.orientation));
  put_value(file, DCM_PixelSpacing, dicom_values(std::array{placement.row_spacing, placement.column_spacing}));
  put_value(file, DCM_SliceThickness, placement.slice_spacing);
  put_value(file, DCM_SpacingBetweenSlices, placement.slice_spacing);
}

/// Said twice: viewers apply Rescale Slope; the standard gives an MR image Real World Value Mapping only.
void put_scale(DcmItem& file, const MapScale& scale) {
  put_value(file, DCM_RescaleIntercept, "0");
  put_value(file, DCM_RescaleSlope, scale.text);
  put_value(file, DCM_RescaleType, "US");
  put_value(file, DCM_WindowCenter, decimal_string(scale.slope * kMostStored / 2));
  put_value(file, DCM_WindowWidth, decimal_string(scale.slope * kMostStored));
  put_value(file, DCM_VOILUTFunction, "LINEAR_EXACT");
  DcmItem& mapping = append_item(file, DCM_RealWorldValueMappingSequence);
  put_value(mapping, DCM_LUTExplanation, "Anomaly map");
  put_value(mapping, DCM_LUTLabel, "ANOMALY");
  append_code(mapping, DCM_MeasurementUnitsCodeSequence, kNoUnits);
  mapping.putAndInsertUint16(DCM_RealWorldValueFirstValueMapped, 0);
  mapping.putAndInsertUint16(DCM_RealWorldValueLastValueMapped, static_cast<Uint16>(kMostStored));
  mapping.putAndInsertFloat64(DCM_RealWorldValueIntercept, 0);
  mapping.putAndInsertFloat64(DCM_RealWorldValueSlope, scale.slope);
}

/// Values [H,W] as 16-bit samples.
void put_pixels(DcmItem& file, const Tensor& values, const MapScale& scale) {
  const Tensor stored = (values.to(at::kCPU, at::kDouble) / scale.slope).round().clamp(0, kMostStored).to(at::kInt);
  const Tensor flat = stored.contiguous().view(-1);
  const std::vector<Uint16> samples(flat.data_ptr<int32_t>(), flat.data_ptr<int32_t>() + flat.numel());
  put_value(file, DCM_PhotometricInterpretation, "MONOCHROME2");
  const std::pair<DcmTagKey, int64_t> numbers[]{
      {DCM_SamplesPerPixel, 1}, {DCM_Rows, values.size(0)}, {DCM_Columns, values.size(1)}, {DCM_BitsAllocated, 16},
      {DCM_BitsStored, 16},     {DCM_HighBit, 15},          {DCM_PixelRepresentation, 0}};
  for (const auto& [tag, number] : numbers) file.putAndInsertUint16(tag, static_cast<Uint16>(number));
  expect_good(file.putAndInsertUint16Array(DCM_PixelData, samples.data(), static_cast<unsigned long>(samples.size())),
              "the map's pixels cannot be stored");
}

void put_source_image(DcmItem& file, const DicomSlice& slice, const std::string& provenance) {
  put_value(file, DCM_DerivationDescription, dicom_text(provenance, kDicomST));
  DcmItem& image = append_item(file, DCM_SourceImageSequence);
  put_reference(image, slice, true);
  put_value(image, DCM_SpatialLocationsPreserved, "YES");
  append_code(image, DCM_PurposeOfReferenceCodeSequence, kSourceImageCode);
}

}  // namespace

void write_dicom_map(const std::string& folder, const Tensor& map, const Image& source, const DicomResult& result) {
  expect_dicom_source(map, source);
  if (!std::filesystem::is_directory(folder))
    fail_usage("'{}' is to take the slices of a DICOM map and is no folder; make it first", folder);
  const auto header = read_source_header(*source.dicom);
  const MapKind kind = kind_for(source.dicom->modality);
  const MapScale scale = scale_of(map);
  const DicomPlacement placement(source.geometry.ras_from_voxel, source.dicom);
  Sha256 hash = begin_identity("map", source, result);
  for (int64_t z = 0; z < map.size(0); ++z) {
    const Tensor values = map[z].to(at::kCPU, at::kFloat).contiguous();
    hash.update(values.data_ptr(), values.nbytes());
  }
  const std::string identity = hash.hex(), series_uid = uid_from(identity + " series");
  const std::string modality = source.dicom->modality.empty() ? "OT" : source.dicom->modality;
  for (int64_t z = 0; z < map.size(0); ++z) {
    DcmFileFormat file;
    DcmItem& data = *file.getDataset();
    identify_result(data, *header->getDataset(), *source.dicom, result,
                    {kind.sop_class_uid, uid_from(fmt::format("{} {}", identity, z)), series_uid, modality, z + 1});
    put_kind(data, kind);
    put_place(data, placement, z);
    put_scale(data, scale);
    put_source_image(data, source.dicom->slices[z], result.provenance);
    put_pixels(data, map[z], scale);
    save_dicom(fmt::format("{}/map_{:04}.dcm", folder, z + 1), file);
  }
}

}  // namespace thor
