// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/image/pictures.h"

#include <cstdio>
// jpeglib.h needs FILE from the line above.
#include <jpeglib.h>

#include <fstream>
#include <iterator>

namespace thor::test {
namespace {

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_big_endian(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

/// CRC-32 of the PNG specification.
uint32_t crc32_of(const std::string& bytes) {
  uint32_t crc = 0xFFFFFFFFu;
  for (const unsigned char byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

void put_tag(std::string& out, uint16_t tag, uint16_t type, uint32_t value) {
  put(out, tag);
  put(out, type);
  put(out, uint32_t{1});
  put(out, value);
}

}  // namespace

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string jpeg_of(const at::Tensor& bytes) {
  const at::Tensor samples = bytes.to(at::kByte).contiguous();
  const int channels = samples.dim() == 3 ? 3 : 1;
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &memory, &size);
  jpeg.image_height = static_cast<JDIMENSION>(samples.size(0));
  jpeg.image_width = static_cast<JDIMENSION>(samples.size(1));
  jpeg.input_components = channels;
  jpeg.in_color_space = channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 95, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW row = samples.data_ptr<uint8_t>() + jpeg.next_scanline * jpeg.image_width * channels;
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  std::string out(reinterpret_cast<char*>(memory), size);
  jpeg_destroy_compress(&jpeg);
  std::free(memory);
  return out;
}

std::string tiff_of(const std::vector<TiffPage>& pages) {
  constexpr uint16_t kShort = 3, kLong = 4, kTags = 10;
  std::string out = "II";
  put(out, uint16_t{42});
  put(out, uint32_t{8});
  for (size_t i = 0; i < pages.size(); ++i) {
    const TiffPage& page = pages[i];
    const auto directory_end = static_cast<uint32_t>(out.size() + 2 + kTags * 12 + 4);
    put(out, kTags);
    put_tag(out, 256, kLong, page.width);
    put_tag(out, 257, kLong, page.height);
    put_tag(out, 258, kShort, page.bits);
    put_tag(out, 259, kShort, 1);
    put_tag(out, 262, kShort, page.colours);
    put_tag(out, 273, kLong, directory_end);
    put_tag(out, 277, kShort, page.channels);
    put_tag(out, 278, kLong, page.height);
    put_tag(out, 279, kLong, static_cast<uint32_t>(page.samples.size()));
    put_tag(out, 339, kShort, page.format);
    const bool last = i + 1 == pages.size();
    const std::string padded = page.samples + (page.samples.size() % 2 ? std::string(1, '\0') : "");
    put(out, last ? uint32_t{0} : static_cast<uint32_t>(directory_end + padded.size()));
    out += last ? page.samples : padded;
  }
  return out;
}

std::string png_chunk(const std::string& kind, const std::string& data) {
  std::string out;
  put_big_endian(out, static_cast<uint32_t>(data.size()));
  out += kind + data;
  put_big_endian(out, crc32_of(kind + data));
  return out;
}

std::string png_header(uint32_t width, uint32_t height) {
  std::string size;
  put_big_endian(size, width);
  put_big_endian(size, height);
  return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", size + std::string("\x08\0\0\0\0", 5)) +  // 8 bit, gray
         png_chunk("IDAT", "");
}

at::Tensor pattern(int64_t height, int64_t width) {
  return (at::arange(height * width, at::kFloat) * 7 + 3).remainder(251).reshape({height, width});
}

std::string story_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace thor::test
