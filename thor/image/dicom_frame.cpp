// SPDX-License-Identifier: Apache-2.0
// Pixels of one frame: stored samples to voxels (PS3.3 C.7.6.3, C.11.1).
#include <algorithm>
#include <cstring>

#include "thor/base/error.h"
#include "thor/image/dicom_instance.h"
#include "thor/image/formats.h"
#include "thor/image/samples.h"

namespace thor {
namespace {

constexpr DicomTag kFragment = 0xfffee000, kFragmentsEnd = 0xfffee0dd;

struct Fragment {
  int64_t offset, length;
};

uint32_t little_endian(const char* bytes) {
  const auto* b = reinterpret_cast<const unsigned char*>(bytes);
  return b[0] | b[1] << 8 | b[2] << 16 | uint32_t{b[3]} << 24;
}

/// The fragments of encapsulated pixels (PS3.5 A.4); the first one is the table of offsets.
std::vector<Fragment> fragments_of(DicomBytes& bytes, int64_t position) {
  std::vector<Fragment> fragments;
  while (position + 8 <= bytes.size()) {
    const char* item = bytes.at(position, 8);
    const auto group = little_endian(item) & 0xffff, element = little_endian(item) >> 16;
    const int64_t length = little_endian(item + 4);
    position += 8;
    if ((group << 16 | element) == kFragmentsEnd) break;
    if ((group << 16 | element) != kFragment) fail_input("its compressed pixels are damaged at byte {}", position - 8);
    if (length > bytes.size() - position) fail_input("its compressed pixels are cut; copy the file again");
    fragments.push_back({position, length});
    position += length;
  }
  if (fragments.size() < 2) fail_input("its compressed pixels are cut; copy the file again");
  return fragments;
}

/// First and one past the last fragment of a frame.
std::pair<size_t, size_t> fragments_of_frame(DicomBytes& bytes, const std::vector<Fragment>& all, int64_t frame,
                                             int64_t frames) {
  const auto wanted = static_cast<size_t>(frame);
  if (frames == 1) return {1, all.size()};
  if (all.size() == static_cast<size_t>(frames) + 1) return {wanted + 1, wanted + 2};
  if (all[0].length != 4 * frames)
    fail(ErrorKind::Unsupported,
         "its {} compressed frames lie in {} pieces without a table; convert it with gdcmconv --raw", frames,
         all.size() - 1);
  const auto place = [&](int64_t i) -> size_t {
    if (i == frames) return all.size();
    const int64_t offset = all[1].offset - 8 + int64_t{little_endian(bytes.at(all[0].offset + 4 * i, 4))};
    const auto found =
        std::find_if(all.begin() + 1, all.end(), [&](const Fragment& f) { return f.offset - 8 == offset; });
    if (found == all.end()) fail_input("its table of compressed frames is damaged");
    return static_cast<size_t>(found - all.begin());
  };
  return {place(frame), place(frame + 1)};
}

std::string packed_frame(DicomBytes& bytes, const DicomInstance& instance, int64_t frame) {
  const auto all = fragments_of(bytes, instance.pixel_offset);
  const auto [first, last] = fragments_of_frame(bytes, all, frame, static_cast<int64_t>(instance.frames.size()));
  std::string packed;
  for (size_t i = first; i < last; ++i) {
    const auto length = static_cast<size_t>(all[i].length);
    packed.append(bytes.at(all[i].offset, length), length);
  }
  return packed;
}

/// Stored values: the bits that count, with their sign; MONOCHROME1 turned over.
class StoredValue {
 public:
  explicit StoredValue(const DicomPixels& p)
      : shift_(p.high_bit + 1 - p.bits_stored),
        mask_((int64_t{1} << p.bits_stored) - 1),
        sign_(p.is_signed ? int64_t{1} << (p.bits_stored - 1) : 0),
        turned_(p.photometric == "MONOCHROME1"),
        ends_(p.is_signed ? -1 : mask_) {}
  int64_t operator()(int64_t raw) const {
    int64_t value = raw >> shift_ & mask_;
    if (value & sign_) value -= mask_ + 1;
    return turned_ ? ends_ - value : value;
  }

 private:
  int64_t shift_, mask_, sign_;
  bool turned_;
  int64_t ends_;  ///< smallest and largest together
};

template <class T>
void convert_gray(const char* bytes, const DicomInstance& instance, const DicomFrame& frame, float* voxels) {
  const DicomPixels& p = instance.pixels;
  const StoredValue stored(p);
  const bool swapped = instance.syntax->big_endian != is_big_endian();
  for (int64_t i = 0; i < p.rows * p.columns; ++i, bytes += sizeof(T)) {
    char raw[sizeof(T)];
    std::memcpy(raw, bytes, sizeof(T));
    if (swapped) std::reverse(raw, raw + sizeof(T));
    T sample;
    std::memcpy(&sample, raw, sizeof(T));
    voxels[i] = static_cast<float>(frame.slope * static_cast<double>(stored(sample)) + frame.intercept);
  }
}

/// Compressed colours are interleaved once they are unpacked.
void convert_colours(const std::string& bytes, const DicomInstance& instance, const DicomFrame& frame, float* voxels) {
  const DicomPixels& p = instance.pixels;
  const bool planes = p.planes && !instance.syntax->encapsulated;
  const int64_t count = p.rows * p.columns;
  std::string pixels = bytes;
  for (int64_t i = 0; planes && i < count; ++i)
    for (int64_t colour = 0; colour < 3; ++colour) pixels[3 * i + colour] = bytes[colour * count + i];
  luminance(reinterpret_cast<const uint8_t*>(pixels.data()), count, 3, voxels);
  for (int64_t i = 0; i < count; ++i) voxels[i] = static_cast<float>(frame.slope * voxels[i] + frame.intercept);
}

}  // namespace

void read_dicom_frame(const DicomInstance& instance, int64_t index, float* voxels) {
  DicomBytes file(instance.path);
  if (instance.syntax->deflated) read_dicom_header(file);  // unpacks it
  const DicomPixels& p = instance.pixels;
  const auto frame_bytes = static_cast<size_t>(p.frame_bytes());
  std::string samples;
  if (instance.syntax->encapsulated) {
    samples = unpack_dicom_frame(instance, packed_frame(file, instance, index));
  } else {
    samples.assign(file.at(instance.pixel_offset + index * p.frame_bytes(), frame_bytes), frame_bytes);
  }
  const DicomFrame& frame = instance.frames[static_cast<size_t>(index)];
  if (p.samples == 3) return convert_colours(samples, instance, frame, voxels);
  if (p.bits_allocated == 8 && instance.syntax->big_endian)
    fail(ErrorKind::Unsupported, "its bytes lie in big-endian words; convert it to explicit little endian");
  if (p.bits_allocated == 8) return convert_gray<uint8_t>(samples.data(), instance, frame, voxels);
  if (p.bits_allocated == 16) return convert_gray<uint16_t>(samples.data(), instance, frame, voxels);
  convert_gray<uint32_t>(samples.data(), instance, frame, voxels);
}

}  // namespace thor
