// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace thor {

/// The values that a config field accepts.
struct Limits {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices;  ///< for text fields; empty = anything
};
inline Limits between(double min, double max) { return {min, max, {}}; }
inline Limits at_least(double min) { return {min, std::numeric_limits<double>::infinity(), {}}; }
inline Limits one_of(std::vector<std::string> choices) {
  Limits limits;
  limits.choices = std::move(choices);
  return limits;
}

/// The names of an enum's values 0, 1, ... in YAML, JSON and messages. An enum that is a setting has a function
/// `Names names_of(Enum)` beside it, the only place where its values are spelled.
using Names = std::vector<std::string>;
/// Returns the name of an enum's value.
template <class E, std::enable_if_t<std::is_enum_v<E>, int> = 0>
std::string name_of(E value) {
  return names_of(value).at(static_cast<size_t>(value));
}
/// Returns the value of an enum that has a name; nothing if none has.
template <class E>
std::optional<E> value_called(const std::string& name) {
  const Names names = names_of(E());
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<E>(found - names.begin());
}

/// A setting that is one of an enum's values, read and set by its name.
struct Choice {
  std::function<std::string()> get;
  std::function<void(const std::string&)> set;  ///< takes only names of the enum
};
/// Returns the setting that an enum is; the enum must outlive it.
template <class E>
Choice choice_of(E* value) {
  return {[value] { return name_of(*value); },
          [value](const std::string& name) { *value = value_called<E>(name).value(); }};
}

/// One item of a list as text: a plain value unchanged, a mapping or list as YAML on one line.
struct YamlText {
  std::string text;
};
void to_json(nlohmann::json& json, const YamlText& item);

/// The described fields of one or more config structs, under dotted names such as "detector.start_step".
/// A struct describes itself once (`void describe(Fields&)`); YAML, `--set`, JSON, checks and docs/reference.md
/// all come from that description. The struct must outlive the Fields that point into it.
/// One thread at a time uses the fields and the struct.
class Fields {
 public:
  using Value = std::variant<bool*, int64_t*, double*, std::string*, std::vector<bool>*, std::vector<int64_t>*,
                             std::vector<double>*, std::vector<std::string>*, std::vector<YamlText>*, Choice>;
  struct Field {
    std::string name;
    Value value;
    std::string help;
    Limits limits;
  };

  Fields() = default;
  template <class S>
  explicit Fields(S& described) {
    described.describe(*this);
  }

  void add(const std::string& name, Value value, std::string help, Limits limits = {});
  /// Adds a field that is one of an enum's values; the limits are their names.
  template <class E, std::enable_if_t<std::is_enum_v<E>, int> = 0>
  void add(const std::string& name, E* value, std::string help) {
    add(name, Value(choice_of(value)), std::move(help), one_of(names_of(E())));
  }
  /// Adds the fields of a nested struct under "<name>.".
  template <class S>
  void group(const std::string& name, S& described) {
    const std::string outer = prefix_;
    prefix_ += name + ".";
    described.describe(*this);
    prefix_ = outer;
  }

  const std::vector<Field>& list() const { return list_; }
  bool has(const std::string& name) const;

  /// Sets one field from YAML text. Throws Usage: unknown name (with the nearest one), wrong type, out of range.
  void set(const std::string& name, const std::string& yaml);
  /// Sets one field from "name=value", the form of `--set`.
  void assign(const std::string& assignment);
  /// Reads a YAML mapping (JSON is YAML too); fields not named keep their values.
  void read(const std::string& yaml_text);
  /// Reads a YAML mapping like `read`, but ignores keys that are not among these fields.
  void read_known(const std::string& yaml_text);
  /// Reads a YAML file like `read`; every error names the file.
  void read_file(const std::string& path);
  /// Returns all values as JSON, nested by the dots in the names.
  nlohmann::json to_json() const;

 private:
  std::string prefix_;
  std::vector<Field> list_;
};

/// Reads one item of the list called `list` into `fields`; errors name the list and the item.
void read_item(const std::string& list, size_t index, Fields fields, const YamlText& item);
/// Reads a list of mappings, each into its own S.
template <class S>
std::vector<S> read_items(const std::string& name, const std::vector<YamlText>& items) {
  std::vector<S> read(items.size());
  for (size_t i = 0; i < items.size(); ++i) read_item(name, i, Fields(read[i]), items[i]);
  return read;
}

/// Returns the candidate with the smallest edit distance to `name`, "" if none is near.
std::string nearest(const std::string& name, const std::vector<std::string>& candidates);
/// Returns "; did you mean 'x'?" for the nearest candidate, "" if none is near.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace thor
