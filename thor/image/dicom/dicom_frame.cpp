// SPDX-License-Identifier: Apache-2.0
// Pixels of one frame: stored samples to voxels (PS3.3 C.7.6.3, C.11.1).
#include <algorithm>
#include <cstring>

#include "thor/base/error.h"
#include "thor/image/dicom/dicom_instance.h"
#include "thor/image/format/voxel_type.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

constexpr DicomTag kFragment = 0xfffee000, kFragmentsEnd = 0xfffee0dd;

uint32_t little_endian(const char* bytes) {
  const auto* b = reinterpret_cast<const unsigned char*>(bytes);
  return b[0] | b[1] << 8 | b[2] << 16 | uint32_t{b[3]} << 24;
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
  const std::vector<float>& palette = instance.palette.entries;
  const bool swapped = instance.syntax->big_endian != is_big_endian();
  for (int64_t i = 0; i < p.rows * p.columns; ++i, bytes += sizeof(T)) {
    char raw[sizeof(T)];
    std::memcpy(raw, bytes, sizeof(T));
    if (swapped) std::reverse(raw, raw + sizeof(T));
    T sample;
    std::memcpy(&sample, raw, sizeof(T));
    double value = static_cast<double>(stored(sample));
    // Indices beside the palette stand for its ends.
    if (!palette.empty())
      value = palette[static_cast<size_t>(
          std::clamp(stored(sample) - instance.palette.first, int64_t{0}, static_cast<int64_t>(palette.size()) - 1))];
    voxels[i] = static_cast<float>(frame.slope * value + frame.intercept);
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

DicomFrameReader::DicomFrameReader(std::shared_ptr<const DicomInstance> instance)
    : instance_(std::move(instance)), file_(instance_->path) {
  if (instance_->syntax->deflated) read_dicom_header(file_);  // unpacks it
  if (instance_->syntax->encapsulated) fragments_ = fragments();
}

/// PS3.5 A.4.
std::vector<DicomFrameReader::Fragment> DicomFrameReader::fragments() {
  std::vector<Fragment> found;
  for (int64_t position = instance_->pixel_offset; position + 8 <= file_.size();) {
    const char* item = file_.at(position, 8);
    const DicomTag tag = (little_endian(item) & 0xffff) << 16 | little_endian(item) >> 16;
    const int64_t length = little_endian(item + 4);
    position += 8;
    if (tag == kFragmentsEnd) break;
    if (tag != kFragment) fail_input("its compressed pixels are damaged at byte {}", position - 8);
    if (length > file_.size() - position) fail_input("its compressed pixels are cut; copy the file again");
    found.push_back({position, length});
    position += length;
  }
  if (found.size() < 2) fail_input("its compressed pixels are cut; copy the file again");
  return found;
}

/// One past the last fragment where there is no such frame.
size_t DicomFrameReader::first_fragment_of(int64_t frame) {
  const auto frames = static_cast<int64_t>(instance_->frames.size());
  if (frame == frames) return fragments_.size();
  if (frames == 1) return 1;
  if (fragments_.size() == static_cast<size_t>(frames) + 1) return static_cast<size_t>(frame) + 1;
  if (fragments_[0].length != 4 * frames)
    fail(ErrorKind::Unsupported,
         "its {} compressed frames lie in {} pieces without a table; convert it with gdcmconv --raw", frames,
         fragments_.size() - 1);
  const int64_t offset = fragments_[1].offset + int64_t{little_endian(file_.at(fragments_[0].offset + 4 * frame, 4))};
  const auto found = std::lower_bound(fragments_.begin() + 1, fragments_.end(), offset,
                                      [](const Fragment& f, int64_t place) { return f.offset < place; });
  if (found == fragments_.end() || found->offset != offset) fail_input("its table of compressed frames is damaged");
  return static_cast<size_t>(found - fragments_.begin());
}

std::string DicomFrameReader::packed(int64_t frame) {
  const size_t last = first_fragment_of(frame + 1);
  std::string bytes;
  for (size_t i = first_fragment_of(frame); i < last; ++i) {
    const auto length = static_cast<size_t>(fragments_[i].length);
    bytes.append(file_.at(fragments_[i].offset, length), length);
  }
  return bytes;
}

void DicomFrameReader::read(int64_t index, float* voxels) {
  const DicomInstance& instance = *instance_;
  const DicomPixels& p = instance.pixels;
  if (p.bits_allocated == 8 && p.samples == 1 && instance.syntax->big_endian)
    fail(ErrorKind::Unsupported, "its bytes lie in big-endian words; convert it to explicit little endian");
  const auto frame_bytes = static_cast<size_t>(p.frame_bytes());
  std::string samples;
  if (instance.syntax->encapsulated)
    samples = unpack_dicom_frame(instance, packed(index));
  else
    samples.assign(file_.at(instance.pixel_offset + index * p.frame_bytes(), frame_bytes), frame_bytes);
  const DicomFrame& frame = instance.frames[static_cast<size_t>(index)];
  if (p.samples == 3) return convert_colours(samples, instance, frame, voxels);
  if (p.bits_allocated == 8) return convert_gray<uint8_t>(samples.data(), instance, frame, voxels);
  if (p.bits_allocated == 16) return convert_gray<uint16_t>(samples.data(), instance, frame, voxels);
  convert_gray<uint32_t>(samples.data(), instance, frame, voxels);
}

}  // namespace thor
