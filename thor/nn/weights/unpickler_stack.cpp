// SPDX-License-Identifier: Apache-2.0
// The stack, the memo and the containers of the unpickler.
#include "thor/nn/weights/unpickler.h"

namespace thor {

void Unpickler::push(Value value) {
  arena_.push_back({std::move(value)});
  stack_.push_back(&arena_.back());
}

PickleValue& Unpickler::top() {
  if (stack_.empty() || (!marks_.empty() && marks_.back() >= stack_.size()))
    fail_input("the pickle is damaged: it uses a value that is not there");
  return *stack_.back();
}

PickleValue* Unpickler::pop() {
  PickleValue* value = &top();
  stack_.pop_back();
  return value;
}

std::vector<PickleRef> Unpickler::pop_many(size_t count) {
  std::vector<PickleRef> values(count);
  for (size_t i = count; i-- > 0;) values[i] = pop();
  return values;
}

std::vector<PickleRef> Unpickler::pop_to_mark() {
  if (marks_.empty()) fail_input("the pickle is damaged: it closes a list it never opened");
  const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<PickleRef> values(first, stack_.end());
  stack_.erase(first, stack_.end());
  marks_.pop_back();
  return values;
}

void Unpickler::memoize(uint64_t index) { memo_[index] = &top(); }

void Unpickler::spend(uint64_t steps) {
  if (steps > steps_left_) fail_input("the pickle is too long: more than 4 million steps");
  steps_left_ -= steps;
}

void Unpickler::append(const std::vector<PickleRef>& items) {
  auto* list = std::get_if<PickleList>(&top().value);
  if (!list) fail_input("the pickle is damaged: it appends to something that is no list");
  list->items.insert(list->items.end(), items.begin(), items.end());
}

void Unpickler::set_items(const std::vector<PickleRef>& keys_and_values) {
  auto* dict = std::get_if<PickleDict>(&top().value);
  if (!dict || keys_and_values.size() % 2 != 0)
    fail_input("the pickle is damaged: it sets items of something that is no dictionary");
  for (size_t i = 0; i < keys_and_values.size(); i += 2)
    dict->items.emplace_back(keys_and_values[i], keys_and_values[i + 1]);
}

}  // namespace thor
