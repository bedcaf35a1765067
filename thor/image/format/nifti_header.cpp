// SPDX-License-Identifier: Apache-2.0
#include "thor/image/format/nifti_header.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/image/format/nifti_geometry.h"

namespace thor {
namespace {

constexpr int64_t kMaxNiftiFrames = 1 << 20;

/// RawHeader by byte offset, in the file's byte order.
class HeaderBytes {
 public:
  HeaderBytes(const std::string& bytes, bool swapped) : bytes_(bytes), swapped_(swapped) {}
  bool is_swapped() const { return swapped_; }
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
  int64_t datatype = 0, bits = 0;
  double offset = 0, slope = 0, intercept = 0;
  int32_t units = 0;
  NiftiPlacement placement;
};

RawHeader version_1(const HeaderBytes& bytes) {
  RawHeader f;
  bytes.copy<int16_t>(40, 8, f.dim.data());
  f.datatype = bytes.at<int16_t>(70);
  f.bits = bytes.at<int16_t>(72);
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
  f.bits = bytes.at<int16_t>(14);
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
  int64_t code;
  VoxelType type;
  int64_t channels;
};
constexpr NiftiType kTypes[] = {
    {2, VoxelType::Uint8, 1},    {4, VoxelType::Int16, 1},    {8, VoxelType::Int32, 1},     {16, VoxelType::Float32, 1},
    {64, VoxelType::Float64, 1}, {128, VoxelType::Uint8, 3},  {256, VoxelType::Int8, 1},    {512, VoxelType::Uint16, 1},
    {768, VoxelType::Uint32, 1}, {1024, VoxelType::Int64, 1}, {1280, VoxelType::Uint64, 1}, {2304, VoxelType::Uint8, 4},
};

struct UnreadNiftiType {
  int64_t code;
  const char* name;
};
constexpr UnreadNiftiType kUnreadTypes[] = {
    {1, "single bits"},
    {32, "complex numbers of 64 bit"},
    {1536, "floats of 128 bit"},
    {1792, "complex numbers of 128 bit"},
    {2048, "complex numbers of 256 bit"},
};

/// Other programs go by the data type, so the number of bits beside it is no reason to refuse.
VoxelLayout nifti_samples(const RawHeader& fields) {
  for (const NiftiType& type : kTypes) {
    if (type.code != fields.datatype) continue;
    const VoxelLayout samples{type.type, false, type.channels, 1, 0};
    if (const int64_t bits = 8 * bytes_of(samples, {1, 1, 1}); fields.bits != 0 && fields.bits != bits)
      warn("its NIfTI header says {} bits a voxel (bitpix), but its data type {} has {}; the data type is taken",
           fields.bits, fields.datatype, bits);
    return samples;
  }
  for (const UnreadNiftiType& type : kUnreadTypes)
    if (type.code == fields.datatype)
      fail(ErrorKind::Unsupported, "its NIfTI data type {} ({}) is not read; convert it to float32 or int16{}",
           type.code, type.name, type.name[0] == 'c' ? ", for example their magnitude" : "");
  fail(ErrorKind::Unsupported, "its NIfTI data type {} is not read; convert it to float32 or int16", fields.datatype);
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

/// FreeSurfer keeps values on a surface in NIfTI files whose first side does not fit: -1, or 27307 x 1 x 6 for 163842.
void refuse_surface(const std::array<int64_t, 8>& dim) {
  const bool marked = dim[1] == -1 && dim[2] == 1 && dim[3] == 1;
  if (marked || (dim[1] == 27307 && dim[2] == 1 && dim[3] == 6))
    fail(ErrorKind::Unsupported, "it holds FreeSurfer's values on a surface ({} x {} x {} points), not a scan", dim[1],
         dim[2], dim[3]);
}

void take_dimensions(const std::array<int64_t, 8>& dim, NiftiHeader& header) {
  if (dim[0] < 1 || dim[0] > 7) fail_input("its NIfTI header is damaged: {} dimensions", dim[0]);
  refuse_surface(dim);
  for (int64_t i = 1; i <= dim[0]; ++i) {
    // A side of 0 behind the second is one that is not there, as other programs read it.
    const int64_t side = i > 2 && dim[i] == 0 ? 1 : dim[i];
    if (side < 1) fail_input("its NIfTI header is damaged: dimension {} is {}", i, side);
    if (i <= 3) header.size[i - 1] = side;
    if (i > 3 && side > kMaxNiftiFrames / header.frames)
      fail_input("its NIfTI header is damaged: {} x {} frames", header.frames, side);
    if (i > 3) header.frames *= side;
  }
}

/// The standard: a slope of 0 means that there is none; a slope that is no number means it, too, to every program.
void take_scale(double slope, double intercept, VoxelLayout& samples) {
  if (!std::isfinite(slope) || slope == 0) {
    if (std::isinf(slope) || (std::isfinite(intercept) && intercept != 0))
      warn("its NIfTI header has no usable slope ({:g}, intercept {:g}); its values are taken as they are stored",
           slope, intercept);
    return;
  }
  samples.slope = slope;
  if (std::isfinite(intercept))
    samples.intercept = intercept;
  else
    warn("its NIfTI header has a slope of {:g} but no usable intercept ({:g}); the intercept is taken as 0", slope,
         intercept);
}

NiftiHeader judged(RawHeader fields, bool swapped) {
  NiftiHeader header;
  take_dimensions(fields.dim, header);
  header.samples = nifti_samples(fields);
  header.samples.swapped = swapped;
  header.said_offset = fields.offset;
  take_scale(fields.slope, fields.intercept, header.samples);
  fields.placement.mm_per_unit = mm_per_unit(fields.units);
  header.geometry = geometry_of(fields.placement, header.size);
  return header;
}

/// Bytes of the extension that follows the header; 0 where there is none.
int64_t first_extension(const std::string& bytes, const HeaderBytes& fields, size_t header) {
  constexpr size_t kFlags = 4;
  if (bytes.size() < header + kFlags + 8 || bytes[header] == 0) return 0;
  const int64_t size = fields.at<int32_t>(header + kFlags);
  return size >= 16 && size % 16 == 0 ? size : 0;
}

/// Of the length that stands first and the magic behind it, either may be wrong; with both it is no NIfTI file.
bool is_version_1(const std::string& bytes, const HeaderBytes& fields) {
  if (bytes.size() < 348 || bytes.compare(344, 3, "n+1") != 0) return false;
  if (fields.at<int32_t>(0) == 348) return true;
  const auto dimensions = fields.at<int16_t>(40);
  const bool other_order = HeaderBytes(bytes, true).at<int32_t>(0) == 348;
  if (dimensions < 1 || dimensions > 7 || (other_order && !fields.is_swapped())) return false;
  warn("its NIfTI header says that it is {} bytes long, not 348; it is read all the same", fields.at<int32_t>(0));
  return true;
}

}  // namespace

std::optional<NiftiHeader> parse_nifti_header(const std::string& bytes) {
  for (const bool swapped : {false, true}) {
    const HeaderBytes fields(bytes, swapped);
    if (bytes.size() >= 348 && fields.at<int32_t>(0) == 348) {
      if (bytes.compare(344, 3, "ni1") == 0)
        fail(ErrorKind::Unsupported, "its voxels lie in a second file (.img); convert it to one .nii file");
      if (bytes.compare(344, 4, std::string(4, '\0')) == 0)
        fail(ErrorKind::Unsupported,
             "it is an ANALYZE 7.5 header, which does not say where left is; convert it to NIfTI");
    }
    if (is_version_1(bytes, fields)) {
      NiftiHeader header = judged(version_1(fields), swapped);
      header.extension = first_extension(bytes, fields, 348);
      return header;
    }
    if (bytes.size() >= 540 && fields.at<int32_t>(0) == 540 && bytes.compare(4, 3, "n+2") == 0) {
      NiftiHeader header = judged(version_2(fields), swapped);
      header.version = 2;
      header.own_bytes = 540;
      header.extension = first_extension(bytes, fields, 540);
      return header;
    }
  }
  return {};
}

}  // namespace thor
