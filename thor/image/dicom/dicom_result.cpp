// SPDX-License-Identifier: Apache-2.0
#include "thor/image/dicom/dicom_result.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/oflog/oflog.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "thor/base/error.h"

namespace thor {
namespace {

/// Patient, patient study, general study and what of series and image stays true of a result (PS3.3 C.7).
bool is_inherited(const DcmTagKey& tag) {
  static const std::vector<DcmTagKey> kTags{DCM_SpecificCharacterSet,
                                            DCM_TimezoneOffsetFromUTC,
                                            DCM_StudyDate,
                                            DCM_StudyTime,
                                            DCM_AccessionNumber,
                                            DCM_ReferringPhysicianName,
                                            DCM_StudyDescription,
                                            DCM_PatientName,
                                            DCM_PatientID,
                                            DCM_IssuerOfPatientID,
                                            DCM_PatientBirthDate,
                                            DCM_PatientSex,
                                            DCM_OtherPatientIDsSequence,
                                            DCM_PatientAge,
                                            DCM_PatientSize,
                                            DCM_PatientWeight,
                                            DCM_BodyPartExamined,
                                            DCM_PatientPosition,
                                            DCM_Laterality,
                                            DCM_StudyID,
                                            DCM_PositionReferenceIndicator,
                                            DCM_LossyImageCompression,
                                            DCM_LossyImageCompressionRatio,
                                            DCM_LossyImageCompressionMethod};
  constexpr Uint16 kClinicalTrialGroup = 0x0012;
  return tag.getGroup() == kClinicalTrialGroup || std::find(kTags.begin(), kTags.end(), tag) != kTags.end();
}

/// Those that must be there, empty where nothing is known (type 2).
const std::vector<DcmTagKey>& expected_tags() {
  static const std::vector<DcmTagKey> kTags{DCM_StudyDate,        DCM_StudyTime,
                                            DCM_AccessionNumber,  DCM_ReferringPhysicianName,
                                            DCM_PatientName,      DCM_PatientID,
                                            DCM_PatientBirthDate, DCM_PatientSex,
                                            DCM_StudyID,          DCM_PositionReferenceIndicator};
  return kTags;
}

/// A value that breaks the rules of its own type is left behind, unless it names patient or study.
void inherit(DcmItem& file, DcmItem& source) {
  const auto& expected = expected_tags();
  for (const DcmTagKey& tag : expected)
    if (!file.tagExists(tag)) file.insertEmptyElement(tag);
  for (unsigned long i = 0; i < source.card(); ++i) {
    DcmElement* element = source.getElement(i);
    if (!is_inherited(element->getTag()) || element->isEmpty()) continue;
    const bool names = std::find(expected.begin(), expected.end(), element->getTag()) != expected.end();
    if (names || element->checkValue().good()) file.insert(static_cast<DcmElement*>(element->clone()), OFTrue);
  }
}

/// The moment of the source, so that the same result is the same file whenever it is made.
std::pair<std::string, std::string> moment_of(DcmItem& source) {
  const std::pair<DcmTagKey, DcmTagKey> kinds[]{{DCM_ContentDate, DCM_ContentTime},
                                                {DCM_AcquisitionDate, DCM_AcquisitionTime},
                                                {DCM_SeriesDate, DCM_SeriesTime},
                                                {DCM_StudyDate, DCM_StudyTime}};
  for (const auto& [date_tag, time_tag] : kinds) {
    OFString date, time;
    if (source.findAndGetOFString(date_tag, date).bad() || DcmDate::checkStringValue(date, "1").bad() || date.empty())
      continue;
    if (source.findAndGetOFString(time_tag, time).bad() || DcmTime::checkStringValue(time, "1").bad() || time.empty())
      time = "000000";
    return {date.c_str(), time.c_str()};
  }
  return {"19000101", "000000"};
}

}  // namespace

void expect_good(const OFCondition& condition, const std::string& what) {
  if (condition.bad()) fail_input("{}: {}", what, condition.text());
}

std::shared_ptr<DcmFileFormat> read_source_header(const DicomSource& source) {
  static std::once_flag silenced;  // DCMTK prints otherwise
  std::call_once(silenced, [] { OFLog::configure(OFLogger::OFF_LOG_LEVEL); });
  const std::string& path = source.slices.front().file;
  auto file = std::make_shared<DcmFileFormat>();
  expect_good(
      file->loadFileUntilTag(path.c_str(), EXS_Unknown, EGL_noChange, DCM_MaxReadLength, ERM_autoDetect, DCM_PixelData),
      fmt::format("the source '{}' cannot be read again", path));
  OFString uid;
  file->getDataset()->findAndGetOFString(DCM_SOPInstanceUID, uid);
  if (uid != source.slices.front().sop_instance_uid.c_str())
    fail_input("the source '{}' is not the file that the scan was read from; read the scan again", path);
  return file;
}

void identify_result(DcmItem& file, DcmItem& source_header, const DicomSource& source, const DicomResult& result,
                     const ResultIdentity& identity) {
  inherit(file, source_header);
  const auto [date, time] = moment_of(source_header);
  const std::string version = dicom_text(result.software_version, kDicomLO);
  const std::pair<DcmTagKey, std::string> values[]{
      {DCM_SOPClassUID, identity.sop_class_uid},
      {DCM_SOPInstanceUID, identity.sop_instance_uid},
      {DCM_StudyInstanceUID, source.study_uid.empty() ? uid_from("study of " + source.series_uid) : source.study_uid},
      {DCM_SeriesInstanceUID, identity.series_uid},
      {DCM_FrameOfReferenceUID, frame_of_reference_of(source)},
      {DCM_Modality, identity.modality},
      {DCM_SeriesNumber, std::to_string(result.series_number)},
      {DCM_SeriesDescription, dicom_text(result.description, kDicomLO)},
      {DCM_InstanceNumber, std::to_string(identity.instance_number)},
      {DCM_SeriesDate, date},
      {DCM_SeriesTime, time},
      {DCM_ContentDate, date},
      {DCM_ContentTime, time},
      {DCM_Manufacturer, "THOR"},
      {DCM_ManufacturerModelName, "thor"},
      {DCM_DeviceSerialNumber, version},
      {DCM_SoftwareVersions, version},
  };
  for (const auto& [tag, value] : values) put_value(file, tag, value);
}

void put_value(DcmItem& item, const DcmTagKey& tag, const std::string& value) {
  const OFCondition done =
      value.empty() ? item.insertEmptyElement(tag) : item.putAndInsertString(tag, value.c_str(), OFTrue);
  if (done.bad())
    fail(ErrorKind::Internal, "DICOM attribute {} cannot be '{}': {}", tag.toString().c_str(), value, done.text());
}

DcmItem& append_item(DcmItem& item, const DcmTagKey& sequence) {
  constexpr signed long kAppend = -2;
  DcmItem* added = nullptr;
  expect_good(item.findOrCreateSequenceItem(sequence, added, kAppend), "a DICOM sequence cannot grow");
  return *added;
}

void append_code(DcmItem& item, const DcmTagKey& sequence, const std::array<const char*, 3>& code) {
  DcmItem& added = append_item(item, sequence);
  put_value(added, DCM_CodeValue, code[0]);
  put_value(added, DCM_CodingSchemeDesignator, code[1]);
  put_value(added, DCM_CodeMeaning, code[2]);
}

void put_reference(DcmItem& item, const DicomSlice& slice, bool with_frame) {
  put_value(item, DCM_ReferencedSOPClassUID, slice.sop_class_uid);
  put_value(item, DCM_ReferencedSOPInstanceUID, slice.sop_instance_uid);
  if (with_frame && slice.frame > 0) put_value(item, DCM_ReferencedFrameNumber, std::to_string(slice.frame));
}

void save_dicom(const std::string& path, DcmFileFormat& file) {
  write_atomically(path, [&](const std::string& temporary) {
    expect_good(file.saveFile(temporary.c_str(), EXS_LittleEndianExplicit), fmt::format("cannot write '{}'", path));
  });
}

}  // namespace thor
