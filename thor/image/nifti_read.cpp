// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <filesystem>
#include <vector>

#include "thor/image/formats.h"
#include "thor/image/itk.h"

namespace thor {
namespace {

/// 4-D files and volumes are refused by name before their size matters.
void check_single_slice(const itk::NiftiImageIO& io) {
  for (unsigned axis = 3; axis < io.GetNumberOfDimensions(); ++axis)
    if (io.GetDimensions(axis) > 1)
      fail(ErrorKind::Unsupported, "it has {} dimensions; one slice is read, so extract it first",
           io.GetNumberOfDimensions());
  if (io.GetNumberOfDimensions() > 2 && io.GetDimensions(2) > 1)
    fail(ErrorKind::Unsupported, "it has {} slices; whole volumes are not read yet, so extract one slice first",
         io.GetDimensions(2));
}

Geometry geometry_of(const itk::NiftiImageIO& io) {
  Geometry geometry;
  const unsigned axes = std::min(3u, io.GetNumberOfDimensions());
  for (unsigned axis = 0; axis < axes; ++axis) {
    geometry.spacing_mm[axis] = io.GetSpacing(axis);
    geometry.origin_mm[axis] = io.GetOrigin(axis);
    const std::vector<double> cosines = io.GetDirection(axis);
    for (unsigned row = 0; row < axes; ++row) geometry.direction[row * 3 + axis] = cosines[row];
  }
  return geometry;
}

Tensor to_voxels(const itk::NiftiImageIO& io, const std::vector<char>& bytes, int64_t height, int64_t width) {
  const int64_t channels = io.GetNumberOfComponents();
  const auto as = [&](auto sample) {
    return luminance(reinterpret_cast<const decltype(sample)*>(bytes.data()), height, width, channels);
  };
  switch (io.GetComponentType()) {
    case itk::IOComponentEnum::UCHAR:
      return as(uint8_t{});
    case itk::IOComponentEnum::CHAR:
      return as(int8_t{});
    case itk::IOComponentEnum::USHORT:
      return as(uint16_t{});
    case itk::IOComponentEnum::SHORT:
      return as(int16_t{});
    case itk::IOComponentEnum::UINT:
      return as(uint32_t{});
    case itk::IOComponentEnum::INT:
      return as(int32_t{});
    case itk::IOComponentEnum::ULONG:
    case itk::IOComponentEnum::ULONGLONG:
      return as(uint64_t{});
    case itk::IOComponentEnum::LONG:
    case itk::IOComponentEnum::LONGLONG:
      return as(int64_t{});
    case itk::IOComponentEnum::FLOAT:
      return as(float{});
    case itk::IOComponentEnum::DOUBLE:
      return as(double{});
    default:
      fail(ErrorKind::Unsupported, "its NIfTI data type is not read; convert it to float32 or int16");
  }
}

}  // namespace

Image read_nifti(const std::string& path) {
  const auto io = itk::NiftiImageIO::New();
  behind_the_wall("the NIfTI header is not usable", [&] {
    if (!io->CanReadFile(path.c_str())) fail_input("it is not a NIfTI file, or its header is damaged");
    io->SetFileName(path);
    io->ReadImageInformation();
  });
  const int64_t width = static_cast<int64_t>(io->GetDimensions(0));
  const int64_t height = io->GetNumberOfDimensions() > 1 ? static_cast<int64_t>(io->GetDimensions(1)) : 1;
  check_single_slice(*io);
  check_size(width, height);
  if (const auto type = io->GetPixelType();
      type != itk::IOPixelEnum::SCALAR && type != itk::IOPixelEnum::RGB && type != itk::IOPixelEnum::RGBA)
    fail(ErrorKind::Unsupported, "it holds vectors or complex numbers, not gray values");

  std::vector<char> bytes(io->GetImageSizeInBytes());
  const bool compressed = std::filesystem::path(path).extension() != ".nii";
  if (!compressed && std::filesystem::file_size(path) < bytes.size()) fail_input("the NIfTI file ends too early");
  behind_the_wall("the NIfTI file is damaged or incomplete", [&] {
    itk::ImageIORegion region(io->GetNumberOfDimensions());
    for (unsigned axis = 0; axis < io->GetNumberOfDimensions(); ++axis) region.SetSize(axis, io->GetDimensions(axis));
    io->SetIORegion(region);
    io->Read(bytes.data());
  });

  Image image;
  image.voxels = to_voxels(*io, bytes, height, width);  // [1,H,W]
  image.geometry = geometry_of(*io);
  image.medical = true;
  if (io->GetComponentType() == itk::IOComponentEnum::UCHAR) image.full_scale = 255;
  return image;
}

}  // namespace thor
