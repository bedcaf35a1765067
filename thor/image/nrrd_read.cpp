// SPDX-License-Identifier: Apache-2.0
// NRRD as http://teem.sourceforge.net/nrrd/format.html defines it: .nrrd, and .nhdr with the voxels beside it.
#include <algorithm>
#include <cmath>
#include <limits>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/image/axes.h"
#include "thor/image/formats.h"
#include "thor/image/text_header.h"

namespace thor {
namespace {

constexpr int64_t kMaxNrrdFrames = 1 << 20;

struct NrrdType {
  const char* names;  ///< each between bars
  SampleType type;
};
constexpr NrrdType kNrrdTypes[] = {
    {"|signed char|int8|int8_t|", SampleType::Int8},
    {"|uchar|unsigned char|uint8|uint8_t|", SampleType::Uint8},
    {"|short|short int|signed short|signed short int|int16|int16_t|", SampleType::Int16},
    {"|ushort|unsigned short|unsigned short int|uint16|uint16_t|", SampleType::Uint16},
    {"|int|signed int|int32|int32_t|", SampleType::Int32},
    {"|uint|unsigned int|uint32|uint32_t|", SampleType::Uint32},
    {"|longlong|long long|long long int|signed long long|signed long long int|int64|int64_t|", SampleType::Int64},
    {"|ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t|", SampleType::Uint64},
    {"|float|", SampleType::Float32},
    {"|double|", SampleType::Float64},
};

SampleType nrrd_type(const std::string& name) {
  for (const NrrdType& type : kNrrdTypes)
    if (std::string(type.names).find("|" + name + "|") != std::string::npos) return type.type;
  fail(ErrorKind::Unsupported, "its NRRD type '{}' is not read; convert it to float or short", name);
}

/// One axis of the array, fastest first.
struct NrrdAxis {
  int64_t size = 1;
  bool in_space = true;
  Point3 step{0, 0, 0};  ///< mm in the header's space; all 0 where it is not said
  std::string kind;
};

void take_directions(const TextHeader& header, std::vector<NrrdAxis>& axes) {
  const std::string text = header.text("space directions");
  size_t at = 0;
  for (NrrdAxis& axis : axes) {
    at = text.find_first_not_of(" \t", at);
    if (at == std::string::npos) fail_input("its header is damaged: 'space directions' has too few axes");
    if (text[at] != '(') {
      axis.in_space = false;
      at = std::min(text.find_first_of(" \t", at), text.size());
      continue;
    }
    const size_t end = std::min(text.find(')', at), text.size());
    const std::vector<double> vector = numbers_in(text.substr(at, end - at));
    if (vector.size() < 2 || vector.size() > 3)
      fail_input("its header is damaged: an axis with {} coordinates", vector.size());
    std::copy(vector.begin(), vector.end(), axis.step.begin());
    at = std::min(end + 1, text.size());
  }
}

/// Without directions: spacings along the axes; "nan" marks an axis that is not in space.
void take_spacings(const TextHeader& header, std::vector<NrrdAxis>& axes) {
  const auto spacings =
      header.has("spacings") ? header.numbers("spacings", axes.size()) : std::vector<double>(axes.size(), 1.0);
  int space = 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    const std::string& kind = axes[i].kind;
    const bool other = std::isnan(spacings[i]) || space == 3 ||
                       !(kind.empty() || kind == "???" || kind == "domain" || kind == "space");
    axes[i].in_space = !other;
    if (axes[i].in_space) axes[i].step[space++] = spacings[i];
  }
}

std::vector<NrrdAxis> axes_of(const TextHeader& header) {
  std::vector<NrrdAxis> axes;
  for (const int64_t size : header.sizes("sizes")) axes.push_back({size, true, {0, 0, 0}, ""});
  const auto dimension = header.numbers("dimension", 1)[0];
  if (axes.empty() || axes.size() > 16 || static_cast<double>(axes.size()) != dimension)
    fail_input("its header is damaged: {} dimensions but {} sizes", dimension, axes.size());
  const auto kinds = words_in(lower_case(header.text("kinds")));
  for (size_t i = 0; i < std::min(kinds.size(), axes.size()); ++i) axes[i].kind = kinds[i];
  if (header.has("space directions"))
    take_directions(header, axes);
  else
    take_spacings(header, axes);
  return axes;
}

/// The array as colours of voxels of frames.
struct NrrdLayout {
  int64_t channels = 1, frames = 1;
  std::array<int64_t, 3> size{1, 1, 1};
  std::array<Point3, 3> steps{};
};

NrrdLayout layout_of(const std::vector<NrrdAxis>& axes) {
  NrrdLayout layout;
  size_t space = 0;
  bool behind = false;
  for (const NrrdAxis& axis : axes) {
    behind = behind || (space > 0 && !axis.in_space);
    if (axis.in_space) {
      if (space == 3 || behind)
        fail(ErrorKind::Unsupported, "its NRRD axes are in an order that is not read; convert it to NIfTI");
      layout.steps[space] = axis.step;
      layout.size[space++] = axis.size;
    } else if (space == 0) {
      if (axis.size != 1 && axis.kind.find("color") == std::string::npos)
        fail(ErrorKind::Unsupported,
             "its {} frames lie between each other; make the frames the slowest axis, or extract one", axis.size);
      layout.channels *= axis.size;
      if (layout.channels != 1 && layout.channels != 3 && layout.channels != 4)
        fail(ErrorKind::Unsupported, "it has {} colours a voxel; convert it to gray", layout.channels);
    } else {
      if (axis.size > kMaxNrrdFrames / layout.frames) fail_input("its header is damaged: {} frames", axis.size);
      layout.frames *= axis.size;
    }
  }
  if (space < 2) fail(ErrorKind::Unsupported, "only {} of its axes lie in space; two or three are read", space);
  return layout;
}

/// RAS from the header's space.
Affine space_of(const TextHeader& header) {
  const std::string space = lower_case(header.text("space"));
  if (space == "right-anterior-superior" || space == "ras") return {};
  if (space == "left-anterior-superior" || space == "las") return scaling({-1, 1, 1});
  if (space != "left-posterior-superior" && space != "lps")
    warn("its NRRD header names no space of the patient ('{}'); taken as left-posterior-superior, as ITK does", space);
  return scaling({-1, -1, 1});
}

Geometry nrrd_geometry(const TextHeader& header, const NrrdLayout& layout) {
  Point3 origin{0, 0, 0};
  if (header.has("space origin")) {
    const auto given = header.numbers("space origin");
    if (given.size() > 3) fail_input("its header is damaged: an origin with {} coordinates", given.size());
    std::copy(given.begin(), given.end(), origin.begin());
  }
  Affine affine = affine_of(layout.steps, origin);
  complete_third_axis(affine, layout.size[2]);
  affine = space_of(header) * affine;
  for (double& entry : affine.rows) entry += 0.0;  // no negative zeros
  check_axes(affine);
  return {affine, {}};
}

bool is_packed(const std::string& encoding) {
  if (encoding == "raw") return false;
  if (encoding == "gzip" || encoding == "gz") return true;
  fail(ErrorKind::Unsupported, "its NRRD encoding '{}' is not read; save it as raw or gzip", encoding);
}

VoxelPlace nrrd_place(const std::string& path, const TextHeader& header) {
  VoxelPlace place{path, header.bytes, is_packed(lower_case(header.text("encoding"))), 0, 1, 0};
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
  if (header.first_line.rfind("NRRD000", 0) != 0) fail_input("it is not a NRRD file, or its header is damaged");
  const NrrdLayout layout = layout_of(axes_of(header));
  check_size(layout.size[0], layout.size[1], layout.size[2]);
  SampleLayout samples{nrrd_type(lower_case(header.text("type"))), false, layout.channels, 1, 0};
  if (bytes_of(samples.type) > 1) {
    const std::string endian = lower_case(header.text("endian"));
    if (endian != "little" && endian != "big") fail_input("its header does not say the order of bytes ('endian')");
    samples.swapped = (endian == "big") != is_big_endian();
  }
  VoxelPlace place = nrrd_place(path, header);
  place.frames = layout.frames;
  place.frame = chosen_frame(choice, layout.frames);
  Image image;
  image.geometry = nrrd_geometry(header, layout);
  image.voxels = read_placed_samples(place, samples, layout.size);
  image.medical = true;
  image.encoding = fmt::format("NRRD {}, {}", lower_case(header.text("encoding")), describe(samples));
  return image;
}

}  // namespace thor
