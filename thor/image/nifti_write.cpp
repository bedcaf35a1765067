// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <cstring>
#include <vector>

#include "thor/base/file.h"
#include "thor/image/image.h"
#include "thor/image/itk.h"
#include "thor/image/nifti_header.h"

namespace thor {
namespace {

bool ends_with(const std::string& text, const std::string& ending) {
  return text.size() > ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

itk::ImageIORegion whole(const Tensor& voxels) {  // [D,H,W]
  itk::ImageIORegion region(3);
  for (unsigned axis = 0; axis < 3; ++axis) region.SetSize(axis, voxels.size(2 - axis));
  return region;
}

void write_file(const std::string& path, const Tensor& voxels, const Geometry& geometry) {
  const auto io = itk::NiftiImageIO::New();
  io->SetFileName(path);
  io->SetNumberOfDimensions(3);
  for (unsigned axis = 0; axis < 3; ++axis) {
    io->SetDimensions(axis, voxels.size(2 - axis));
    io->SetSpacing(axis, geometry.spacing_mm[axis]);
    io->SetOrigin(axis, geometry.origin_mm[axis]);
    const auto& cosines = geometry.direction;
    io->SetDirection(axis, std::vector<double>{cosines[axis], cosines[3 + axis], cosines[6 + axis]});
  }
  io->SetPixelType(itk::IOPixelEnum::SCALAR);
  io->SetComponentType(itk::IOComponentEnum::FLOAT);
  io->SetNumberOfComponents(1);
  io->SetIORegion(whole(voxels));
  io->WriteImageInformation();
  io->Write(voxels.data_ptr<float>());
}

/// The NIfTI library does not report a full disk, so what was written is read again.
bool reads_back(const std::string& path, const Tensor& voxels) {  // [D,H,W]
  const NiftiHeader header = read_nifti_header(path);
  const bool same_size = header.size == std::array{voxels.size(2), voxels.size(1), voxels.size(0)};
  if (!same_size || header.type != NiftiType::Float32) return false;
  const Tensor again = read_nifti_voxels(path, header);
  return std::memcmp(voxels.data_ptr<float>(), again.data_ptr<float>(), voxels.nbytes()) == 0;
}

}  // namespace

void write_nifti(const std::string& path, const Tensor& voxels, const Geometry& geometry) {
  if (!ends_with(path, ".nii") && !ends_with(path, ".nii.gz"))
    fail_usage("'{}' is to be a NIfTI file; its name must end in .nii or .nii.gz", path);
  if (voxels.dim() < 2 || voxels.dim() > 3 || voxels.numel() == 0)
    fail(ErrorKind::Internal, "NIfTI voxels are [H,W] or [D,H,W], not {}", shape_text(voxels.sizes()));
  const Tensor volume = (voxels.dim() == 2 ? voxels.unsqueeze(0) : voxels).to(at::kCPU, at::kFloat).contiguous();
  const std::string what = "cannot write '" + path + "'";
  write_atomically(path, [&](const std::string& temporary) {
    behind_the_wall(what.c_str(), [&] { write_file(temporary, volume, geometry); });
    bool complete = false;
    try {
      complete = reads_back(temporary, volume);
    } catch (const Error&) {
      // Said below, in words that fit writing.
    }
    if (!complete) fail_input("{}: what was written does not read back; is the disk full?", what);
  });
}

}  // namespace thor
