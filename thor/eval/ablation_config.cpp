// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <optional>

#include "thor/base/error.h"
#include "thor/eval/ablation.h"

namespace thor {
namespace {

constexpr size_t kMaxAxes = 5, kMaxSettings = 1000;
constexpr const char* kModelAxis = "model";

void check_ablation(const AblationConfig& config) {
  if (config.truth.empty()) fail_usage("'truth' is missing: a CSV with image,mask[,group]");
  if (config.axes.empty() == config.rows.empty()) fail_usage("either 'axes' or 'rows' says what is varied");
  if (config.axes.size() > kMaxAxes)
    fail_usage("there are {} axes, at most {} are possible", config.axes.size(), kMaxAxes);
  if (config.seeds.empty()) fail_usage("'seeds' is empty; at least one is needed");
  size_t settings = 1;
  for (const AblationAxis& axis : config.axes) {
    if (axis.key.empty() || axis.values.empty()) fail_usage("the axis '{}' needs a key and values", axis.key);
    settings *= axis.values.size();
    if (settings > kMaxSettings) fail_usage("the axes make more than {} settings", kMaxSettings);
  }
  for (const AblationSetting& setting : settings_of(config))
    if (setting.model.empty()) fail_usage("'model' is missing: model.safetensors of a run");
}

/// Several settings under one name, where the value is a mapping. Throws Usage where that cannot be understood.
std::optional<AblationRow> named_value(const std::string& value) {
  if (value.empty() || value.front() != '{') return {};
  AblationRow row;
  Fields(row).read(value);
  if (row.name.empty() || !row.model.empty() || row.seed != 0)
    fail_usage("the value '{}' of an axis needs a name, and may have 'set' but no model and no seed", value);
  return row;
}

/// "detector.map.kernel" -> "kernel"
std::string leaf(const std::string& key) { return key.substr(key.rfind('.') + 1); }

AblationSetting combined(const AblationConfig& config, size_t number) {
  AblationSetting setting{"", {}, config.model, config.set, 0};
  std::vector<size_t> chosen(config.axes.size());
  for (size_t axis = config.axes.size(); axis-- > 0;) {
    chosen[axis] = number % config.axes[axis].values.size();
    number /= config.axes[axis].values.size();
  }
  for (size_t i = 0; i < config.axes.size(); ++i) {
    const AblationAxis& axis = config.axes[i];
    const std::string& value = axis.values[chosen[i]].text;
    setting.values.push_back(value_label(axis, axis.values[chosen[i]]));
    setting.name += fmt::format("{}{} {}", i ? ", " : "", leaf(axis.key), setting.values.back());
    if (const auto several = named_value(value))
      setting.set.insert(setting.set.end(), several->set.begin(), several->set.end());
    else if (axis.key == kModelAxis)
      setting.model = beside_config(config.file, value);
    else
      setting.set.push_back(axis.key + "=" + value);
  }
  return setting;
}

AblationSetting named(const AblationConfig& config, const AblationRow& row) {
  AblationSetting setting{row.name, {}, row.model.empty() ? config.model : row.model, config.set, row.seed};
  setting.set.insert(setting.set.end(), row.set.begin(), row.set.end());
  if (setting.name.empty()) setting.name = row.set.empty() ? "as it is" : fmt::format("{}", fmt::join(row.set, ", "));
  return setting;
}

}  // namespace

void AblationFile::describe(Fields& fields) {
  fields.add("title", &config.title, "of the page");
  fields.add("output", &config.output, "folder for the results");
  fields.add("model", &config.model, "model.safetensors of a run");
  fields.add("detector", &config.detector, "which method; default: the one that the model recommends");
  fields.add("set", &config.set, "detector.KEY=VALUE for all settings");
  fields.add("truth", &config.truth, "CSV: image,mask[,group]");
  fields.add("axes", &axes, "parameters to vary, every combination: key, values");
  fields.add("rows", &rows, "or single settings: name, model, set, seed");
  fields.add("reference", &reference, "settings like rows that come first; others are compared with the first");
  fields.add("seeds", &config.seeds, "every setting runs once with each; figures are means over them", at_least(0));
  fields.add("precision", &config.precision, "of the network");
  fields.add("batch", &config.batch, "images examined under all settings before the next", between(1, 4096));
  fields.add("memory_mb", &config.memory_mb, "for network calls that settings share", between(1, 1 << 20));
  fields.group("evaluation", config.evaluation);
}

void AblationAxis::describe(Fields& fields) {
  fields.add("key", &key, "detector.KEY, or model");
  fields.add("values", &values, "what it takes");
}

void AblationRow::describe(Fields& fields) {
  fields.add("name", &name, "title in the table");
  fields.add("model", &model, "another model than the config's");
  fields.add("set", &set, "detector.KEY=VALUE");
  fields.add("seed", &seed, "added to the seed of the run: the same setting with other random numbers", at_least(0));
}

std::string value_label(const AblationAxis& axis, const YamlText& value) {
  if (const auto several = named_value(value.text)) return several->name;
  if (axis.key != kModelAxis) return value.text;
  const auto path = std::filesystem::u8path(value.text);
  const bool usual = path.stem() == "model" && path.has_parent_path();
  return usual ? path.parent_path().filename().string() : path.stem().string();
}

std::vector<AblationSetting> settings_of(const AblationConfig& config) {
  std::vector<AblationSetting> settings;
  size_t combinations = config.axes.empty() ? 0 : 1;
  for (const AblationAxis& axis : config.axes) combinations *= axis.values.size();
  for (const AblationRow& row : config.reference) settings.push_back(named(config, row));
  for (size_t i = 0; i < combinations; ++i) settings.push_back(combined(config, i));
  for (const AblationRow& row : config.rows) settings.push_back(named(config, row));
  return settings;
}

AblationConfig load_ablation(const std::string& path) {
  AblationConfig config;
  config.file = path;
  AblationFile file{config, {}, {}, {}};
  Fields(file).read_file(path);
  with_context("reading " + path, [&] {
    config.axes = read_items<AblationAxis>("axes", file.axes);
    config.rows = read_items<AblationRow>("rows", file.rows);
    config.reference = read_items<AblationRow>("reference", file.reference);
    check_ablation(config);
  });
  for (auto* rows : {&config.rows, &config.reference})
    for (AblationRow& row : *rows) row.model = beside_config(path, row.model);
  config.model = beside_config(path, config.model);
  config.truth = beside_config(path, config.truth);
  config.output = beside_config(path, config.output);
  return config;
}

}  // namespace thor
