// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>
#include <vector>

namespace thor {

/// What values a config field takes.
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

/// One item of a list whose items are themselves described or passed on: a plain value as it is, else YAML on one line.
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
                             std::vector<double>*, std::vector<std::string>*, std::vector<YamlText>*>;
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
  /// Takes "name=value", as `--set` does.
  void assign(const std::string& assignment);
  /// Reads a YAML mapping (JSON is YAML too); fields not named keep their values.
  void read(const std::string& yaml_text);
  /// The same, but passes over keys that are not among these fields.
  void read_known(const std::string& yaml_text);
  /// Like `read`, from a file, whose name is added to any error.
  void read_file(const std::string& path);
  /// All values, nested by the dots in the names.
  nlohmann::json to_json() const;

 private:
  std::string prefix_;
  std::vector<Field> list_;
};

/// Reads one item of the list called `list` into `fields`; errors say which item it was.
void read_item(const std::string& list, size_t index, Fields fields, const YamlText& item);
/// Reads a list of mappings, each into an S of its own.
template <class S>
std::vector<S> read_items(const std::string& name, const std::vector<YamlText>& items) {
  std::vector<S> read(items.size());
  for (size_t i = 0; i < items.size(); ++i) read_item(name, i, Fields(read[i]), items[i]);
  return read;
}

/// The candidate closest to `name` in edit distance, "" if none is near: for "did you mean".
std::string nearest(const std::string& name, const std::vector<std::string>& candidates);
/// "; did you mean 'x'?" or "" where nothing is near.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace thor
