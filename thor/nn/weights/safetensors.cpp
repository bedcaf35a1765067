// SPDX-License-Identifier: Apache-2.0
// Layout: uint64 n (little endian), n bytes of JSON {name: {dtype, shape, data_offsets: [begin, end]}, __metadata__:
// {text: text}}, then the data, to which the offsets are relative.
#include "thor/nn/weights/safetensors.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/nn/weights/mapped_file.h"

namespace thor {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxHeader = 100'000'000;
constexpr uint64_t kMaxHeaderValues = 4'000'000;
constexpr const char* kMetadata = "__metadata__";

struct DType {
  const char* name;
  at::ScalarType type;
};
constexpr DType kDTypes[] = {{"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf},  {"BF16", at::kBFloat16},
                             {"I64", at::kLong},   {"I32", at::kInt},   {"I16", at::kShort}, {"I8", at::kChar},
                             {"U8", at::kByte},    {"BOOL", at::kBool}};

at::ScalarType type_named(const std::string& dtype, const std::string& tensor) {
  for (const auto& entry : kDTypes)
    if (dtype == entry.name) return entry.type;
  fail(ErrorKind::Unsupported,
       "tensor '{}' has the dtype '{}'; known are F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL", tensor, dtype);
}

const char* name_of(at::ScalarType type, const std::string& tensor) {
  for (const auto& entry : kDTypes)
    if (type == entry.type) return entry.name;
  fail(ErrorKind::Unsupported, "tensor '{}' has the type {}, which a safetensors file cannot hold", tensor,
       c10::toString(type));
}

/// Looks at a header while it is parsed: what is too deep, too long or named twice never becomes a document.
class HeaderGuard {
 public:
  bool operator()(int depth, json::parse_event_t event, const json& parsed) {
    if (++values_ > kMaxHeaderValues) fail_input("the header has more than {} values", kMaxHeaderValues);
    if (depth > 3) fail_input("the header is nested deeper than 3 levels");
    if (event == json::parse_event_t::object_start) keys_.emplace_back();
    if (event == json::parse_event_t::object_end) keys_.pop_back();
    if (event == json::parse_event_t::key && !keys_.back().insert(parsed.get<std::string>()).second)
      fail_input("the header names '{}' twice", parsed.get<std::string>());
    return true;
  }

 private:
  std::vector<std::set<std::string>> keys_;
  uint64_t values_ = 0;
};

json parse_header(const MappedFile& file, uint64_t& data_begin) {
  uint64_t length = 0;
  if (file.size() < sizeof length) fail_input("the file has only {} bytes", file.size());
  std::memcpy(&length, file.data(), sizeof length);
  if (length > kMaxHeader || length > file.size() - sizeof length)
    fail_input("the header is said to have {} bytes, the file has {}: not a safetensors file, or cut short", length,
               file.size());
  data_begin = sizeof length + length;
  const char* text = reinterpret_cast<const char*>(file.data()) + sizeof length;
  HeaderGuard guard;
  json header = json::parse(text, text + length, std::ref(guard));
  if (!header.is_object()) fail_input("the header is not a JSON object");
  return header;
}

struct Entry {
  std::string name;
  at::ScalarType type;
  std::vector<int64_t> shape;
  uint64_t begin, end;
};

/// A whole number >= 0, and nothing that merely converts to one (true, 1.5, -1).
uint64_t whole(const json& value, const std::string& name) {
  if (!value.is_number_unsigned()) fail_input("tensor '{}' has '{}' where a whole number belongs", name, value.dump());
  return value.get<uint64_t>();
}

Entry read_entry(const std::string& name, const json& described) {
  Entry entry{name, type_named(described.at("dtype").get<std::string>(), name), {}, 0, 0};
  for (const auto& size : described.at("shape")) {
    const uint64_t value = whole(size, name);
    if (value > uint64_t{1} << 48) fail_input("tensor '{}' has an impossible size {}", name, value);
    entry.shape.push_back(static_cast<int64_t>(value));
  }
  const json& offsets = described.at("data_offsets");
  if (!offsets.is_array() || offsets.size() != 2) fail_input("tensor '{}' needs two data_offsets", name);
  entry.begin = whole(offsets[0], name);
  entry.end = whole(offsets[1], name);
  const auto bytes = static_cast<uint64_t>(checked_numel(entry.shape, name)) * c10::elementSize(entry.type);
  if (entry.begin > entry.end || entry.end - entry.begin != bytes)
    fail_input("tensor '{}' {} needs {} bytes, its offsets are {} to {}", name, shape_text(entry.shape), bytes,
               entry.begin, entry.end);
  return entry;
}

/// Offsets must tile the data: then nothing overlaps, hides in a gap or lies outside.
void check_tiling(std::vector<Entry> entries, uint64_t data_size) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
  uint64_t at = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != at)
      fail_input("tensor '{}' begins at byte {} of the data, expected {}: overlap or gap", entry.name, entry.begin, at);
    at = entry.end;
  }
  if (at != data_size) fail_input("the tensors take {} bytes, the file holds {}: cut short or damaged", at, data_size);
}

Safetensors read_mapped(const std::shared_ptr<MappedFile>& file) {
  uint64_t data_begin = 0;
  const json header = parse_header(*file, data_begin);
  Safetensors content;
  std::vector<Entry> entries;
  for (const auto& [name, described] : header.items()) {
    if (name == kMetadata)
      content.metadata = described.get<std::map<std::string, std::string>>();
    else
      entries.push_back(read_entry(name, described));
  }
  check_tiling(entries, file->size() - data_begin);
  for (const Entry& entry : entries)
    content.tensors.emplace(entry.name, tensor_in_file(file, data_begin + entry.begin, entry.shape, entry.type));
  return content;
}

/// Wide types first, so that every tensor is aligned; then by name.
std::vector<std::pair<std::string, Tensor>> in_file_order(const StateDict& tensors) {
  std::vector<std::pair<std::string, Tensor>> order;
  for (const auto& [name, tensor] : tensors) {
    if (name == kMetadata) fail(ErrorKind::Internal, "a tensor cannot be named '{}'", kMetadata);
    order.emplace_back(name, tensor.detach().to(at::kCPU).contiguous());
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second.element_size() > b.second.element_size(); });
  return order;
}

}  // namespace

Safetensors read_safetensors(const std::string& path) {
  return with_context("reading " + path, [&] {
    try {
      return read_mapped(MappedFile::open(path));
    } catch (const json::exception& e) {
      fail_input("not a safetensors file, its header is damaged: {}", e.what());
    }
  });
}

void write_safetensors(const std::string& path, const Safetensors& content) {
  const auto order = in_file_order(content.tensors);
  json header = json::object();
  if (!content.metadata.empty()) header[kMetadata] = content.metadata;
  uint64_t at = 0;
  for (const auto& [name, tensor] : order) {
    const uint64_t end = at + tensor.nbytes();
    header[name] = {
        {"dtype", name_of(tensor.scalar_type(), name)}, {"shape", tensor.sizes().vec()}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const json::exception& e) {
    fail_input("cannot write '{}': a name or metadata value is not UTF-8 ({})", path, e.what());
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  write_stream_atomically(path, [&](std::ostream& out) {
    out.write(reinterpret_cast<const char*>(&length), sizeof length);
    out.write(text.data(), static_cast<std::streamsize>(length));
    for (const auto& [name, tensor] : order)
      out.write(static_cast<const char*>(tensor.data_ptr()), static_cast<std::streamsize>(tensor.nbytes()));
  });
}

}  // namespace thor
