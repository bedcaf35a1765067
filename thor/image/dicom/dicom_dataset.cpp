// SPDX-License-Identifier: Apache-2.0
#include "thor/image/dicom/dicom_dataset.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "thor/base/error.h"
#include "thor/image/format/byte_reader.h"

namespace thor {
namespace {

constexpr size_t kWindow = size_t{1} << 14;
constexpr int64_t kMaxInflated = int64_t{1} << 30;

}  // namespace

bool DicomDataset::has(DicomTag tag) const { return values.count(tag) > 0; }

std::string DicomDataset::text(DicomTag tag) const {
  const auto found = values.find(tag);
  if (found == values.end()) return "";
  const std::string padding(" \0\t\r\n", 5);
  const size_t first = found->second.find_first_not_of(padding);
  if (first == std::string::npos) return "";
  std::string text = found->second.substr(first, found->second.find_last_not_of(padding) - first + 1);
  // It may stand in a message of one line.
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' '; }, ' ');
  return text;
}

std::vector<double> DicomDataset::numbers(DicomTag tag, size_t count) const {
  std::vector<double> found;
  const std::string all = text(tag);
  if (all.empty()) return found;
  for (size_t at = 0; at <= all.size();) {
    const size_t bar = std::min(all.find('\\', at), all.size());
    std::string one = all.substr(at, bar - at);
    // A decimal comma, as programs of some countries write it; DICOM has no other use for one.
    if (std::count(one.begin(), one.end(), ',') == 1 && one.find('.') == std::string::npos) one[one.find(',')] = '.';
    char* end = nullptr;
    found.push_back(std::strtod(one.c_str(), &end));
    while (*end == ' ') ++end;
    if (one.empty() || *end || !std::isfinite(found.back()))
      fail_input("its DICOM header is damaged: ({:04x},{:04x}) has '{}' for a number", tag >> 16, tag & 0xffff,
                 one.substr(0, 40));
    at = bar + 1;
  }
  if (found.size() != count)
    fail_input("its DICOM header is damaged: ({:04x},{:04x}) has {} numbers, not {}", tag >> 16, tag & 0xffff,
               found.size(), count);
  return found;
}

double DicomDataset::number(DicomTag tag, double fallback) const {
  const auto found = numbers(tag, text(tag).empty() ? 0 : 1);
  return found.empty() ? fallback : found[0];
}

int64_t DicomDataset::integer(DicomTag tag, int64_t fallback) const {
  constexpr double kLargest = 4e15;
  const double found = number(tag, static_cast<double>(fallback));
  return static_cast<int64_t>(std::clamp(found, -kLargest, kLargest));
}

double DicomDataset::number_if_any(DicomTag tag, double fallback) const {
  try {
    return number(tag, fallback);
  } catch (const Error&) {
    return fallback;
  }
}

const DicomDataset* DicomDataset::first_of(DicomTag sequence) const {
  const auto found = sequences.find(sequence);
  return found == sequences.end() || found->second.empty() ? nullptr : &found->second.front();
}

DicomBytes::DicomBytes(const std::string& path) : path_(path), file_(path, std::ios::binary) {
  std::error_code ec;
  size_ = static_cast<int64_t>(std::filesystem::file_size(path, ec));
  if (!file_ || ec) fail_input("it cannot be opened");
}

const char* DicomBytes::at(int64_t position, size_t count) {
  const auto wanted = static_cast<int64_t>(count);
  if (position < 0 || wanted > size_ - position) fail_input("the DICOM file ends too early: it was cut or is damaged");
  const bool inside =
      position >= window_start_ && position + wanted <= window_start_ + static_cast<int64_t>(window_.size());
  if (!inside) {
    window_.resize(static_cast<size_t>(std::min<int64_t>(std::max<int64_t>(wanted, kWindow), size_ - position)));
    window_start_ = position;
    file_.clear();
    file_.seekg(position);
    if (!file_.read(window_.data(), static_cast<std::streamsize>(window_.size()))) fail_input("it cannot be read");
  }
  return window_.data() + (position - window_start_);
}

void DicomBytes::inflate_from(int64_t position) {
  std::string all(at(0, static_cast<size_t>(position)), static_cast<size_t>(position));
  ByteReader packed(path_, position, Packing::RawDeflate);
  std::string part(size_t{1} << 20, '\0');
  while (const size_t got = packed.read_some(part.data(), part.size())) {
    all.append(part, 0, got);
    if (static_cast<int64_t>(all.size()) > kMaxInflated)
      fail(ErrorKind::Unsupported, "it unpacks to more than 1 GiB; convert it to explicit little endian");
  }
  window_ = std::move(all);
  window_start_ = 0;
  size_ = static_cast<int64_t>(window_.size());
}

}  // namespace thor
