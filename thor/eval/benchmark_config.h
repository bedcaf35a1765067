// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/eval/evaluation.h"
#include "thor/pipeline/model.h"

namespace thor {

/// A trained model under the name the methods call it by.
struct ModelEntry {
  std::string name, file;
  std::string member;  ///< of an ensemble only this network; "" = the whole
  void describe(Fields& fields);
};

/// One contender: a detector with its settings on one of the models.
struct MethodEntry {
  std::string name;              ///< its title in every table
  std::string model;             ///< "" where there is only one
  std::string detector;          ///< "" = the one the model recommends
  std::vector<std::string> set;  ///< "detector.start_step=250"
  void describe(Fields& fields);
};

/// Images with masks, and perhaps healthy images, on which everything that is marked is false.
struct DatasetEntry {
  std::string name, truth, healthy;
  void describe(Fields& fields);
};

/// `thor benchmark`: every method on every data set with every seed.
struct BenchmarkConfig {
  std::string title = "Benchmark", output = "benchmark", validation, calibration;
  Precision precision = Precision::Fp32;
  int64_t batch = 8;
  std::vector<int64_t> seeds{0};
  EvaluationConfig evaluation;
  std::vector<ModelEntry> models;
  std::vector<MethodEntry> methods;
  std::vector<DatasetEntry> datasets;
};

/// The YAML file as it is described; its lists are then read item by item.
struct BenchmarkFile {
  BenchmarkConfig& config;
  std::vector<YamlText> models, methods, datasets;
  void describe(Fields& fields);
};
/// Reads the YAML file; relative paths in it are made to start at its folder. Throws Usage: unknown keys, values out of
/// range, nothing to compare, names that are not distinct, a method on a model that is not listed.
BenchmarkConfig load_benchmark(const std::string& path);

/// `path` as seen from the folder of the config file that names it; "" and absolute paths stay.
std::string beside_config(const std::string& config_path, const std::string& path);

}  // namespace thor
