// SPDX-License-Identifier: Apache-2.0
#include "thor/image/dicom/dicom_instance.h"

#include <algorithm>
#include <cmath>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/image/dicom/dicom_tags.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

constexpr double kUnitLength = 1e-2;  // how far directions may be from unit length and right angles
constexpr int64_t kMaxDicomFrames = 1 << 17;
constexpr double kFarthestMm = 1e6;  // no patient is larger, and sums of such numbers stay finite

using namespace dicom;

DicomPixels pixels_of(const DicomDataset& data) {
  DicomPixels p;
  p.rows = data.integer(kRows, 0);
  p.columns = data.integer(kColumns, 0);
  p.samples = data.integer(kSamples, 1);
  p.bits_allocated = data.integer(kBitsAllocated, 16);
  p.bits_stored = data.integer(kBitsStored, p.bits_allocated);
  p.high_bit = data.integer(kHighBit, p.bits_stored - 1);
  p.is_signed = data.integer(kRepresentation, 0) == 1;
  p.planes = data.integer(kPlanarConfiguration, 0) == 1;
  if (!data.text(kPhotometric).empty()) p.photometric = data.text(kPhotometric);
  return p;
}

void check_pixels(const DicomPixels& p) {
  check_size(p.columns, p.rows);
  if (p.bits_allocated != 8 && p.bits_allocated != 16 && p.bits_allocated != 32)
    fail(ErrorKind::Unsupported, "its pixels have {} bits; 8, 16 and 32 are read", p.bits_allocated);
  if (p.bits_stored < 1 || p.high_bit < p.bits_stored - 1 || p.high_bit >= p.bits_allocated)
    fail_input("its DICOM header is damaged: {} bits stored up to bit {} of {}", p.bits_stored, p.high_bit,
               p.bits_allocated);
  const bool gray = p.samples == 1 && (p.photometric == "MONOCHROME1" || p.photometric == "MONOCHROME2" ||
                                       p.photometric == "PALETTE COLOR");
  const bool colour = p.samples == 3 && p.photometric == "RGB" && p.bits_allocated == 8;
  if (!gray && !colour)
    fail(ErrorKind::Unsupported, "its colours ({}, {} samples a pixel) are not read; convert it to MONOCHROME2",
         p.photometric, p.samples);
}

Point3 direction(const std::vector<double>& six, size_t first) {
  const Point3 d{six[first], six[first + 1], six[first + 2]};
  const double length = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
  if (std::abs(length - 1) > kUnitLength)
    fail_input(
        "its direction cosines ({:g}, {:g}, {:g}) are not of unit length; correct (0020,0037), or convert the "
        "series with dcm2niix",
        d[0], d[1], d[2]);
  return {d[0] / length, d[1] / length, d[2] / length};
}

void take_orientation(const DicomDataset& data, DicomPlane& plane) {
  const auto six = data.numbers(kOrientation, data.text(kOrientation).empty() ? 0 : 6);
  if (six.empty()) return;
  plane.oriented = true;
  plane.along_row = direction(six, 0);
  plane.along_column = direction(six, 3);
  const auto &r = plane.along_row, &c = plane.along_column;
  if (std::abs(r[0] * c[0] + r[1] * c[1] + r[2] * c[2]) > kUnitLength)
    fail_input(
        "its rows and columns are not at right angles; correct (0020,0037), or convert the series with dcm2niix");
}

void take_position(const DicomDataset& data, DicomPlane& plane) {
  const auto three = data.numbers(kPosition, data.text(kPosition).empty() ? 0 : 3);
  for (const double mm : three)
    if (std::abs(mm) > kFarthestMm) fail_input("its position has a coordinate of {:g} mm; correct (0020,0032)", mm);
  if (three.empty()) return;
  plane.origin = {three[0], three[1], three[2]};
  plane.positioned = true;
}

bool are_spacings(const std::vector<double>& two) {
  return two[0] > 0 && two[1] > 0 && std::max(two[0], two[1]) <= kFarthestMm;
}

/// The detector's spacing stands in where the patient's is not said, and only if it can be one.
void take_detector_spacing(const DicomDataset& data, DicomPlane& plane) {
  if (!data.text(kPixelSpacing).empty() || data.text(kImagerPixelSpacing).empty()) return;
  try {
    const auto two = data.numbers(kImagerPixelSpacing, 2);
    if (are_spacings(two)) plane.row_mm = two[0], plane.column_mm = two[1];
  } catch (const Error&) {
    // As if it were not said; a missing spacing is warned about.
  }
}

void take_spacing(const DicomDataset& data, DicomPlane& plane) {
  take_detector_spacing(data, plane);
  if (const auto two = data.numbers(kPixelSpacing, data.text(kPixelSpacing).empty() ? 0 : 2); !two.empty()) {
    plane.row_mm = two[0];
    plane.column_mm = two[1];
    if (!are_spacings(two)) fail_input("its pixel spacing is {:g} x {:g} mm; correct (0028,0030)", two[0], two[1]);
  }
  for (const DicomTag tag : {kSliceThickness, kSpacingBetweenSlices})
    if (const double mm = std::abs(data.number_if_any(tag, 0)); mm > 0) plane.thickness_mm = std::min(mm, kFarthestMm);
}

void take_rescale(const DicomDataset& data, DicomFrame& frame) {
  frame.slope = data.number(kSlope, frame.slope);
  frame.intercept = data.number(kIntercept, frame.intercept);
  if (frame.slope == 0) fail_input("its rescale slope is 0: every value would be the same; correct (0028,1053)");
}

/// What functional groups say of a frame, over what was known before.
void take_groups(const DicomDataset& groups, DicomFrame& frame) {
  if (const auto* position = groups.first_of(kPlanePosition)) take_position(*position, frame.plane);
  if (const auto* orientation = groups.first_of(kPlaneOrientation)) take_orientation(*orientation, frame.plane);
  if (const auto* measures = groups.first_of(kPixelMeasures)) take_spacing(*measures, frame.plane);
  if (const auto* values = groups.first_of(kValueTransformation)) take_rescale(*values, frame);
  if (const auto* content = groups.first_of(kFrameContentGroup)) frame.stack = content->text(kStackId);
  take_marks(groups, frame.marks);
}

std::vector<DicomFrame> frames_of(const DicomDataset& data, int64_t count) {
  DicomFrame first;
  take_position(data, first.plane);
  take_orientation(data, first.plane);
  take_spacing(data, first.plane);
  take_rescale(data, first);
  take_marks(data, first.marks);
  if (const auto* shared = data.first_of(kSharedGroups)) take_groups(*shared, first);
  std::vector<DicomFrame> frames(static_cast<size_t>(count), first);
  const auto groups = data.sequences.find(kFrameGroups);
  const bool has_groups = groups != data.sequences.end();
  if (has_groups && groups->second.size() != frames.size())
    fail_input("its DICOM header is damaged: {} frames, but {} places of frames", count, groups->second.size());
  for (size_t i = 0; i < frames.size(); ++i) {
    // One position cannot be that of many frames.
    if (!has_groups && count > 1) frames[i].plane.positioned = false;
    if (has_groups) take_groups(groups->second[i], frames[i]);
  }
  return frames;
}

/// The number of frames; 0 in a file that has one all the same is taken as 1.
int64_t count_frames(const DicomDataset& data, const DicomInstance& instance) {
  const int64_t frames = data.integer(kNumberOfFrames, 1);
  if (frames == 0 && (instance.pixel_bytes == -1 || instance.pixel_bytes >= instance.pixels.frame_bytes())) return 1;
  if (frames < 1 || frames > kMaxDicomFrames) fail_input("its DICOM header is damaged: {} frames", frames);
  return frames;
}

/// Corrects a transfer syntax that the pixels contradict; they are read as they are.
void look_at_pixels(DicomBytes& bytes, int64_t frames, DicomInstance& instance) {
  const TransferSyntax* said = instance.syntax;
  const auto family = [](const TransferSyntax& syntax) {
    const std::string name = syntax.name;
    return name.compare(0, 7, "JPEG-LS") == 0     ? 'S'
           : name.compare(0, 9, "JPEG 2000") == 0 ? '2'
           : name == "JPEG lossless"              ? 'L'
           : name == "RLE"                        ? 'R'
                                                  : 'J';
  };
  const TransferSyntax* found = said;
  if (instance.pixel_bytes == -1) {
    const TransferSyntax* looks = syntax_of_picture(bytes, instance.pixel_offset);
    if (looks && (!said->encapsulated || family(*looks) != family(*said))) found = looks;
    if (!looks && !said->encapsulated)
      fail_input(
          "its transfer syntax (0002,0010) says {}, whose pixels lie in one piece, but they lie in several, compressed "
          "in an unknown way; correct it, or convert the file, e.g. with dcmdjpeg",
          said->name);
  } else if (said->encapsulated) {
    const int64_t plain = frames * instance.pixels.frame_bytes();
    if (instance.pixel_bytes != plain && instance.pixel_bytes != plain + 1)
      fail_input(
          "its transfer syntax (0002,0010) says {}, but its pixels lie in one piece of {} bytes, where uncompressed "
          "ones take {}; correct it, or convert the file",
          said->name, instance.pixel_bytes, plain);
    found = transfer_syntax("1.2.840.10008.1.2.1");
  }
  if (found == said) return;
  instance.syntax = found;
  instance.notes.push_back(
      fmt::format("its transfer syntax (0002,0010) says {}, but its pixels are {}; read as they are", said->name,
                  found->encapsulated ? found->name : "not compressed"));
}

void note_oddities(const DicomDataset& data, DicomInstance& instance) {
  for (const DicomTag tag : {kPixelSpacing, kPosition, kOrientation, kSlope, kIntercept})
    if (data.text(tag).find(',') != std::string::npos)
      instance.notes.push_back(fmt::format("({:04x},{:04x}) has decimal commas, '{}', and is read with them", tag >> 16,
                                           tag & 0xffff, data.text(tag).substr(0, 40)));
  for (const DicomTag tag : {kSliceThickness, kSpacingBetweenSlices})
    if (!data.text(tag).empty() && std::isnan(data.number_if_any(tag, NAN)))
      instance.notes.push_back(fmt::format("{} ({:04x},{:04x}) is '{}', which is no number, and is not used",
                                           tag == kSliceThickness ? "Slice Thickness" : "Spacing Between Slices",
                                           tag >> 16, tag & 0xffff, data.text(tag).substr(0, 40)));
  if (data.text(kPhotometric).empty())
    instance.notes.push_back(
        "it does not say what bright is (no Photometric Interpretation, (0028,0004)); taken as MONOCHROME2");
}

/// Native pixels must all be there; compressed ones are checked frame by frame when they are read.
void check_pixel_bytes(const DicomInstance& instance, int64_t file_bytes) {
  const auto count = static_cast<int64_t>(instance.frames.size());
  const int64_t there = file_bytes - instance.pixel_offset;
  if (instance.syntax->encapsulated) {
    if (there < 16 * count) fail_input("it ends too early: {} bytes of pixels for {} frames", there, count);
    return;
  }
  const int64_t wanted = count * instance.pixels.frame_bytes();
  if (instance.pixel_bytes < wanted || there < wanted)
    fail_input("its pixels are cut: {} frames of {} x {} take {} bytes, there are {}; copy the file again", count,
               instance.pixels.columns, instance.pixels.rows, wanted,
               std::max<int64_t>(0, std::min(there, instance.pixel_bytes)));
}

}  // namespace

Point3 DicomPlane::normal() const {
  const auto &r = along_row, &c = along_column;
  return {r[1] * c[2] - r[2] * c[1], r[2] * c[0] - r[0] * c[2], r[0] * c[1] - r[1] * c[0]};
}

std::optional<DicomInstance> read_dicom_instance(const std::string& path) {
  DicomBytes bytes(path);
  const DicomHeader header = read_dicom_header(bytes);
  const DicomDataset& data = header.data;
  if (header.pixel_offset < 0 && !data.has(kRows)) return std::nullopt;
  if (header.pixel_offset < 0) fail_input("it ends before its pixels: it was cut or holds none");
  DicomInstance instance;
  instance.path = path;
  instance.syntax = header.syntax;
  instance.notes = header.notes;
  instance.pixel_offset = header.pixel_offset;
  instance.pixel_bytes = header.pixel_bytes;
  instance.pixels = pixels_of(data);
  check_pixels(instance.pixels);
  if (data.text(kImageType).find("MOSAIC") != std::string::npos)
    fail(ErrorKind::Unsupported, "it is a Siemens mosaic of many slices; convert it to NIfTI with dcm2niix");
  if (data.first_of(kModalityLut))
    log_once(LogLevel::Warning,
             "DICOM values that a Modality LUT (0028,3000) should translate are read as they are stored");
  instance.multi_frame = data.has(kNumberOfFrames);
  const int64_t frames = count_frames(data, instance);
  check_size(instance.pixels.columns, instance.pixels.rows, frames);
  look_at_pixels(bytes, frames, instance);
  if (instance.pixels.photometric == "PALETTE COLOR")
    instance.palette = gray_palette(data, instance.syntax->big_endian);
  instance.frames.resize(static_cast<size_t>(frames));
  check_pixel_bytes(instance, bytes.size());
  instance.frames = frames_of(data, frames);
  note_oddities(data, instance);
  instance.study_uid = data.text(kStudyUid);
  instance.series_uid = data.text(kSeriesUid);
  instance.frame_of_reference_uid = data.text(kFrameOfReference);
  instance.modality = data.text(kModality);
  instance.series_description = data.text(kSeriesDescription);
  instance.sop_class_uid = data.text(kSopClass);
  instance.sop_instance_uid = data.text(kSopInstance);
  // They only sort and name.
  instance.series_number = static_cast<int64_t>(std::clamp(data.number_if_any(kSeriesNumber, 0), -4e15, 4e15));
  instance.instance_number = static_cast<int64_t>(std::clamp(data.number_if_any(kInstanceNumber, 0), -4e15, 4e15));
  const double location = data.number_if_any(kSliceLocation, NAN);
  if (std::abs(location) <= kFarthestMm) instance.slice_location = location;
  return instance;
}

}  // namespace thor
