// SPDX-License-Identifier: Apache-2.0
// The stack machine of pickle protocols 2 to 5 (documented in Python's pickletools), without what builds objects.
#include "thor/nn/weights/unpickler.h"

#include <algorithm>

namespace thor {
namespace {

enum Opcode : uint8_t {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kProto = 0x80,
  kFrame = 0x95,
  kNone = 'N',
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kLong1 = 0x8a,
  kBinFloat = 'G',
  kBinUnicode = 'X',
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kBinString = 'T',
  kShortBinString = 'U',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kBinBytes8 = 0x8e,
  kEmptyTuple = ')',
  kTuple = 't',
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kEmptyList = ']',
  kList = 'l',
  kAppend = 'a',
  kAppends = 'e',
  kEmptyDict = '}',
  kDict = 'd',
  kSetItem = 's',
  kSetItems = 'u',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kMemoize = 0x94,
  kBinGet = 'h',
  kLongBinGet = 'j',
  kGlobal = 'c',
  kStackGlobal = 0x93,
  kInst = 'i',
  kReduce = 'R',
  kBuild = 'b',
  kBinPersId = 'Q',
};

int64_t little_endian(const std::string& bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) value |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
  const bool negative = !bytes.empty() && (static_cast<uint8_t>(bytes.back()) & 0x80);
  if (negative && bytes.size() < 8) value |= ~uint64_t{0} << (8 * bytes.size());
  return static_cast<int64_t>(value);
}

}  // namespace

const PickleValue& Unpickler::load() {
  for (;;) {
    spend(1);
    const auto opcode = reader_.read<uint8_t>();
    if (opcode == kStop) return *pop();
    if (push_number(opcode) || push_text(opcode) || build_container(opcode) || use_memo(opcode) || use_global(opcode))
      continue;
    fail(ErrorKind::Unsupported, "the pickle has the instruction 0x{:02x}, which torch.save does not write for weights",
         opcode);
  }
}

bool Unpickler::push_number(uint8_t opcode) {
  switch (opcode) {
    case kProto:
      reader_.skip(1);
      return true;
    case kFrame:
      reader_.skip(8);
      return true;
    case kNone:
      push(std::monostate{});
      return true;
    case kNewTrue:
      push(int64_t{1});
      return true;
    case kNewFalse:
      push(int64_t{0});
      return true;
    case kBinInt:
      push(int64_t{reader_.read<int32_t>()});
      return true;
    case kBinInt1:
      push(int64_t{reader_.read<uint8_t>()});
      return true;
    case kBinInt2:
      push(int64_t{reader_.read<uint16_t>()});
      return true;
    case kLong1: {
      std::string bytes = reader_.text(reader_.read<uint8_t>());
      if (bytes.size() <= 8)
        push(little_endian(bytes));
      else
        push(PickleBytes{std::move(bytes)});
      return true;
    }
    case kBinFloat: {
      std::string bytes = reader_.text(8);
      std::reverse(bytes.begin(), bytes.end());
      push(MemoryReader(reinterpret_cast<const uint8_t*>(bytes.data()), 8).read<double>());
      return true;
    }
    default:
      return false;
  }
}

bool Unpickler::push_text(uint8_t opcode) {
  switch (opcode) {
    case kShortBinUnicode:
    case kShortBinString:
      push(reader_.text(reader_.read<uint8_t>()));
      return true;
    case kBinUnicode:
    case kBinString:
      push(reader_.text(reader_.read<uint32_t>()));
      return true;
    case kBinUnicode8:
      push(reader_.text(reader_.read<uint64_t>()));
      return true;
    case kShortBinBytes:
      push(PickleBytes{reader_.text(reader_.read<uint8_t>())});
      return true;
    case kBinBytes:
      push(PickleBytes{reader_.text(reader_.read<uint32_t>())});
      return true;
    case kBinBytes8:
      push(PickleBytes{reader_.text(reader_.read<uint64_t>())});
      return true;
    default:
      return false;
  }
}

bool Unpickler::build_container(uint8_t opcode) {
  switch (opcode) {
    case kMark:
      marks_.push_back(stack_.size());
      return true;
    case kPop:
      pop();
      return true;
    case kEmptyTuple:
    case kEmptyList:
      push(PickleList{});
      return true;
    case kTuple:
    case kList:
      push(PickleList{pop_to_mark()});
      return true;
    case kTuple1:
      push(PickleList{pop_many(1)});
      return true;
    case kTuple2:
      push(PickleList{pop_many(2)});
      return true;
    case kTuple3:
      push(PickleList{pop_many(3)});
      return true;
    case kAppend:
      append(pop_many(1));
      return true;
    case kAppends:
      append(pop_to_mark());
      return true;
    case kEmptyDict:
      push(PickleDict{});
      return true;
    case kDict: {
      const auto items = pop_to_mark();
      push(PickleDict{});
      set_items(items);
      return true;
    }
    case kSetItem:
      set_items(pop_many(2));
      return true;
    case kSetItems:
      set_items(pop_to_mark());
      return true;
    default:
      return false;
  }
}

bool Unpickler::use_memo(uint8_t opcode) {
  const auto recall = [&](uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) fail_input("the pickle is damaged: it recalls a value {} it never kept", index);
    stack_.push_back(found->second);
  };
  switch (opcode) {
    case kBinPut:
      memoize(reader_.read<uint8_t>());
      return true;
    case kLongBinPut:
      memoize(reader_.read<uint32_t>());
      return true;
    case kMemoize:
      memoize(memo_.size());
      return true;
    case kBinGet:
      recall(reader_.read<uint8_t>());
      return true;
    case kLongBinGet:
      recall(reader_.read<uint32_t>());
      return true;
    default:
      return false;
  }
}

bool Unpickler::use_global(uint8_t opcode) {
  switch (opcode) {
    case kInst:
    case kGlobal: {
      const std::string module = reader_.line();
      find_global(module, reader_.line());
      return opcode == kGlobal;
    }
    case kStackGlobal: {
      const auto names = pop_many(2);
      const auto* module = std::get_if<std::string>(&names[0]->value);
      const auto* name = std::get_if<std::string>(&names[1]->value);
      if (!module || !name) fail_input("the pickle is damaged: a global without a name");
      find_global(*module, *name);
      return true;
    }
    case kReduce:
      reduce();
      return true;
    // The state of an object, such as the `_metadata` of a state dict, holds no weights.
    case kBuild:
      pop();
      top();
      return true;
    case kBinPersId:
      persistent_load();
      return true;
    default:
      return false;
  }
}

}  // namespace thor
