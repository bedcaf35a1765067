// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/image/format/nifti_geometry.h"
#include "thor/image/format/nifti_header.h"
#include "thor/image/image.h"

namespace thor {
namespace {

constexpr int16_t kFloat32Code = 16, kFloat32Bits = 32;
constexpr int64_t kMaxShortSide = 32767;  // NIfTI-1 counts in int16

bool ends_with(const std::string& text, const std::string& ending) {
  return text.size() > ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

/// A header under construction, in this machine's byte order.
class HeaderWriter {
 public:
  explicit HeaderWriter(size_t size) : bytes_(size, '\0') {}
  template <class T, class V>
  HeaderWriter& put(size_t offset, V value) {
    const T typed = static_cast<T>(value);
    std::memcpy(bytes_.data() + offset, &typed, sizeof typed);
    return *this;
  }
  template <class T, class V, size_t N>
  HeaderWriter& put_all(size_t offset, const std::array<V, N>& values) {
    for (size_t i = 0; i < N; ++i) put<T>(offset + i * sizeof(T), values[i]);
    return *this;
  }
  HeaderWriter& text(size_t offset, const char* value, size_t length) {
    std::memcpy(bytes_.data() + offset, value, length);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

std::array<int64_t, 8> dimensions_of(const Tensor& voxels) {  // [D,H,W]
  return {3, voxels.size(2), voxels.size(1), voxels.size(0), 1, 1, 1, 1};
}

/// 2 = mm; a header in metres or micrometres stays one.
uint8_t unit_of(const NiftiPlacement& p) { return p.mm_per_unit == 1000 ? 1 : p.mm_per_unit == 0.001 ? 3 : 2; }

std::string version_1(const Tensor& voxels, const NiftiPlacement& p) {
  constexpr int64_t kVoxels = 352;
  HeaderWriter header(kVoxels);
  header.put<int32_t>(0, 348).put_all<int16_t>(40, dimensions_of(voxels));
  header.put<int16_t>(70, kFloat32Code).put<int16_t>(72, kFloat32Bits).put_all<float>(76, p.pixdim);
  header.put<float>(108, kVoxels).put<float>(112, 1).put<uint8_t>(123, unit_of(p));
  header.put<int16_t>(252, p.qform_code).put<int16_t>(254, p.sform_code);
  header.put_all<float>(256, p.quaternion).put_all<float>(268, p.q_offset).put_all<float>(280, p.s_rows);
  return header.text(344, "n+1", 3).bytes();
}

std::string version_2(const Tensor& voxels, const NiftiPlacement& p) {
  constexpr int64_t kVoxels = 544;
  HeaderWriter header(kVoxels);
  header.put<int32_t>(0, 540).text(4, "n+2\0\r\n\032\n", 8);
  header.put<int16_t>(12, kFloat32Code).put<int16_t>(14, kFloat32Bits);
  header.put_all<int64_t>(16, dimensions_of(voxels)).put_all<double>(104, p.pixdim);
  header.put<int64_t>(168, kVoxels).put<double>(176, 1).put<int32_t>(500, unit_of(p));
  header.put<int32_t>(344, p.qform_code).put<int32_t>(348, p.sform_code);
  header.put_all<double>(352, p.quaternion).put_all<double>(376, p.q_offset).put_all<double>(400, p.s_rows);
  return header.bytes();
}

std::string header_bytes(const Tensor& voxels, const Geometry& geometry) {
  NiftiPlacement placement = geometry.nifti ? *geometry.nifti : placement_of(geometry.ras_from_voxel);
  for (size_t i = 4; i < placement.pixdim.size(); ++i) placement.pixdim[i] = 0;
  const bool small = *std::max_element(voxels.sizes().begin(), voxels.sizes().end()) <= kMaxShortSide;
  return small ? version_1(voxels, placement) : version_2(voxels, placement);
}

/// Throws Input where the disk is full.
void write_file(const std::string& path, const char* mode, const std::string& header, const Tensor& voxels) {
  constexpr size_t kAtOnce = size_t{1} << 24;
  const auto* data = reinterpret_cast<const char*>(voxels.data_ptr<float>());
  gzFile file = gzopen(path.c_str(), mode);
  if (!file) fail_input("it cannot be opened for writing");
  bool good = gzwrite(file, header.data(), static_cast<unsigned>(header.size())) == static_cast<int>(header.size());
  for (size_t done = 0; good && done < voxels.nbytes();) {
    const auto part = static_cast<unsigned>(std::min(kAtOnce, voxels.nbytes() - done));
    good = gzwrite(file, data + done, part) == static_cast<int>(part);
    done += part;
  }
  good = gzclose(file) == Z_OK && good;
  if (!good) fail_input("it could not be written whole; is the disk full?");
}

}  // namespace

void write_nifti(const std::string& path, const Tensor& voxels, const Geometry& geometry) {
  const bool packed = ends_with(path, ".nii.gz");
  if (!packed && !ends_with(path, ".nii"))
    fail_usage("'{}' is to be a NIfTI file; its name must end in .nii or .nii.gz", path);
  if (voxels.dim() < 2 || voxels.dim() > 3 || voxels.numel() == 0)
    fail(ErrorKind::Internal, "NIfTI voxels are [H,W] or [D,H,W], not {}", shape_text(voxels.sizes()));
  const Tensor volume = (voxels.dim() == 2 ? voxels.unsqueeze(0) : voxels).to(at::kCPU, at::kFloat).contiguous();
  write_atomically(path, [&](const std::string& temporary) {
    with_context(fmt::format("cannot write '{}'", path),
                 [&] { write_file(temporary, packed ? "wb4" : "wbT", header_bytes(volume, geometry), volume); });
  });
}

}  // namespace thor
