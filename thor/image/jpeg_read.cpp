// SPDX-License-Identifier: Apache-2.0
// JPEG through libjpeg itself: ITK's reader prints to stdout and hands over half a picture when the file is damaged.
#include <csetjmp>
#include <cstdio>
// jpeglib.h needs FILE from the line above.
#include <jpeglib.h>

#include <vector>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/image/formats.h"

namespace thor {
namespace {

struct JpegReader {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  std::jmp_buf jump{};
  char message[JMSG_LENGTH_MAX] = "";
  JSAMPARRAY rows = nullptr;
  ~JpegReader() { jpeg_destroy_decompress(&jpeg); }
};

[[noreturn]] void on_error(j_common_ptr jpeg) {
  auto* reader = static_cast<JpegReader*>(jpeg->client_data);
  jpeg->err->format_message(jpeg, reader->message);
  std::longjmp(reader->jump, 1);
}

/// libjpeg fills what is missing with gray and only warns: for us that is damage.
void on_message(j_common_ptr jpeg, int level) {
  if (level < 0) on_error(jpeg);
}

void guarded(JpegReader& reader, void (*step)(JpegReader&)) {
  if (setjmp(reader.jump) == 0) {
    step(reader);
    return;
  }
  fail_input("the JPEG is damaged or incomplete: {}", reader.message);
}

void read_rows(JpegReader& reader) {
  jpeg_start_decompress(&reader.jpeg);
  while (reader.jpeg.output_scanline < reader.jpeg.output_height)
    jpeg_read_scanlines(&reader.jpeg, reader.rows + reader.jpeg.output_scanline,
                        reader.jpeg.output_height - reader.jpeg.output_scanline);
  jpeg_finish_decompress(&reader.jpeg);
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
  guarded(reader, [](JpegReader& r) { jpeg_read_header(&r.jpeg, TRUE); });

  const int64_t width = reader.jpeg.image_width, height = reader.jpeg.image_height;
  check_size(width, height);
  const auto colours = reader.jpeg.jpeg_color_space;
  if (colours != JCS_GRAYSCALE && colours != JCS_YCbCr && colours != JCS_RGB)
    fail(ErrorKind::Unsupported, "it is a CMYK picture; save it as gray or RGB");
  if (colours != JCS_GRAYSCALE) note_colour();
  reader.jpeg.out_color_space = JCS_GRAYSCALE;

  std::vector<uint8_t> samples(width * height);
  std::vector<JSAMPROW> rows(height);
  for (int64_t y = 0; y < height; ++y) rows[y] = samples.data() + y * width;
  reader.rows = rows.data();
  guarded(reader, read_rows);

  Image image;
  image.voxels = luminance(samples.data(), height, width, 1);
  image.full_scale = 255;
  image.encoding = "JPEG";
  return image;
}

}  // namespace thor
