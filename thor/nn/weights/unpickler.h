// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "thor/base/tensor.h"
#include "thor/nn/weights/memory_reader.h"

namespace thor {

struct PickleValue;
using PickleRef = const PickleValue*;

/// A list or tuple.
struct PickleList {
  std::vector<PickleRef> items;
};
struct PickleDict {
  std::vector<std::pair<PickleRef, PickleRef>> items;
};
/// Bytes, or an integer of more than 64 bits (little endian).
struct PickleBytes {
  std::string bytes;
};
/// A Python object known by "module.name".
struct PickleGlobal {
  std::string name;
};
/// Numbers kept elsewhere in the file under a key.
struct PickleStorage {
  std::string key;
  at::ScalarType type;
  int64_t numel;
};
/// A tensor as PyTorch describes it: elements of a storage. Not checked against the storage yet.
struct PickleTensor {
  PickleStorage storage;
  int64_t offset;
  std::vector<int64_t> sizes, strides;
};

/// Any value of a pickle; None is std::monostate, booleans are integers.
struct PickleValue {
  std::variant<std::monostate, int64_t, double, std::string, PickleBytes, PickleList, PickleDict, PickleGlobal,
               PickleStorage, PickleTensor>
      value;
};

/// A restricted reader of Python's pickle format, enough for what torch.save writes. It executes nothing: the few
/// globals of tensors and containers have fixed meanings, every other is refused by name. Steps are limited, values
/// belong to the unpickler (cycles do no harm) and die with it.
/// One object serves one thread at a time.
class Unpickler {
 public:
  explicit Unpickler(MemoryReader& reader) : reader_(reader) {}
  Unpickler(const Unpickler&) = delete;
  Unpickler& operator=(const Unpickler&) = delete;

  /// Reads one pickle up to its STOP. Throws Input, or Unsupported for an instruction torch.save does not write.
  const PickleValue& load();
  /// The storages that were mentioned, by key.
  const std::map<std::string, PickleStorage>& storages() const { return storages_; }

 private:
  using Value = decltype(PickleValue::value);
  bool push_number(uint8_t opcode);
  bool push_text(uint8_t opcode);
  bool build_container(uint8_t opcode);
  bool use_memo(uint8_t opcode);
  bool use_global(uint8_t opcode);

  void push(Value value);
  PickleValue* pop();
  PickleValue& top();
  /// The values above the last mark, which is removed with them.
  std::vector<PickleRef> pop_to_mark();
  std::vector<PickleRef> pop_many(size_t count);
  void memoize(uint64_t index);
  void spend(uint64_t steps);

  void append(const std::vector<PickleRef>& items);
  void set_items(const std::vector<PickleRef>& keys_and_values);
  void find_global(const std::string& module, const std::string& name);
  void reduce();
  Value rebuild_tensor(const PickleList& arguments);
  Value ordered_dict(const PickleList& arguments);
  Value torch_size(const PickleList& arguments);
  void persistent_load();

  MemoryReader& reader_;
  std::deque<PickleValue> arena_;
  std::vector<PickleValue*> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, PickleValue*> memo_;
  std::map<std::string, PickleStorage> storages_;
  uint64_t steps_left_ = 4'000'000;
};

}  // namespace thor
