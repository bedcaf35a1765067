// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/benchmark_config.h"

#include <algorithm>
#include <filesystem>

#include "thor/base/error.h"
#include "thor/eval/cell_store.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

/// Throws Usage unless every entry has a name, and another one than the others, as part of a file name too.
template <class Entry>
void check_names(const char* list, const std::vector<Entry>& entries) {
  if (entries.empty()) fail_usage("'{}' is empty or missing; at least one is needed", list);
  std::vector<std::string> words;
  for (const Entry& entry : entries) {
    const std::string word = file_word(entry.name);
    if (word.empty()) fail_usage("an item of '{}' has the name '{}'; expected letters or digits", list, entry.name);
    if (std::find(words.begin(), words.end(), word) != words.end())
      fail_usage("two items of '{}' are called '{}'; files are named by letters and digits only", list, entry.name);
    words.push_back(word);
  }
}

void choose_models(BenchmarkConfig& config) {
  std::vector<std::string> names;
  for (const ModelEntry& model : config.models) names.push_back(model.name);
  for (MethodEntry& method : config.methods) {
    if (method.model.empty() && names.size() == 1) method.model = names[0];
    if (std::find(names.begin(), names.end(), method.model) == names.end())
      fail_usage("method '{}' wants the model '{}'{}; models are: {}", method.name, method.model,
                 did_you_mean(method.model, names), fmt::join(names, ", "));
  }
}

void check_benchmark(const BenchmarkConfig& config) {
  check_names("models", config.models);
  check_names("methods", config.methods);
  check_names("datasets", config.datasets);
  for (const ModelEntry& model : config.models)
    if (model.file.empty()) fail_usage("model '{}' has no 'file'", model.name);
  for (const DatasetEntry& dataset : config.datasets)
    if (dataset.truth.empty()) fail_usage("data set '{}' has no 'truth', a CSV with image,mask", dataset.name);
  if (config.seeds.empty()) fail_usage("'seeds' is empty; at least one is needed");
}

}  // namespace

void BenchmarkFile::describe(Fields& fields) {
  fields.add("title", &config.title, "of the page");
  fields.add("output", &config.output, "folder for the results");
  fields.add("models", &models, "trained models: name, file, member");
  fields.add("methods", &methods, "contenders: name, model, detector, set");
  fields.add("datasets", &datasets, "test sets: name, truth, healthy");
  fields.add("seeds", &config.seeds, "every method runs once with each; figures are means over them", at_least(0));
  fields.add("validation", &config.validation, "CSV with masks that no data set contains: where thresholds come from");
  fields.add("calibration", &config.calibration,
             "CSV of healthy images that no data set contains: where thresholds at 1, 2 and 5 % come from");
  fields.add("precision", &config.precision, "of the network");
  fields.add("batch", &config.batch, "images at once; changes speed, not results", between(1, 4096));
  fields.group("evaluation", config.evaluation);
}

void ModelEntry::describe(Fields& fields) {
  fields.add("name", &name, "what methods call it");
  fields.add("file", &file, "model.safetensors of a run");
  fields.add("member", &member, "of an ensemble only this network");
}

void MethodEntry::describe(Fields& fields) {
  fields.add("name", &name, "title in the tables");
  fields.add("model", &model, "one of the models");
  fields.add("detector", &detector, "which method; default: the one that the model recommends");
  fields.add("set", &set, "its settings, detector.KEY=VALUE each");
}

void DatasetEntry::describe(Fields& fields) {
  fields.add("name", &name, "title in the tables");
  fields.add("truth", &truth, "CSV: image,mask[,group]");
  fields.add("healthy", &healthy, "CSV of healthy images, for the false-positive rate");
}

std::string beside_config(const std::string& config_path, const std::string& path) {
  if (path.empty()) return path;
  return (fs::u8path(config_path).parent_path() / fs::u8path(path)).lexically_normal().string();
}

BenchmarkConfig load_benchmark(const std::string& path) {
  BenchmarkConfig config;
  BenchmarkFile file{config, {}, {}, {}};
  Fields(file).read_file(path);
  with_context("reading " + path, [&] {
    config.models = read_items<ModelEntry>("models", file.models);
    config.methods = read_items<MethodEntry>("methods", file.methods);
    config.datasets = read_items<DatasetEntry>("datasets", file.datasets);
    check_benchmark(config);
    choose_models(config);
  });
  for (ModelEntry& model : config.models) model.file = beside_config(path, model.file);
  for (DatasetEntry& dataset : config.datasets) {
    dataset.truth = beside_config(path, dataset.truth);
    dataset.healthy = beside_config(path, dataset.healthy);
  }
  config.validation = beside_config(path, config.validation);
  config.calibration = beside_config(path, config.calibration);
  config.output = beside_config(path, config.output);
  return config;
}

}  // namespace thor
