// SPDX-License-Identifier: Apache-2.0
#include "thor/image/format/other_content.h"

#include "thor/base/error.h"

namespace thor {
namespace {

struct KnownStart {
  size_t at;
  std::string bytes;
  const char* what;
};

const KnownStart kKnownStarts[] = {
    {0, "\x1f\x8b", "packed with gzip; unpack it"},
    {0, "BZh", "packed with bzip2; unpack it"},
    {0,
     "\xfd"
     "7zXZ",
     "packed with xz; unpack it"},
    {0, "\x28\xb5\x2f\xfd", "packed with zstd; unpack it"},
    {0, "PK\x03\x04", "a zip archive; unpack it"},
    {128, "DICM", "a DICOM file; give it the ending .dcm"},
    {344, "n+1", "a NIfTI file; give it the ending .nii"},
    {4, "n+2", "a NIfTI file; give it the ending .nii"},
    {0, "NRRD000", "a NRRD file; give it the ending .nrrd"},
    {0, "ObjectType =", "a MetaImage file; give it the ending .mha or .mhd"},
    {0, "\x89PNG", "a PNG picture; give it the ending .png"},
    {0, "\xff\xd8\xff", "a JPEG picture; give it the ending .jpg"},
    {0, std::string("II*\0", 4), "a TIFF picture; give it the ending .tif"},
    {0, std::string("MM\0*", 4), "a TIFF picture; give it the ending .tif"},
    {0, "\x89HDF", "an HDF5 file (MINC 2, for example); convert it to NIfTI"},
    {0, "CDF\x01", "a NetCDF file (MINC 1, for example); convert it to NIfTI"},
    {0, "<!DOCTYPE", "a web page, not the file itself; download it again"},
    {0, "<html", "a web page, not the file itself; download it again"},
    {0, "<?xml", "an XML text; export the scan as NIfTI"},
};

std::string known_content(const std::string& start) {
  for (const KnownStart& known : kKnownStarts)
    if (start.size() >= known.at && start.compare(known.at, known.bytes.size(), known.bytes) == 0) return known.what;
  return "";
}

}  // namespace

void fail_as_other_content(const std::string& format, const std::string& path, Packing packing) {
  constexpr size_t kEnough = 552;
  ByteReader file(path, 0, packing);
  std::string start(kEnough, '\0');
  start.resize(file.read_some(start.data(), start.size()));
  const std::string what = known_content(start);
  if (what.empty() || what.find(format + " file") != std::string::npos)
    fail_input("it is not a {} file, or its header is damaged", format);
  const bool twice = packing != Packing::None && what.rfind("packed with gzip", 0) == 0;
  fail_input("it is not a {} file; it is {}", format, twice ? "packed twice with gzip; unpack it once" : what);
}

}  // namespace thor
