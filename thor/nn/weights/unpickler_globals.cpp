// SPDX-License-Identifier: Apache-2.0
// The globals a weights file may name, and what they mean to us. None of them runs anything.
#include <algorithm>

#include "thor/nn/weights/mapped_file.h"
#include "thor/nn/weights/unpickler.h"

namespace thor {
namespace {

constexpr size_t kLongestKey = 200;
constexpr const char* kOrderedDict = "collections.OrderedDict";
constexpr const char* kSize = "torch.Size";
constexpr const char* kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr const char* kRebuildParameter = "torch._utils._rebuild_parameter";

const std::map<std::string, at::ScalarType>& storage_types() {
  static const std::map<std::string, at::ScalarType> types{
      {"torch.DoubleStorage", at::kDouble},     {"torch.FloatStorage", at::kFloat}, {"torch.HalfStorage", at::kHalf},
      {"torch.BFloat16Storage", at::kBFloat16}, {"torch.LongStorage", at::kLong},   {"torch.IntStorage", at::kInt},
      {"torch.ShortStorage", at::kShort},       {"torch.CharStorage", at::kChar},   {"torch.ByteStorage", at::kByte},
      {"torch.BoolStorage", at::kBool}};
  return types;
}

/// Names come from a file: what is not plain text is not repeated to a terminal.
std::string printable(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return name.size() > 100 ? name.substr(0, 100) + "..." : name;
}

template <class T>
const T& argument(const PickleList& arguments, size_t index, const char* what) {
  const T* value = index < arguments.items.size() ? std::get_if<T>(&arguments.items[index]->value) : nullptr;
  if (!value) fail_input("the pickle is damaged: {} without what it needs", what);
  return *value;
}

std::vector<int64_t> integers(const PickleList& list) {
  if (list.items.size() > 32) fail_input("a tensor has {} dimensions; expected at most 32", list.items.size());
  std::vector<int64_t> values;
  for (size_t i = 0; i < list.items.size(); ++i) values.push_back(argument<int64_t>(list, i, "a shape"));
  return values;
}

}  // namespace

void Unpickler::find_global(const std::string& module, const std::string& name) {
  const std::string full = module + "." + name;
  const bool known = storage_types().count(full) || full == kOrderedDict || full == kSize || full == kRebuildTensor ||
                     full == kRebuildParameter;
  if (!known)
    fail_input(
        "refuses to execute '{}': weights do not need it and this file may be malicious; if you trust it, save only "
        "its state_dict() with torch.save",
        printable(full));
  push(PickleGlobal{full});
}

void Unpickler::reduce() {
  const auto call = pop_many(2);
  const auto* function = std::get_if<PickleGlobal>(&call[0]->value);
  const auto* arguments = std::get_if<PickleList>(&call[1]->value);
  if (!function || !arguments) fail_input("the pickle is damaged: it calls something that is no function");
  if (function->name == kRebuildTensor)
    push(rebuild_tensor(*arguments));
  else if (function->name == kRebuildParameter)
    push(argument<PickleTensor>(*arguments, 0, "a parameter"));
  else if (function->name == kOrderedDict)
    push(ordered_dict(*arguments));
  else if (function->name == kSize)
    push(torch_size(*arguments));
  else
    fail_input("the pickle calls '{}', which is no function", function->name);
}

/// (storage, offset, sizes, strides, requires_grad, hooks)
Unpickler::Value Unpickler::rebuild_tensor(const PickleList& arguments) {
  PickleTensor tensor{argument<PickleStorage>(arguments, 0, "a tensor"), argument<int64_t>(arguments, 1, "a tensor"),
                      integers(argument<PickleList>(arguments, 2, "a tensor")),
                      integers(argument<PickleList>(arguments, 3, "a tensor"))};
  if (tensor.sizes.size() != tensor.strides.size())
    fail_input("the pickle is damaged: a tensor with {} sizes and {} strides", tensor.sizes.size(),
               tensor.strides.size());
  return tensor;
}

/// () or, from Python 2, ([[key, value], ...],)
Unpickler::Value Unpickler::ordered_dict(const PickleList& arguments) {
  PickleDict dict;
  if (arguments.items.empty()) return dict;
  const auto& pairs = argument<PickleList>(arguments, 0, "a dictionary");
  spend(pairs.items.size());
  for (size_t i = 0; i < pairs.items.size(); ++i) {
    const auto& pair = argument<PickleList>(pairs, i, "a dictionary");
    if (pair.items.size() != 2) fail_input("the pickle is damaged: a dictionary item is no pair");
    dict.items.emplace_back(pair.items[0], pair.items[1]);
  }
  return dict;
}

Unpickler::Value Unpickler::torch_size(const PickleList& arguments) {
  const auto& sizes = argument<PickleList>(arguments, 0, "a size");
  spend(sizes.items.size());
  return sizes;
}

/// ("storage", torch.FloatStorage, key, location, numel[, view])
void Unpickler::persistent_load() {
  const PickleValue* id = pop();
  const auto* fields = std::get_if<PickleList>(&id->value);
  if (!fields || argument<std::string>(*fields, 0, "a storage") != "storage")
    fail_input("the pickle is damaged: a reference that is no storage");
  const auto& type_name = argument<PickleGlobal>(*fields, 1, "a storage").name;
  const auto type = storage_types().find(type_name);
  if (type == storage_types().end()) fail_input("the pickle is damaged: '{}' is no storage", type_name);
  if (fields->items.size() > 5 && !std::holds_alternative<std::monostate>(fields->items[5]->value))
    fail(ErrorKind::Unsupported, "the file keeps views of storages, as PyTorch before 0.4 did: save it again");
  PickleStorage storage{argument<std::string>(*fields, 2, "a storage"), type->second,
                        argument<int64_t>(*fields, 4, "a storage")};
  if (storage.key.size() > kLongestKey) fail_input("the pickle names a storage with {} letters", storage.key.size());
  checked_numel({storage.numel}, "storage " + printable(storage.key));
  const auto& first = storages_.emplace(storage.key, storage).first->second;
  if (first.type != storage.type || first.numel != storage.numel)
    fail_input("the pickle is damaged: storage '{}' is described in two ways", printable(storage.key));
  push(std::move(storage));
}

}  // namespace thor
