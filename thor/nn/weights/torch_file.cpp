// SPDX-License-Identifier: Apache-2.0
// torch.save writes (zip) <name>/data.pkl, <name>/data/<key> and, since 2.1, <name>/byteorder; or (legacy) five
// pickles: magic number, version, system, object, storage keys; then each storage as int64 count and raw numbers.
#include "thor/nn/weights/torch_file.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/nn/weights/mapped_file.h"
#include "thor/nn/weights/safetensors.h"
#include "thor/nn/weights/unpickler.h"
#include "thor/nn/weights/zip_archive.h"

namespace thor {
namespace {

const std::string kLegacyMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
constexpr int64_t kLegacyVersion = 1001;
constexpr int kDeepest = 64;

using Storages = std::map<std::string, Tensor>;

uint64_t bytes_of(const PickleStorage& storage) {
  return static_cast<uint64_t>(storage.numel) * c10::elementSize(storage.type);
}

/// The tensor as a view of its storage. Its numel may not exceed the storage's: an expanded view of one number could
/// otherwise stand for more memory than there is.
Tensor view_of_storage(const PickleTensor& described, const Storages& storages, const std::string& name) {
  const int64_t numel = checked_numel(described.sizes, name);
  const Tensor& storage = storages.at(described.storage.key);
  if (numel == 0) return at::empty(described.sizes, storage.scalar_type());
  bool inside = described.offset >= 0 && described.offset < storage.numel() && numel <= storage.numel();
  int64_t last = described.offset;
  for (size_t d = 0; inside && d < described.sizes.size(); ++d) {
    const int64_t stride = described.strides[d], steps = described.sizes[d] - 1;
    // storage.numel() < 2^48 bounds the products checked here.
    inside = stride >= 0 && (steps == 0 || stride <= (storage.numel() - 1 - last) / steps);
    if (inside) last += steps * stride;
  }
  if (!inside)
    fail_input("tensor '{}' {} with strides {} and offset {} does not fit its storage of {} numbers", name,
               shape_text(described.sizes), shape_text(described.strides), described.offset, storage.numel());
  return storage.as_strided(described.sizes, described.strides, described.offset);
}

/// Collects the tensors of nested containers under dotted names.
class Flattener {
 public:
  explicit Flattener(const Storages& storages) : storages_(storages) {}

  void visit(const PickleValue& value, const std::string& name, int depth = 0) {
    if (depth > kDeepest || ++visited_ > 1'000'000)
      fail_input("the file's containers are nested too deeply or refer to themselves");
    if (const auto* tensor = std::get_if<PickleTensor>(&value.value)) {
      const std::string key = name.empty() ? "tensor" : name;
      if (!found.emplace(key, view_of_storage(*tensor, storages_, key)).second)
        fail_input("the file has two tensors named '{}'", key);
    } else if (const auto* list = std::get_if<PickleList>(&value.value)) {
      for (size_t i = 0; i < list->items.size(); ++i) visit(*list->items[i], join(name, std::to_string(i)), depth + 1);
    } else if (const auto* dict = std::get_if<PickleDict>(&value.value)) {
      for (const auto& [key, item] : dict->items) visit(*item, join(name, key_text(*key)), depth + 1);
    }
  }

  StateDict found;

 private:
  static std::string join(const std::string& outer, const std::string& inner) {
    if (outer.size() + inner.size() > 512) fail_input("the file has a name of more than 512 letters");
    return outer.empty() ? inner : outer + "." + inner;
  }
  static std::string key_text(const PickleValue& key) {
    if (const auto* text = std::get_if<std::string>(&key.value)) return *text;
    if (const auto* number = std::get_if<int64_t>(&key.value)) return std::to_string(*number);
    fail(ErrorKind::Unsupported, "the file has a dictionary whose keys are neither text nor whole numbers");
  }

  const Storages& storages_;
  uint64_t visited_ = 0;
};

StateDict flatten(const PickleValue& root, const Storages& storages) {
  Flattener flattener(storages);
  flattener.visit(root, "");
  if (flattener.found.empty()) fail_input("the file holds no tensors; expected the state_dict() of a network");
  return std::move(flattener.found);
}

/// "<name>/" of the entry "<name>/data.pkl".
std::string archive_prefix(const std::map<std::string, ZipEntry>& entries) {
  for (const auto& [name, entry] : entries) {
    const auto slash = name.rfind('/');
    if (slash != std::string::npos && name.substr(slash) == "/data.pkl") return name.substr(0, slash + 1);
  }
  fail_input("the zip archive has no data.pkl: not a file of torch.save");
}

StateDict read_zip(const std::shared_ptr<MappedFile>& file) {
  const auto entries = zip_entries(file->data(), file->size());
  const std::string prefix = archive_prefix(entries);
  if (const auto order = entries.find(prefix + "byteorder"); order != entries.end())
    if (MemoryReader(file->data(), file->size(), order->second.offset).text(order->second.size) != "little")
      fail(ErrorKind::Unsupported, "the file was written on a big-endian machine");
  const ZipEntry pickle = entries.at(prefix + "data.pkl");
  MemoryReader reader(file->data() + pickle.offset, pickle.size);
  Unpickler unpickler(reader);
  const PickleValue& root = unpickler.load();
  Storages storages;
  for (const auto& [key, storage] : unpickler.storages()) {
    const auto entry = entries.find(prefix + "data/" + key);
    if (entry == entries.end()) fail_input("the file lacks its entry data/{}", key);
    if (entry->second.size != bytes_of(storage))
      fail_input("the entry data/{} has {} bytes, expected {}", key, entry->second.size, bytes_of(storage));
    storages.emplace(key, tensor_in_file(file, entry->second.offset, {storage.numel}, storage.type));
  }
  return flatten(root, storages);
}

template <class T>
T load_plain(MemoryReader& reader, const char* what) {
  Unpickler unpickler(reader);
  const PickleValue& value = unpickler.load();
  const T* plain = std::get_if<T>(&value.value);
  if (!plain) fail_input("not a file of torch.save: no {} where one belongs", what);
  return *plain;
}

StateDict read_legacy(const std::shared_ptr<MappedFile>& file) {
  MemoryReader reader(file->data(), file->size());
  if (load_plain<PickleBytes>(reader, "magic number").bytes != kLegacyMagic)
    fail_input("a pickle, but not a file of torch.save");
  if (const auto version = load_plain<int64_t>(reader, "version"); version != kLegacyVersion)
    fail(ErrorKind::Unsupported, "torch.save format {}; known is {}", version, kLegacyVersion);
  Unpickler(reader).load();
  Unpickler unpickler(reader), key_list(reader);
  const PickleValue& root = unpickler.load();
  const auto* keys = std::get_if<PickleList>(&key_list.load().value);
  if (!keys) fail_input("not a file of torch.save: no list of storages");
  Storages storages;
  for (const PickleRef& item : keys->items) {
    const auto* key = std::get_if<std::string>(&item->value);
    const auto storage = key ? unpickler.storages().find(*key) : unpickler.storages().end();
    if (storage == unpickler.storages().end()) fail_input("the file lists a storage that no tensor uses");
    const auto numel = reader.read<int64_t>();
    if (numel != storage->second.numel)
      fail_input("storage '{}' has {} numbers, expected {}", *key, numel, storage->second.numel);
    const uint64_t offset = reader.position();
    reader.skip(bytes_of(storage->second));
    if (!storages.emplace(*key, tensor_in_file(file, offset, {numel}, storage->second.type)).second)
      fail_input("the file lists storage '{}' twice", *key);
  }
  for (const auto& [key, storage] : unpickler.storages())
    if (!storages.count(key)) fail_input("the file lacks storage '{}'", key);
  return flatten(root, storages);
}

}  // namespace

StateDict read_torch_file(const std::string& path) {
  return with_context("reading " + path, [&] {
    const auto file = MappedFile::open(path);
    if (file->size() >= 4 && std::memcmp(file->data(), "PK\3\4", 4) == 0) return read_zip(file);
    if (file->data()[0] == 0x80) return read_legacy(file);
    fail_input("not a file of torch.save: it begins neither like a zip archive nor like a pickle");
  });
}

StateDict read_weights_file(const std::string& path) {
  // A safetensors header is JSON from byte 8 on; neither torch format has a brace there.
  const bool safetensors = with_context("reading " + path, [&] {
    const auto file = MappedFile::open(path);
    return file->size() > 8 && file->data()[8] == '{';
  });
  return safetensors ? read_safetensors(path).tensors : read_torch_file(path);
}

}  // namespace thor
