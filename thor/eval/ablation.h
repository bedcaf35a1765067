// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/eval/benchmark.h"

namespace thor {

/// One parameter that is varied: a detector's key, or "model" for files of models. A value that is a mapping is several
/// settings under one name, like a row; the key is then only what the axis is called.
struct AblationAxis {
  std::string key;
  std::vector<YamlText> values;
  void describe(Fields& fields);
};

/// One setting that is named instead of made from axes.
struct AblationRow {
  std::string name, model;       ///< model: "" = the config's
  std::vector<std::string> set;  ///< beyond the config's
  int64_t seed = 0;              ///< added to the seed of the run
  void describe(Fields& fields);
};

/// `thor ablate`: one detector with every combination of the axes' values, or with each of the rows.
struct AblationConfig {
  std::string file;  ///< of this config; where relative paths of models start
  std::string title = "Ablation", output = "ablation", model, detector, truth;
  Precision precision = Precision::Fp32;
  std::vector<std::string> set;  ///< what all settings share
  std::vector<AblationAxis> axes;
  std::vector<AblationRow> rows;
  std::vector<AblationRow> reference;  ///< examined first; the others are compared with the first of them
  std::vector<int64_t> seeds{0};
  int64_t batch = 8, memory_mb = 2048;
  EvaluationConfig evaluation;
};
/// The YAML file as it is described; its lists are then read item by item.
struct AblationFile {
  AblationConfig& config;
  std::vector<YamlText> axes, rows, reference;
  void describe(Fields& fields);
};
/// Reads the YAML file; relative paths start at its folder. Throws Usage: unknown keys, neither or both of axes and
/// rows, more than five axes, an axis without values.
AblationConfig load_ablation(const std::string& path);

/// One combination: what it is called, and how it is set.
struct AblationSetting {
  std::string name;                 ///< "start_step 250, perceptual ssim"
  std::vector<std::string> values;  ///< one for each axis, as tables show it; empty for rows
  std::string model;
  std::vector<std::string> set;
  int64_t seed = 0;  ///< added to the seed of the run
};
/// A value of an axis as tables show it: itself, and for a file of a model what tells it from others, its folder's name
/// where the file is called model.safetensors as all of them.
std::string value_label(const AblationAxis& axis, const YamlText& value);
/// All settings: the references, then the combinations, the last axis fastest, or the rows.
std::vector<AblationSetting> settings_of(const AblationConfig& config);

struct AblationResult {
  AblationConfig config;
  std::vector<AblationSetting> settings;
  std::vector<CellResult> cells;       ///< by seed, then setting; `method` is the setting, `dataset` 0
  std::vector<double> computed_calls;  ///< for each cell: network calls really computed per image
  std::vector<Interval> correlation;   ///< for each cell: of its maps with those of the first setting
  std::vector<LeftOut> unreadable;     ///< images that could not be used by any setting
  int64_t computed = 0;                ///< parts this run made; the others were finished already
  std::vector<const CellResult*> cells_of(size_t setting) const;
};

/// Examines the images batch by batch under every setting, so that settings share the network calls they have in
/// common; every (setting, seed, batch) is kept in OUTPUT/cells and not repeated. Throws Interrupted.
AblationResult run_ablation(const AblationConfig& config, RunConfig run);

/// Settings, models and results.
JsonText ablation_json(const AblationResult& result);
std::string ablation_csv(const AblationResult& result);

/// Mean Pearson correlation of the maps that both sets have, each over its pixels, with its interval over the cases.
/// NaN where there are none or grids differ; a constant map does not count.
Interval map_correlation(const MapSet& a, const MapSet& b, const EvaluationConfig& config);

}  // namespace thor
