// SPDX-License-Identifier: Apache-2.0
#include "thor/train/train_log.h"

#include <chrono>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "thor/base/error.h"
#include "thor/base/file.h"

namespace thor {
namespace {

constexpr uint64_t kMaxLogBytes = uint64_t{1} << 32;

// CRC-32C (Castagnoli), bit by bit: records are a few dozen bytes.
uint32_t crc32c(const std::string& data) {
  uint32_t crc = ~0u;
  for (unsigned char byte : data) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0u);
  }
  return ~crc;
}

template <class T>
std::string bytes_of(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string masked_crc(const std::string& data) {
  const uint32_t crc = crc32c(data);
  return bytes_of(((crc >> 15) | (crc << 17)) + 0xa282ead8u);
}

// TFRecord: length, its checksum, data, its checksum.
std::string record(const std::string& data) {
  const std::string length = bytes_of(static_cast<uint64_t>(data.size()));
  return length + masked_crc(length) + data + masked_crc(data);
}

std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}

// A length-delimited protobuf field.
std::string field(int number, const std::string& data) {
  return static_cast<char>(number << 3 | 2) + varint(data.size()) + data;
}

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

void drop_lines_after(const std::string& path, int64_t last_step) {
  if (!std::filesystem::exists(path)) return;
  std::istringstream old(read_text_file(path, kMaxLogBytes));
  std::string kept;
  for (std::string line; std::getline(old, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);  // a kill may have cut the last line
    if (!json.is_discarded() && json.value("step", INT64_MAX) <= last_step) kept += line + "\n";
  }
  write_text_atomically(path, kept);
}

}  // namespace

std::string scalar_event(double wall_time, int64_t step, const std::string& tag, float value) {
  // Event{1: wall_time, 2: step, 5: Summary{1: Value{1: tag, 2: simple_value}}}
  const std::string scalar = field(1, field(1, tag) + '\x15' + bytes_of(value));
  return record('\x09' + bytes_of(wall_time) + '\x10' + varint(step) + field(5, scalar));
}

TrainLog::TrainLog(const std::string& folder, int64_t last_step) {
  const std::string path = folder + "/log.jsonl";
  drop_lines_after(path, last_step);
  lines_.open(path, std::ios::app);
  const std::string events =
      fmt::format("{}/events.out.tfevents.{}.{}.thor", folder, static_cast<int64_t>(now()), last_step);
  events_.open(events, std::ios::binary | std::ios::app);
  if (!lines_ || !events_) fail_input("cannot write the training log into '{}'", folder);
  events_ << record('\x09' + bytes_of(now()) + field(3, "brain.Event:2"));
}

void TrainLog::write(const nlohmann::json& metrics) {
  lines_ << metrics.dump() << "\n" << std::flush;
  const double time = now();
  for (const auto& [name, value] : metrics.items())
    if (name != "step" && value.is_number())
      events_ << scalar_event(time, metrics.at("step").get<int64_t>(), name, value.get<float>());
  events_.flush();
  if (!lines_ || !events_) fail_input("cannot write the training log: is the disk full?");
}

}  // namespace thor
