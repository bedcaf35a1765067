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
/// A Python global, identified by "module.name".
struct PickleGlobal {
  std::string name;
};
/// A storage of numbers elsewhere in the file, identified by a key.
struct PickleStorage {
  std::string key;
  at::ScalarType type;
  int64_t numel;
};
/// A PyTorch tensor as a view of a storage, not yet checked against the storage.
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

/// A restricted reader of the pickle format for files of torch.save. It executes nothing: the few globals of tensors
/// and containers have fixed meanings, and every other one is refused by name. The number of steps is limited. The
/// unpickler owns all values, so that cycles are harmless.
/// One object serves one thread at a time.
class Unpickler {
 public:
  explicit Unpickler(MemoryReader& reader) : reader_(reader) {}
  Unpickler(const Unpickler&) = delete;
  Unpickler& operator=(const Unpickler&) = delete;

  /// Reads one pickle up to its STOP. Throws Input, or Unsupported for an instruction that torch.save does not write.
  const PickleValue& load();
  /// Returns the referenced storages by key.
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
  /// Removes the last mark and returns the values above it.
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
