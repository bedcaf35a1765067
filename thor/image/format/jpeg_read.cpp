// SPDX-License-Identifier: Apache-2.0
// JPEG through libjpeg itself: ITK's reader prints to stdout and hands over half a picture when the file is damaged.
#include <csetjmp>
#include <cstdio>
#include <cstring>
// jpeglib.h needs FILE from the line above.
#include <jpeglib.h>
// jerror.h needs the line above.
#include <jerror.h>

#include <vector>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

struct JpegReader {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  std::jmp_buf jump{};
  int code = 0;                         ///< of the error
  char message[JMSG_LENGTH_MAX] = "";   ///< of the error
  char harmless[JMSG_LENGTH_MAX] = "";  ///< the first warning that costs no pixel
  JSAMPARRAY rows = nullptr;
  ~JpegReader() { jpeg_destroy_decompress(&jpeg); }
};

[[noreturn]] void on_error(j_common_ptr jpeg) {
  auto* reader = static_cast<JpegReader*>(jpeg->client_data);
  reader->code = jpeg->err->msg_code;
  jpeg->err->format_message(jpeg, reader->message);
  std::longjmp(reader->jump, 1);
}

/// True for warnings after which pixels are missing, or may be. Progressions out of order are how small files are made
/// that take hours.
bool costs_pixels(int code) {
  return code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE || code == JWRN_ARITH_BAD_CODE ||
         code == JWRN_MUST_RESYNC || code == JWRN_JPEG_EOF || code == JWRN_BOGUS_PROGRESSION;
}

/// libjpeg fills what is missing with gray and only warns.
void on_message(j_common_ptr jpeg, int level) {
  if (level >= 0) return;
  auto* reader = static_cast<JpegReader*>(jpeg->client_data);
  if (costs_pixels(jpeg->err->msg_code)) on_error(jpeg);
  if (!*reader->harmless) jpeg->err->format_message(jpeg, reader->harmless);
}

void guarded(JpegReader& reader, void (*step)(JpegReader&)) {
  if (setjmp(reader.jump) == 0) {
    step(reader);
    return;
  }
  for (const int other_kind : {JERR_BAD_PRECISION, JERR_SOF_UNSUPPORTED, JERR_ARITH_NOTIMPL, JERR_CONVERSION_NOTIMPL})
    if (reader.code == other_kind)
      fail(ErrorKind::Unsupported, "its kind of JPEG is not read ({}); save it as an 8-bit JPEG or PNG",
           reader.message);
  fail_input("the JPEG is damaged or incomplete: {}", reader.message);
}

void read_header(JpegReader& reader) {
  constexpr unsigned kLongest = 0xFFFF;
  jpeg_save_markers(&reader.jpeg, JPEG_APP0 + 1, kLongest);
  jpeg_read_header(&reader.jpeg, TRUE);
}

void read_rows(JpegReader& reader) {
  jpeg_start_decompress(&reader.jpeg);
  while (reader.jpeg.output_scanline < reader.jpeg.output_height)
    jpeg_read_scanlines(&reader.jpeg, reader.rows + reader.jpeg.output_scanline,
                        reader.jpeg.output_height - reader.jpeg.output_scanline);
  jpeg_finish_decompress(&reader.jpeg);
}

/// Other programs' notes are in markers of the same number; the first that is EXIF counts.
int orientation_of(const JpegReader& reader) {
  for (const auto* marker = reader.jpeg.marker_list; marker; marker = marker->next)
    if (marker->data_length > 6 && std::memcmp(marker->data, "Exif\0\0", 6) == 0)
      return exif_orientation(marker->data, marker->data_length);
  return 1;
}

/// Throws Unsupported for colours that are neither gray nor RGB.
void check_colours(const jpeg_decompress_struct& jpeg) {
  switch (jpeg.jpeg_color_space) {
    case JCS_GRAYSCALE:
      return;
    case JCS_YCbCr:
    case JCS_RGB:
      return note_colour();
    case JCS_CMYK:
    case JCS_YCCK:
      fail(ErrorKind::Unsupported, "it is a CMYK picture; save it as gray or RGB");
    default:
      fail(ErrorKind::Unsupported, "it has {} channels that are no known colours; save it as gray or RGB",
           jpeg.num_components);
  }
}

}  // namespace

Image read_jpeg(const std::string& path, const ScanChoice&) {
  const std::string bytes = read_text_file(path, kMaxFileBytes);
  if (bytes.size() < 3 || bytes.compare(0, 3, "\xFF\xD8\xFF") != 0)
    fail_input("it is not a JPEG picture, whatever its name says");
  JpegReader reader;
  reader.jpeg.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = on_error;
  reader.errors.emit_message = on_message;
  reader.jpeg.client_data = &reader;
  guarded(reader, [](JpegReader& r) { jpeg_create_decompress(&r.jpeg); });
  jpeg_mem_src(&reader.jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  guarded(reader, read_header);

  const int64_t width = reader.jpeg.image_width, height = reader.jpeg.image_height;
  check_size(width, height);
  check_colours(reader.jpeg);
  const int orientation = orientation_of(reader);  // its markers are gone once all rows are read
  reader.jpeg.out_color_space = JCS_GRAYSCALE;

  std::vector<uint8_t> samples(width * height);
  std::vector<JSAMPROW> rows(height);
  for (int64_t y = 0; y < height; ++y) rows[y] = samples.data() + y * width;
  reader.rows = rows.data();
  guarded(reader, read_rows);
  if (*reader.harmless) warn("libjpeg says \"{}\"; all pixels are there", reader.harmless);

  Image image;
  image.voxels = luminance(samples.data(), height, width, 1);
  image.full_scale = 255;
  image.encoding = "JPEG";
  turn_upright(image, orientation);
  return image;
}

}  // namespace thor
