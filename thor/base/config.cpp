// SPDX-License-Identifier: Apache-2.0
#include "thor/base/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "thor/base/error.h"
#include "thor/base/file.h"

namespace thor {
namespace {

template <class T>
constexpr const char* kTypeName = "text";
template <>
constexpr const char* kTypeName<bool> = "true or false";
template <>
constexpr const char* kTypeName<int64_t> = "a whole number";
template <>
constexpr const char* kTypeName<double> = "a number";

void check(const Fields::Field& field, double value) {
  if (!(value >= field.limits.min && value <= field.limits.max))
    fail_usage("'{}' is {}, outside its range [{}, {}]", field.name, value, field.limits.min, field.limits.max);
}

void check(const Fields::Field& field, const std::string& value) {
  const auto& choices = field.limits.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), value) == choices.end())
    fail_usage("'{}' is '{}', expected one of: {}{}", field.name, value, fmt::join(choices, ", "),
               did_you_mean(value, choices));
}

template <class T>
T scalar(const Fields::Field& field, const YAML::Node& node) {
  try {
    if (!node.IsScalar()) throw YAML::Exception(node.Mark(), "not a scalar");
    T value = node.as<T>();
    if constexpr (std::is_same_v<T, std::string>) {
      check(field, value);
    } else if constexpr (!std::is_same_v<T, bool>) {
      if (!std::isfinite(static_cast<double>(value))) throw YAML::Exception(node.Mark(), "not finite");
      check(field, static_cast<double>(value));
    }
    return value;
  } catch (const YAML::Exception&) {
    fail_usage("'{}' is '{}', expected {}", field.name, node.IsScalar() ? node.Scalar() : "a list or mapping",
               kTypeName<T>);
  }
}

std::vector<YamlText> items_of(const Fields::Field& field, const YAML::Node& node) {
  if (!node.IsSequence()) fail_usage("'{}' must be a list", field.name);
  std::vector<YamlText> items;
  for (const auto& item : node) {
    YAML::Emitter out;
    out << YAML::Flow << item;
    items.push_back({item.IsScalar() ? item.Scalar() : out.c_str()});
  }
  return items;
}

void assign_node(const Fields::Field& field, const YAML::Node& node) {
  const auto many = [&](auto* values) {
    using T = typename std::decay_t<decltype(*values)>::value_type;
    if (!node.IsSequence()) fail_usage("'{}' must be a list of values: [a, b, ...], each {}", field.name, kTypeName<T>);
    std::decay_t<decltype(*values)> read;
    for (const auto& item : node) read.push_back(scalar<T>(field, item));
    *values = std::move(read);
  };
  std::visit(
      [&](const auto& value) {
        using V = std::remove_pointer_t<std::decay_t<decltype(value)>>;
        if constexpr (std::is_same_v<V, Choice>)
          value.set(scalar<std::string>(field, node));
        else if constexpr (std::is_same_v<V, std::string> || std::is_arithmetic_v<V>)
          *value = scalar<V>(field, node);
        else if constexpr (std::is_same_v<V, std::vector<YamlText>>)
          *value = items_of(field, node);
        else
          many(value);
      },
      field.value);
}

YAML::Node parse(const std::string& text) {
  try {
    return YAML::Load(text);
  } catch (const YAML::Exception& e) {
    fail_usage("not valid YAML at line {}: {}", e.mark.line + 1, e.msg);
  }
}

std::vector<std::string> names_of(const std::vector<Fields::Field>& list) {
  std::vector<std::string> names;
  for (const auto& field : list) names.push_back(field.name);
  return names;
}

}  // namespace

void Fields::add(const std::string& name, Value value, std::string help, Limits limits) {
  list_.push_back({prefix_ + name, std::move(value), std::move(help), std::move(limits)});
}

bool Fields::has(const std::string& name) const {
  return std::any_of(list_.begin(), list_.end(), [&](const Field& f) { return f.name == name; });
}

static void set_node(const std::vector<Fields::Field>& list, const std::string& name, const YAML::Node& node) {
  for (const auto& field : list)
    if (field.name == name) return assign_node(field, node);
  if (node.IsMap()) {
    const bool known =
        std::any_of(list.begin(), list.end(), [&](const auto& f) { return f.name.rfind(name + ".", 0) == 0; });
    if (known || name.empty()) {
      for (const auto& item : node) {
        const std::string key = item.first.Scalar();
        set_node(list, name.empty() ? key : name + "." + key, item.second);
      }
      return;
    }
  }
  fail_usage("unknown config key '{}'{}", name, did_you_mean(name, names_of(list)));
}

void Fields::set(const std::string& name, const std::string& yaml) { set_node(list_, name, parse(yaml)); }

void Fields::assign(const std::string& assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string::npos) fail_usage("'{}' is not of the form key=value", assignment);
  set(assignment.substr(0, equals), assignment.substr(equals + 1));
}

void Fields::read(const std::string& yaml_text) {
  const YAML::Node root = parse(yaml_text);
  if (root.IsNull()) return;
  if (!root.IsMap()) fail_usage("a config is a mapping of keys to values");
  set_node(list_, "", root);
}

void Fields::read_known(const std::string& yaml_text) {
  for (const auto& field : list_) {
    YAML::Node node = parse(yaml_text);
    std::istringstream path(field.name);
    for (std::string key; node.IsDefined() && std::getline(path, key, '.');)
      node.reset(node.IsMap() ? node[key] : YAML::Node(YAML::NodeType::Undefined));
    if (node.IsDefined() && !node.IsMap() && !node.IsNull()) assign_node(field, node);
  }
}

void Fields::read_file(const std::string& path) {
  with_context("reading " + path, [&] { read(read_text_file(path, 1 << 20)); });
}

nlohmann::json Fields::to_json() const {
  nlohmann::json root = nlohmann::json::object();
  for (const auto& field : list_) {
    nlohmann::json* at = &root;
    size_t begin = 0;
    for (size_t dot; (dot = field.name.find('.', begin)) != std::string::npos; begin = dot + 1)
      at = &(*at)[field.name.substr(begin, dot - begin)];
    nlohmann::json& there = (*at)[field.name.substr(begin)];
    std::visit(
        [&](const auto& value) {
          if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Choice>)
            there = value.get();
          else
            there = *value;
        },
        field.value);
  }
  return root;
}

void to_json(nlohmann::json& json, const YamlText& item) { json = item.text; }

void read_item(const std::string& list, size_t index, Fields fields, const YamlText& item) {
  with_context(fmt::format("reading item {} of '{}'", index + 1, list), [&] { fields.read(item.text); });
}

std::string nearest(const std::string& name, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(2, name.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    std::vector<size_t> row(candidate.size() + 1);  // Levenshtein, one row at a time
    std::iota(row.begin(), row.end(), 0);
    for (size_t i = 0; i < name.size(); ++i) {
      size_t diagonal = row[0]++;
      for (size_t j = 0; j < candidate.size(); ++j) {
        const size_t substitute = diagonal + (name[i] != candidate[j]);
        diagonal = row[j + 1];
        row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, substitute});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates) {
  std::string best = nearest(name, candidates);
  if (best.empty()) {  // a key written without its group, or with the wrong one
    const std::string leaf = name.substr(name.rfind('.') + 1);
    for (const auto& candidate : candidates)
      if (candidate.size() > leaf.size() &&
          candidate.compare(candidate.size() - leaf.size() - 1, std::string::npos, "." + leaf) == 0)
        best = candidate;
  }
  return best.empty() ? "" : "; did you mean '" + best + "'?";
}

}  // namespace thor
