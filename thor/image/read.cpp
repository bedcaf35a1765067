// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <new>

#include "thor/base/ending.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/image/dicom/dicom_dataset.h"
#include "thor/image/formats.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

using ReadFormat = Image (*)(const std::string& path, const ScanChoice& choice);

enum class Holds { Image, PartOrCollection };

struct Format {
  const char* ending;
  ReadFormat read;
  Holds holds;
};

/// Every format that is read; a row here is all a new one needs.
constexpr Format kFormats[] = {
    {".png", read_png, Holds::Image},
    {".jpg", read_jpeg, Holds::Image},
    {".jpeg", read_jpeg, Holds::Image},
    {".tif", read_tiff, Holds::Image},
    {".tiff", read_tiff, Holds::Image},
    {".nii", read_nifti, Holds::Image},
    {".nii.gz", read_nifti, Holds::Image},
    {".nrrd", read_nrrd, Holds::Image},
    {".nhdr", read_nrrd, Holds::Image},
    {".mha", read_metaimage, Holds::Image},
    {".mhd", read_metaimage, Holds::Image},
    {".mgh", read_mgh, Holds::Image},
    {".mgz", read_mgh, Holds::Image},
    {".dcm", read_dicom_file, Holds::PartOrCollection},
    {".zip", read_dicom_folder, Holds::PartOrCollection},
};

const Format* format_of(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  for (const Format& format : kFormats)
    if (has_ending(name, format.ending)) return &format;
  return nullptr;
}

std::string known_endings() {
  std::string list;
  for (const Format& format : kFormats) list += (list.empty() ? "" : ", ") + std::string(format.ending);
  return list;
}

void check_file(const std::string& path) {
  if (const std::string why = absent_content(path); !why.empty()) fail_input("'{}' cannot be read: {}", path, why);
  std::error_code ec;
  const fs::file_status status = fs::status(path, ec);
  if (!fs::exists(status)) fail_input("'{}' does not exist", path);
  if (!fs::is_regular_file(status)) fail_input("'{}' is not an ordinary file", path);
  const auto bytes = fs::file_size(path, ec);
  if (ec) fail_input("cannot read '{}': {}", path, ec.message());
  if (bytes == 0) fail_input("'{}' is empty", path);
}

/// Archives and packed files that are not unpacked here.
constexpr const char* kArchiveEndings[] = {".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2",
                                           ".tbz", ".tar.xz", ".txz", ".tar.zst", ".7z",
                                           ".rar", ".bz2",    ".xz",  ".zst",     ".gz"};

void refuse_archives(const std::string& path) {
  for (const char* ending : kArchiveEndings)
    if (has_ending(path, ending))
      fail(ErrorKind::Unsupported,
           "'{}' is packed as {}, which is not read; unpack it and give the folder or file in it", path, ending);
}

/// By the file's ending; DICOM files often have none.
ReadFormat reader_of(const std::string& path) {
  if (fs::is_directory(path)) return read_dicom_folder;
  check_file(path);
  if (const Format* format = format_of(path)) return format->read;
  if (looks_like_dicom(path)) return read_dicom_file;
  refuse_archives(path);
  fail(ErrorKind::Unsupported, "'{}' is no image this program reads ({}, or a folder of DICOM)", path, known_endings());
}

/// Many programs write NaN where a volume has no value; a single slice with one is a mistake.
void replace_what_is_no_number(Tensor& voxels) {
  float* values = voxels.data_ptr<float>();
  int64_t replaced = 0;
  for (int64_t i = 0; i < voxels.numel(); ++i)
    if (!std::isfinite(values[i])) values[i] = 0, ++replaced;
  if (replaced == 0) return;
  if (voxels.size(0) == 1) fail_input("it contains values that are NaN or infinite");
  if (replaced == voxels.numel()) fail_input("all of its values are NaN or infinite");
  warn("{} of {} voxels are NaN or infinite and read as 0", replaced, voxels.numel());
}

}  // namespace

bool has_image_ending(const std::string& path) {
  const Format* format = format_of(path);
  return format && format->holds == Holds::Image;
}

Grid grid_of(const Image& image) {
  return {{image.voxels.size(2), image.voxels.size(1), image.voxels.size(0)}, image.geometry.ras_from_voxel};
}

int64_t chosen_frame(const ScanChoice& choice, int64_t frames) {
  if (choice.frame >= frames) fail_usage("it has {} frames, so there is no frame {}", frames, choice.frame);
  if (choice.frame < 0 && frames > 1)
    fail(ErrorKind::Unsupported, "it has {} frames (time points, echoes, directions); choose one, 0 to {}", frames,
         frames - 1);
  return std::max<int64_t>(0, choice.frame);
}

Image read_scan(const std::string& path, const ScanChoice& choice) {
  const ReadFormat read = reader_of(path);
  return with_context(fmt::format("reading '{}'", path), [&] {
    try {
      Image image = read(path, choice);
      image.path = path;
      replace_what_is_no_number(image.voxels);
      return image;
    } catch (const std::bad_alloc&) {
      fail_input("it does not fit into memory");
    }
  });
}

Image read_image(const std::string& path) {
  Image image = read_scan(path);
  if (image.voxels.size(0) > 1)
    fail(ErrorKind::Unsupported, "'{}' has {} slices where a single one is wanted", path, image.voxels.size(0));
  return image;
}

uint64_t content_id(const Image& image) {
  const Tensor voxels = image.voxels.contiguous();
  Sha256 hash;
  for (const int64_t side : voxels.sizes()) hash.update(&side, sizeof side);
  hash.update(voxels.data_ptr<float>(), voxels.nbytes());
  return std::stoull(hash.hex().substr(0, 16), nullptr, 16);
}

}  // namespace thor
