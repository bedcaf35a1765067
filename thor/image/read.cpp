// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <new>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/image/formats.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

struct Format {
  const char* ending;
  Image (*read)(const std::string& path);
};

/// Every format that is read; a row here is all a new one needs.
constexpr Format kFormats[] = {
    {".png", read_png},   {".jpg", read_jpeg},  {".jpeg", read_jpeg},    {".tif", read_tiff},
    {".tiff", read_tiff}, {".nii", read_nifti}, {".nii.gz", read_nifti},
};

const Format* format_of(const std::string& path) {
  std::string name = fs::path(path).filename().string();
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const Format& format : kFormats) {
    const std::string ending = format.ending;
    if (name.size() > ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0)
      return &format;
  }
  return nullptr;
}

std::string known_endings() {
  std::string list;
  for (const Format& format : kFormats) list += (list.empty() ? "" : ", ") + std::string(format.ending);
  return list;
}

void check_file(const std::string& path) {
  std::error_code ec;
  const fs::file_status status = fs::status(path, ec);
  if (!fs::exists(status)) fail_input("'{}' does not exist", path);
  if (fs::is_directory(status)) fail_input("'{}' is a folder, not an image", path);
  if (!fs::is_regular_file(status)) fail_input("'{}' is not an ordinary file", path);
  const auto bytes = fs::file_size(path, ec);
  if (ec) fail_input("cannot read '{}': {}", path, ec.message());
  if (bytes == 0) fail_input("'{}' is empty", path);
}

}  // namespace

bool has_image_ending(const std::string& path) { return format_of(path) != nullptr; }

Grid grid_of(const Image& image) {
  return {{image.voxels.size(2), image.voxels.size(1), image.voxels.size(0)}, image.geometry.ras_from_voxel};
}

Image read_scan(const std::string& path, const ScanChoice&) {
  check_file(path);
  const Format* format = format_of(path);
  if (!format) fail(ErrorKind::Unsupported, "'{}' is no image this program reads ({})", path, known_endings());
  return with_context(fmt::format("reading '{}'", path), [&] {
    try {
      Image image = format->read(path);
      image.path = path;
      if (!at::isfinite(image.voxels).all().item<bool>()) fail_input("it contains values that are NaN or infinite");
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
