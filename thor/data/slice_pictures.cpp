// SPDX-License-Identifier: Apache-2.0
#include "thor/data/slice_pictures.h"

#include <ATen/ATen.h>

#include <filesystem>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/data/csv.h"
#include "thor/image/image.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

/// A name is a path as somebody wrote it: "/data/a", "../b/a".
std::string file_within(const std::string& name) {
  fs::path within;
  for (const fs::path& part : fs::path(name).relative_path())
    if (part != "." && part != "..") within /= part;
  return within.generic_string() + ".png";
}

bool shows_something(const Tensor& slice) { return slice.min().item<uint8_t>() < slice.max().item<uint8_t>(); }

}  // namespace

SlicePictures::SlicePictures(std::string folder) : folder_(std::move(folder)), index_("image\n") {
  make_folder(folder_);
}

void SlicePictures::write(const std::vector<std::string>& names, const Tensor& slices) {
  for (size_t i = 0; i < names.size(); ++i) {
    const Tensor slice = slices[static_cast<int64_t>(i)];
    if (!shows_something(slice)) continue;
    const std::string file = file_within(names[i]);
    if (!files_.insert(file).second)
      fail_input("two slices would be the picture '{}'; prepare their scans into different folders", file);
    const fs::path path = fs::path(folder_) / file;
    make_folder(path.parent_path().string());
    write_png(path.string(), slice.to(at::kFloat) / 255, 8);
    index_ += csv_cell(file) + "\n";
  }
}

int64_t SlicePictures::finish() const {
  write_text_atomically(folder_ + "/index.csv", index_);
  return static_cast<int64_t>(files_.size());
}

}  // namespace thor
