// SPDX-License-Identifier: Apache-2.0
// MetaImage as ITK writes it (https://itk.org/Wiki/ITK/MetaIO/Documentation): .mha, and .mhd with the voxels beside it.
#include <algorithm>
#include <cctype>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/image/axes.h"
#include "thor/image/format/length_unit.h"
#include "thor/image/format/other_content.h"
#include "thor/image/format/text_header.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

constexpr int64_t kMaxMetaFrames = 1 << 20;

struct MetaType {
  const char* name;
  VoxelType type;
};
constexpr MetaType kMetaTypes[] = {
    {"met_char", VoxelType::Int8},         {"met_uchar", VoxelType::Uint8},   {"met_short", VoxelType::Int16},
    {"met_ushort", VoxelType::Uint16},     {"met_int", VoxelType::Int32},     {"met_uint", VoxelType::Uint32},
    {"met_long", VoxelType::Int32},        {"met_ulong", VoxelType::Uint32},  {"met_long_long", VoxelType::Int64},
    {"met_ulong_long", VoxelType::Uint64}, {"met_float", VoxelType::Float32}, {"met_double", VoxelType::Float64},
};

bool is_true(const TextHeader& header, const char* name) { return lower_case(header.text(name)).rfind('t', 0) == 0; }

/// The first of some names for the same thing that the header has; "" where it has none. Throws Input where it has
/// several that differ.
std::string first_of(const TextHeader& header, std::initializer_list<const char*> names) {
  std::string found;
  for (const char* name : names) {
    if (!header.has(name)) continue;
    if (found.empty())
      found = name;
    else if (words_in(lower_case(header.text(found))) != words_in(lower_case(header.text(name))))
      fail_input("its header says '{}' and '{}', which mean the same, with different values; remove one of them", found,
                 name);
  }
  return found;
}

/// Warns where the letters beside the matrix say something else: those from which the axes run, as ITK writes them, or
/// to which, as the format's description has it.
void compare_with_letters(const TextHeader& header, const Affine& ras) {
  std::string said = header.text("anatomicalorientation"), to = orientation_of(ras), from = to;
  for (char& letter : from) {
    constexpr const char* kOpposites = "RLAPSI";
    const auto at = std::string(kOpposites).find(letter);
    letter = kOpposites[at ^ 1];
  }
  std::transform(said.begin(), said.end(), said.begin(), [](unsigned char c) { return std::toupper(c); });
  // Between two axes of the body programs may name either.
  constexpr double kClear = 0.8;
  for (int axis = 0; axis < 3; ++axis) {
    double largest = 0;
    for (int row = 0; row < 3; ++row) largest = std::max(largest, std::abs(ras.at(row, axis)));
    if (largest < kClear * spacing_mm(ras)[axis]) return;
  }
  const bool is_said = said.size() == 3 && said.find_first_not_of("RLAPSI") == std::string::npos;
  if (is_said && said != to && said != from)
    warn(
        "its MetaImage header contradicts itself: its axes run from {} (to {}) by TransformMatrix, which is taken, but "
        "AnatomicalOrientation says {}",
        from, to, said);
}

VoxelLayout meta_samples(const TextHeader& header) {
  VoxelLayout samples;
  std::string name = lower_case(header.text("elementtype"));
  if (const size_t array = name.find("_array"); array != std::string::npos) name.resize(array);
  const auto* known =
      std::find_if(std::begin(kMetaTypes), std::end(kMetaTypes), [&](const MetaType& t) { return name == t.name; });
  if (known == std::end(kMetaTypes))
    fail(ErrorKind::Unsupported, "its MetaImage type '{}' is not read; convert it to MET_FLOAT or MET_SHORT", name);
  samples.type = known->type;
  const std::string order = first_of(header, {"binarydatabyteordermsb", "elementbyteordermsb"});
  samples.swapped = (!order.empty() && is_true(header, order.c_str())) != is_big_endian();
  if (header.has("elementnumberofchannels")) {
    header.numbers("elementnumberofchannels", 1);  // exactly one
    samples.channels = header.sizes("elementnumberofchannels")[0];
  }
  if (samples.channels > kMaxMetaFrames) fail_input("its header is damaged: {} values a voxel", samples.channels);
  return samples;
}

double meta_unit(const TextHeader& header) {
  const double mm = mm_of_unit(header.text("distanceunits"));
  return mm > 0 ? mm : 1;
}

/// LPS. Each line of the matrix is the direction of an axis.
Geometry meta_geometry(const TextHeader& header, size_t dimensions, const std::array<int64_t, 3>& size) {
  std::vector<double> spacing(dimensions, 1.0), origin(dimensions, 0.0), matrix(dimensions * dimensions, 0.0);
  for (size_t i = 0; i < dimensions; ++i) matrix[i * dimensions + i] = 1;
  if (const auto name = first_of(header, {"elementspacing", "elementsize"}); !name.empty())
    spacing = header.numbers(name, dimensions);
  if (const auto name = first_of(header, {"offset", "position", "origin"}); !name.empty())
    origin = header.numbers(name, dimensions);
  const std::string directions = first_of(header, {"transformmatrix", "rotation", "orientation"});
  if (!directions.empty()) matrix = header.numbers(directions, dimensions * dimensions);
  std::array<Point3, 3> steps{};
  Point3 corner{0, 0, 0};
  for (size_t axis = 0; axis < std::min<size_t>(3, dimensions); ++axis) {
    if (spacing[axis] == 0) {
      warn("its MetaImage header has a spacing of zero; taken as 1 mm");
      spacing[axis] = 1;
    }
    if (spacing[axis] < 0)
      warn("its MetaImage header has a spacing below zero; the axis is taken to run the other way");
    corner[axis] = origin[axis];
    for (size_t row = 0; row < std::min<size_t>(3, dimensions); ++row)
      steps[axis][row] = matrix[axis * dimensions + row] * spacing[axis];
  }
  Affine affine = affine_of(steps, corner);
  complete_third_axis(affine, size[2]);
  affine = ras_from_lps(affine);
  check_axes(affine);
  if (dimensions >= 3) compare_with_letters(header, affine);
  return {in_unit(affine, obeyed_unit(meta_unit(header), affine, size)), {}, directions.empty()};
}

VoxelPlace meta_place(const std::string& path, const TextHeader& header) {
  const std::string file = header.text("elementdatafile");
  if (file.empty()) fail_input("its header is damaged: no ElementDataFile");
  VoxelPlace place{path, header.bytes, is_true(header, "compresseddata") ? Packing::Zlib : Packing::None, 0, 1, 0};
  if (lower_case(file) != "local") {
    place.path = file_beside(path, file);
    place.offset = 0;
    const auto skip = header.has("headersize") ? header.numbers("headersize", 1)[0] : 0;
    if (!(skip >= -1 && skip < 1e12)) fail_input("its header is damaged: {:g} bytes to skip", skip);
    place.skip = static_cast<int64_t>(skip);
  }
  return place;
}

}  // namespace

Image read_metaimage(const std::string& path, const ScanChoice& choice) {
  const TextHeader header = read_text_header(path, "=", "elementdatafile");
  if (!header.has("ndims") || !header.has("dimsize")) fail_as_other_content("MetaImage", path, Packing::None);
  if (header.has("binarydata") && !is_true(header, "binarydata"))
    fail(ErrorKind::Unsupported, "its voxels are written as text; save it with BinaryData = True");
  const auto sides = header.sizes("dimsize");
  if (const double said = header.numbers("ndims", 1)[0]; said != static_cast<double>(sides.size()))
    fail_input("its header is damaged: NDims is {:g}, but DimSize has {} sizes", said, sides.size());
  if (sides.size() < 2 || sides.size() > 4)
    fail(ErrorKind::Unsupported, "it has {} dimensions; two, three or, with frames, four are read", sides.size());
  std::array<int64_t, 3> size{1, 1, 1};
  std::copy_n(sides.begin(), std::min<size_t>(3, sides.size()), size.begin());
  check_size(size[0], size[1], size[2]);
  VoxelPlace place = meta_place(path, header);
  place.frames = sides.size() == 4 ? sides[3] : 1;
  if (place.frames > kMaxMetaFrames) fail_input("its header is damaged: {} frames", place.frames);
  VoxelLayout samples = meta_samples(header);
  // Three and four values a voxel are colours; of others one is chosen as of frames.
  const int64_t values = samples.channels == 3 || samples.channels == 4 ? 1 : samples.channels;
  if (values > kMaxMetaFrames / place.frames) fail_input("its header is damaged: {} frames", values * place.frames);
  const int64_t frame = chosen_frame(choice, values * place.frames);
  place.frame = frame / values;
  if (values > 1) samples.picked = frame % values;
  Image image;
  image.geometry = meta_geometry(header, sides.size(), size);
  image.voxels = read_placed_samples(place, samples, size);
  image.medical = true;
  image.encoding =
      fmt::format("MetaImage{}, {}", place.packing != Packing::None ? " compressed" : "", describe(samples));
  return image;
}

}  // namespace thor
