// SPDX-License-Identifier: Apache-2.0
// NRRD as http://teem.sourceforge.net/nrrd/format.html defines it: .nrrd, and .nhdr with the voxels beside it.
#include <algorithm>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/image/axes.h"
#include "thor/image/format/length_unit.h"
#include "thor/image/format/nrrd_axes.h"
#include "thor/image/format/other_content.h"
#include "thor/image/format/text_header.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

struct NrrdType {
  const char* names;  ///< each between bars
  VoxelType type;
};
constexpr NrrdType kNrrdTypes[] = {
    {"|signed char|int8|int8_t|", VoxelType::Int8},
    {"|uchar|unsigned char|uint8|uint8_t|", VoxelType::Uint8},
    {"|short|short int|signed short|signed short int|int16|int16_t|", VoxelType::Int16},
    {"|ushort|unsigned short|unsigned short int|uint16|uint16_t|", VoxelType::Uint16},
    {"|int|signed int|int32|int32_t|", VoxelType::Int32},
    {"|uint|unsigned int|uint32|uint32_t|", VoxelType::Uint32},
    {"|longlong|long long|long long int|signed long long|signed long long int|int64|int64_t|", VoxelType::Int64},
    {"|ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t|", VoxelType::Uint64},
    {"|float|", VoxelType::Float32},
    {"|double|", VoxelType::Float64},
};

VoxelType nrrd_type(const std::string& name) {
  for (const NrrdType& type : kNrrdTypes)
    if (std::string(type.names).find("|" + name + "|") != std::string::npos) return type.type;
  fail(ErrorKind::Unsupported, "its NRRD type '{}' is not read; convert it to float or short", name);
}

/// RAS from the header's space, and whether that had to be guessed.
Geometry space_of(const TextHeader& header) {
  const std::string space = nrrd_space(header);
  if (space == "right-anterior-superior" || space == "ras") return {};
  if (space == "left-anterior-superior" || space == "las") return {scaling({-1, 1, 1}), {}};
  const bool named = space == "left-posterior-superior" || space == "lps";
  if (!named)
    warn("its NRRD header names no space of the patient ('{}'); taken as left-posterior-superior, as ITK does", space);
  return {scaling({-1, -1, 1}), {}, !named};
}

/// Millimetres of the header's unit; 1 where it names none, or none that is known for all of x, y, z.
double nrrd_unit(const TextHeader& header) {
  std::string text = header.text("space units");
  std::replace(text.begin(), text.end(), '"', ' ');
  const std::vector<std::string> units = words_in(text);
  if (units.empty()) return 1;
  const double mm = mm_of_unit(units[0]);
  for (size_t axis = 0; axis < std::min<size_t>(3, units.size()); ++axis)
    if (mm == 0 || mm_of_unit(units[axis]) != mm) {
      warn("its NRRD header measures in '{}', which is not read; taken as millimetres", text.substr(0, 40));
      return 1;
    }
  return mm;
}

Geometry nrrd_geometry(const TextHeader& header, const NrrdLayout& layout) {
  const Geometry space = space_of(header);
  Affine affine = space.ras_from_voxel * layout.in_space;
  for (double& entry : affine.rows) entry += 0.0;  // no negative zeros
  check_axes(affine);
  return {in_unit(affine, obeyed_unit(nrrd_unit(header), affine, layout.size)), {}, space.guessed};
}

Packing packing_of(const std::string& encoding) {
  if (encoding == "raw") return Packing::None;
  if (encoding == "gzip" || encoding == "gz") return Packing::Zlib;
  if (encoding == "bzip2" || encoding == "bz2") return Packing::Bzip2;
  fail(ErrorKind::Unsupported, "its NRRD encoding '{}' is not read; save it as raw or gzip", encoding);
}

VoxelPlace nrrd_place(const std::string& path, const TextHeader& header) {
  VoxelPlace place{path, header.bytes, packing_of(lower_case(header.text("encoding"))), 0, 1, 0};
  const std::string detached = header.text("data file", header.text("datafile"));
  if (!detached.empty()) {
    place.path = file_beside(path, detached);
    place.offset = 0;
  }
  const auto skip = header.has("byte skip")  ? header.numbers("byte skip", 1)[0]
                    : header.has("byteskip") ? header.numbers("byteskip", 1)[0]
                                             : 0;
  if (!(skip >= -1 && skip < 1e12)) fail_input("its header is damaged: {:g} bytes to skip", skip);
  place.skip = static_cast<int64_t>(skip);
  for (const char* field : {"line skip", "lineskip"})
    if (header.has(field) && header.numbers(field, 1)[0] != 0)
      fail(ErrorKind::Unsupported, "its NRRD skips lines before the voxels; save it as a single .nrrd file");
  return place;
}

}  // namespace

Image read_nrrd(const std::string& path, const ScanChoice& choice) {
  const TextHeader header = read_text_header(path, ":");
  if (header.first_line.rfind("NRRD000", 0) != 0) fail_as_other_content("NRRD", path, Packing::None);
  const NrrdLayout layout = nrrd_layout(header);
  check_size(layout.size[0], layout.size[1], layout.size[2]);
  const int64_t frame = chosen_frame(choice, layout.interleaved * layout.frames);
  VoxelLayout samples{nrrd_type(lower_case(header.text("type"))), false, layout.colours, 1, 0};
  if (layout.interleaved > 1) {
    samples.channels = layout.interleaved;
    samples.picked = frame % layout.interleaved;
  }
  if (bytes_of(samples.type) > 1) {
    const std::string endian = lower_case(header.text("endian"));
    if (endian != "little" && endian != "big") fail_input("its header does not say the order of bytes ('endian')");
    samples.swapped = (endian == "big") != is_big_endian();
  }
  VoxelPlace place = nrrd_place(path, header);
  place.frames = layout.frames;
  place.frame = frame / layout.interleaved;
  Image image;
  image.geometry = nrrd_geometry(header, layout);
  image.voxels = read_placed_samples(place, samples, layout.size);
  image.medical = true;
  image.encoding = fmt::format("NRRD {}, {}", lower_case(header.text("encoding")), describe(samples));
  return image;
}

}  // namespace thor
