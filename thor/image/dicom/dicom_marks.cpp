// SPDX-License-Identifier: Apache-2.0
// What a file says of an image besides its place: by this, echoes, time points and directions are told apart.
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "thor/image/dicom/dicom_instance.h"
#include "thor/image/dicom/dicom_tags.h"

namespace thor {
namespace {

using namespace dicom;

/// Where a mark is said: in the data set itself, or in a functional group of an enhanced file, perhaps one group
/// deeper.
struct Place {
  size_t row;
  DicomTag group, inner_group, tag;
};
constexpr Place kPlaces[] = {
    {0, 0, 0, kEchoTime},
    {0, kEchoGroup, 0, kEffectiveEchoTime},
    {1, 0, 0, kEchoNumbers},
    {2, 0, 0, kInversionTime},
    {2, kModifierGroup, 0, kInversionTimes},
    {3, 0, 0, kFlipAngle},
    {3, kTimingGroup, 0, kFlipAngle},
    {4, 0, 0, kBValue},
    {4, kDiffusionGroup, 0, kBValue},
    {5, 0, 0, kGradientDirection},
    {5, kDiffusionGroup, kGradientDirectionGroup, kGradientDirection},
    {6, 0, 0, kTemporalPosition},
    {6, kFrameContentGroup, 0, kTemporalPositionIndex},
    {7, kCardiacGroup, 0, kCardiacPhase},
    {8, 0, 0, kTriggerTime},
    {8, kCardiacGroup, 0, kTriggerDelay},
    {9, 0, 0, kReferenceTime},
    {10, 0, 0, kImageType},
    {10, kMrFrameTypeGroup, 0, kFrameType},
    {10, kCtFrameTypeGroup, 0, kFrameType},
    {10, kPetFrameTypeGroup, 0, kFrameType},
    {11, 0, 0, kComplexComponent},
    {11, kMrFrameTypeGroup, 0, kComplexComponent},
    {12, 0, 0, kKernel},
    {13, 0, 0, kAcquisitionNumber},
    {13, kFrameContentGroup, 0, kFrameAcquisitionNumber},
    {14, kFrameContentGroup, 0, kDimensionIndexValues},
    {15, 0, 0, kAcquisitionTime},
    {15, kFrameContentGroup, 0, kFrameAcquisitionTime},
    {16, 0, 0, kContentTime},
};

/// Numbers alike however they are written: 5, 5.0 and 5,0 are one.
std::string normalized(const std::string& text) {
  std::string plain = text;
  if (const size_t comma = plain.find(','); comma != std::string::npos) plain[comma] = '.';
  char* end = nullptr;
  const double number = std::strtod(plain.c_str(), &end);
  return *end == '\0' && std::isfinite(number) ? fmt::format("{:.12g}", number) : text;
}

}  // namespace

const std::array<DicomMarkRow, std::tuple_size_v<DicomMarks>>& dicom_marks() {
  using Use = DicomMarkRow::Use;
  static const std::array<DicomMarkRow, std::tuple_size_v<DicomMarks>> rows{{
      {"echo time", " ms", Use::Value},
      {"echo", "", Use::Value},
      {"inversion time", " ms", Use::Value},
      {"flip angle", " degrees", Use::Value},
      {"b-value", " s/mm2", Use::Value},
      {"gradient direction", "", Use::Value},
      {"time point", "", Use::Value},
      {"cardiac phase", " %", Use::Value},
      {"trigger time", " ms", Use::Value},
      {"frame reference time", " ms", Use::Value},
      {"image type", "", Use::Value},
      {"component", "", Use::Value},
      {"kernel", "", Use::Value},
      {"acquisition", "", Use::Value},
      {"dimension index", "", Use::Value},
      {"acquisition time", "", Use::Order},
      {"content time", "", Use::Order},
  }};
  return rows;
}

void take_marks(const DicomDataset& data, DicomMarks& marks) {
  for (const Place& place : kPlaces) {
    const DicomDataset* at = place.group == 0 ? &data : data.first_of(place.group);
    if (at && place.inner_group != 0) at = at->first_of(place.inner_group);
    if (!at) continue;
    if (const std::string text = at->text(place.tag); !text.empty())
      marks[place.row] = dicom_marks()[place.row].use == DicomMarkRow::Use::Value ? normalized(text) : text;
  }
}

}  // namespace thor
