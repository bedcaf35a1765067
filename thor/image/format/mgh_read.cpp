// SPDX-License-Identifier: Apache-2.0
// FreeSurfer's MGH and its gzipped form MGZ (https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat).
#include <algorithm>
#include <cmath>
#include <cstring>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/image/axes.h"
#include "thor/image/format/byte_reader.h"
#include "thor/image/format/other_content.h"
#include "thor/image/format/voxel_type.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

constexpr size_t kMghHeader = 284;
constexpr int64_t kMaxMghFrames = 1 << 20;

struct MghType {
  int32_t code;
  VoxelType type;
};
constexpr MghType kMghTypes[] = {
    {0, VoxelType::Uint8}, {1, VoxelType::Int32},   {3, VoxelType::Float32},
    {4, VoxelType::Int16}, {10, VoxelType::Uint16},
};

/// A number of the header, which is big-endian.
template <class T>
T mgh_field(const std::string& bytes, size_t offset) {
  char raw[sizeof(T)];
  std::memcpy(raw, bytes.data() + offset, sizeof(T));
  if (!is_big_endian()) std::reverse(raw, raw + sizeof(T));
  T value;
  std::memcpy(&value, raw, sizeof(T));
  return value;
}

struct MghHeader {
  std::array<int64_t, 3> size{1, 1, 1};
  int64_t frames = 1;
  VoxelLayout samples;
  Geometry geometry;
};

VoxelLayout mgh_samples(int32_t code) {
  for (const MghType& type : kMghTypes)
    if (type.code == code) return {type.type, !is_big_endian(), 1, 1, 0};
  fail(ErrorKind::Unsupported, "its MGH data type {} is not read; convert it to float (mri_convert -odt float)", code);
}

/// The header gives the directions of the axes and where the middle of the volume lies, which is voxel size / 2.
Geometry mgh_geometry(const std::string& bytes, const std::array<int64_t, 3>& size) {
  constexpr size_t kGood = 28, kSpacing = 30, kDirections = 42, kMiddle = 78;
  std::array<Point3, 3> steps{};
  Point3 middle{0, 0, 0};
  const bool placed = mgh_field<int16_t>(bytes, kGood) > 0;
  if (placed) {
    for (size_t axis = 0; axis < 3; ++axis) {
      const double spacing = mgh_field<float>(bytes, kSpacing + 4 * axis);
      for (size_t row = 0; row < 3; ++row)
        steps[axis][row] = spacing * mgh_field<float>(bytes, kDirections + 4 * (3 * axis + row));
      middle[axis] = mgh_field<float>(bytes, kMiddle + 4 * axis);
    }
  } else {
    warn(
        "its MGH header does not say how the patient lies (goodRASFlag 0); it is taken as coronal slices of 1 mm, as "
        "FreeSurfer does: left and right may be swapped");
    steps = {Point3{-1, 0, 0}, Point3{0, 0, -1}, Point3{0, 1, 0}};
  }
  Affine affine = affine_of(steps, {0, 0, 0});
  const Point3 half = affine({static_cast<double>(size[0]) / 2, static_cast<double>(size[1]) / 2,  //
                              static_cast<double>(size[2]) / 2});
  for (int row = 0; row < 3; ++row) affine.at(row, 3) = middle[row] - half[row] + 0.0;
  check_axes(affine);
  return {affine, {}, !placed};
}

MghHeader mgh_header(const std::string& bytes) {
  MghHeader header;
  for (size_t axis = 0; axis < 4; ++axis) {
    const int64_t side = mgh_field<int32_t>(bytes, 4 + 4 * axis);
    if (side < 1 || (axis == 3 && side > kMaxMghFrames))
      fail_input("its MGH header is damaged: dimension {} is {}", axis + 1, side);
    (axis < 3 ? header.size[axis] : header.frames) = side;
  }
  check_size(header.size[0], header.size[1], header.size[2]);
  header.samples = mgh_samples(mgh_field<int32_t>(bytes, 20));
  header.geometry = mgh_geometry(bytes, header.size);
  return header;
}

}  // namespace

Image read_mgh(const std::string& path, const ScanChoice& choice) {
  ByteReader file(path, 0, Packing::GzipOrNone);
  std::string bytes(kMghHeader, '\0');
  bytes.resize(file.read_some(bytes.data(), bytes.size()));
  if (bytes.size() < kMghHeader || mgh_field<int32_t>(bytes, 0) != 1)
    fail_as_other_content("MGH", path, Packing::GzipOrNone);
  const MghHeader header = mgh_header(bytes);
  const int64_t frame = chosen_frame(choice, header.frames), volume = bytes_of(header.samples, header.size);
  file.expect_at_least(header.frames * volume);
  file.skip(frame * volume);
  Image image;
  image.voxels = read_voxels([&](char* to, size_t count) { file.read(to, count); }, header.samples, header.size);
  // Times of the sequence and notes may follow.
  if (file.check_ending() < (header.frames - 1 - frame) * volume)
    fail_input("it ends too early: voxels of a later frame are missing");
  image.geometry = header.geometry;
  image.medical = true;
  image.encoding = fmt::format("MGH, {}", describe(header.samples));
  return image;
}

}  // namespace thor
