// SPDX-License-Identifier: Apache-2.0
#include "thor/image/nifti_header.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "thor/base/error.h"
#include "thor/image/nifti_geometry.h"

namespace thor {
namespace {

constexpr double kMaxOffset = 1 << 28;  // bytes of header extensions that are skipped at most
constexpr int64_t kMaxNiftiFrames = 1 << 20;

/// RawHeader by byte offset, in the file's byte order.
class HeaderBytes {
 public:
  HeaderBytes(const std::string& bytes, bool swapped) : bytes_(bytes), swapped_(swapped) {}
  template <class T>
  T at(size_t offset) const {
    char raw[sizeof(T)];
    std::memcpy(raw, bytes_.data() + offset, sizeof(T));
    if (swapped_) std::reverse(raw, raw + sizeof(T));
    T value;
    std::memcpy(&value, raw, sizeof(T));
    return value;
  }
  /// `count` numbers of type T in a row.
  template <class T, class Out>
  void copy(size_t offset, size_t count, Out* out) const {
    for (size_t i = 0; i < count; ++i) out[i] = static_cast<Out>(at<T>(offset + i * sizeof(T)));
  }

 private:
  const std::string& bytes_;
  bool swapped_;
};

/// What both versions of the format say, before it is judged.
struct RawHeader {
  std::array<int64_t, 8> dim{};
  int16_t datatype = 0;
  double offset = 0, slope = 0, intercept = 0;
  int32_t units = 0;
  NiftiPlacement placement;
};

RawHeader version_1(const HeaderBytes& bytes) {
  RawHeader f;
  bytes.copy<int16_t>(40, 8, f.dim.data());
  f.datatype = bytes.at<int16_t>(70);
  bytes.copy<float>(76, 8, f.placement.pixdim.data());
  f.offset = bytes.at<float>(108);
  f.slope = bytes.at<float>(112);
  f.intercept = bytes.at<float>(116);
  f.units = bytes.at<uint8_t>(123);
  f.placement.qform_code = bytes.at<int16_t>(252);
  f.placement.sform_code = bytes.at<int16_t>(254);
  bytes.copy<float>(256, 3, f.placement.quaternion.data());
  bytes.copy<float>(268, 3, f.placement.q_offset.data());
  bytes.copy<float>(280, 12, f.placement.s_rows.data());
  return f;
}

RawHeader version_2(const HeaderBytes& bytes) {
  RawHeader f;
  bytes.copy<int64_t>(16, 8, f.dim.data());
  f.datatype = bytes.at<int16_t>(12);
  bytes.copy<double>(104, 8, f.placement.pixdim.data());
  f.offset = static_cast<double>(bytes.at<int64_t>(168));
  f.slope = bytes.at<double>(176);
  f.intercept = bytes.at<double>(184);
  f.units = bytes.at<int32_t>(500);
  f.placement.qform_code = bytes.at<int32_t>(344);
  f.placement.sform_code = bytes.at<int32_t>(348);
  bytes.copy<double>(352, 3, f.placement.quaternion.data());
  bytes.copy<double>(376, 3, f.placement.q_offset.data());
  bytes.copy<double>(400, 12, f.placement.s_rows.data());
  return f;
}

struct NiftiType {
  int16_t code;
  SampleType type;
  int64_t channels;
};
constexpr NiftiType kTypes[] = {
    {2, SampleType::Uint8, 1},    {4, SampleType::Int16, 1},     {8, SampleType::Int32, 1},
    {16, SampleType::Float32, 1}, {64, SampleType::Float64, 1},  {128, SampleType::Uint8, 3},
    {256, SampleType::Int8, 1},   {512, SampleType::Uint16, 1},  {768, SampleType::Uint32, 1},
    {1024, SampleType::Int64, 1}, {1280, SampleType::Uint64, 1}, {2304, SampleType::Uint8, 4},
};

SampleLayout layout_of(int16_t code) {
  for (const NiftiType& type : kTypes)
    if (type.code == code) return {type.type, false, type.channels, 1, 0};
  fail(ErrorKind::Unsupported, "its NIfTI data type {} is not read; convert it to float32 or int16", code);
}

double mm_per_unit(int32_t units) {
  switch (units & 7) {
    case 1:
      return 1000;  // metre
    case 3:
      return 0.001;  // micrometre
    default:
      return 1;  // millimetre, or not said
  }
}

NiftiHeader judged(RawHeader fields, bool swapped) {
  NiftiHeader header;
  if (fields.dim[0] < 1 || fields.dim[0] > 7) fail_input("its NIfTI header is damaged: {} dimensions", fields.dim[0]);
  for (int64_t i = 1; i <= fields.dim[0]; ++i) {
    if (fields.dim[i] < 1) fail_input("its NIfTI header is damaged: dimension {} is {}", i, fields.dim[i]);
    if (i <= 3) header.size[i - 1] = fields.dim[i];
    if (i > 3 && fields.dim[i] > kMaxNiftiFrames / header.frames)
      fail_input("its NIfTI header is damaged: {} x {} frames", header.frames, fields.dim[i]);
    if (i > 3) header.frames *= fields.dim[i];
  }
  header.samples = layout_of(fields.datatype);
  header.samples.swapped = swapped;
  if (!(fields.offset >= 0 && fields.offset <= kMaxOffset))
    fail_input("its NIfTI header is damaged: voxels at byte {:g}", fields.offset);
  header.offset = static_cast<int64_t>(fields.offset);
  // The standard: a slope of 0 means that there is none.
  if (std::isfinite(fields.slope) && std::isfinite(fields.intercept) && fields.slope != 0) {
    header.samples.slope = fields.slope;
    header.samples.intercept = fields.intercept;
  }
  fields.placement.mm_per_unit = mm_per_unit(fields.units);
  header.geometry = geometry_of(fields.placement, header.size[2]);
  return header;
}

}  // namespace

NiftiHeader parse_nifti_header(const std::string& bytes) {
  for (const bool swapped : {false, true}) {
    const HeaderBytes fields(bytes, swapped);
    if (bytes.size() >= 348 && fields.at<int32_t>(0) == 348) {
      if (bytes.compare(344, 3, "ni1") == 0)
        fail(ErrorKind::Unsupported, "its voxels lie in a second file (.img); convert it to one .nii file");
      if (bytes.compare(344, 3, "n+1") == 0) return judged(version_1(fields), swapped);
    }
    if (bytes.size() >= 540 && fields.at<int32_t>(0) == 540 && bytes.compare(4, 3, "n+2") == 0) {
      NiftiHeader header = judged(version_2(fields), swapped);
      header.version = 2;
      return header;
    }
  }
  fail_input("it is not a NIfTI file, or its header is damaged");
}

}  // namespace thor
