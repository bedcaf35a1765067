// SPDX-License-Identifier: Apache-2.0
#include "thor/cli/reference.h"

#include <fmt/format.h>

#include <cmath>

#include "thor/base/config.h"
#include "thor/cli/command.h"
#include "thor/cli/command_line.h"
#include "thor/data/preprocess_step.h"
#include "thor/detect/detector.h"
#include "thor/detect/evidence.h"
#include "thor/diffusion/sample.h"
#include "thor/eval/ablation.h"
#include "thor/eval/benchmark_config.h"
#include "thor/pipeline/model.h"
#include "thor/pipeline/volume_config.h"
#include "thor/synth/painting.h"
#include "thor/synth/phantom.h"
#include "thor/synth/scanner_change.h"
#include "thor/train/experiment.h"

namespace thor {
namespace {

/// The type and the default of a field, for people.
struct TypeAndDefault {
  std::string type, value;
};

struct Describe {
  TypeAndDefault operator()(const bool* value) const { return {"true or false", *value ? "true" : "false"}; }
  TypeAndDefault operator()(const int64_t* value) const { return {"whole number", fmt::format("{}", *value)}; }
  TypeAndDefault operator()(const double* value) const { return {"number", fmt::format("{}", *value)}; }
  TypeAndDefault operator()(const std::string* value) const { return {"text", *value}; }
  TypeAndDefault operator()(const Choice& choice) const { return {"text", choice.get()}; }
  TypeAndDefault operator()(const std::vector<bool>* values) const {
    std::vector<std::string> words;
    for (const bool value : *values) words.emplace_back(value ? "true" : "false");
    return {"list of true or false", fmt::format("[{}]", fmt::join(words, ", "))};
  }
  TypeAndDefault operator()(const std::vector<int64_t>* values) const { return list("whole numbers", *values); }
  TypeAndDefault operator()(const std::vector<double>* values) const { return list("numbers", *values); }
  TypeAndDefault operator()(const std::vector<std::string>* values) const { return list("texts", *values); }
  TypeAndDefault operator()(const std::vector<YamlText>* values) const {
    std::vector<std::string> texts;
    for (const YamlText& value : *values) texts.push_back(value.text);
    return list("items", texts);
  }
  template <class T>
  static TypeAndDefault list(const char* what, const std::vector<T>& values) {
    return {fmt::format("list of {}", what), fmt::format("[{}]", fmt::join(values, ", "))};
  }
};

std::string range_of(const Limits& limits) {
  if (!limits.choices.empty()) return fmt::format("{}", fmt::join(limits.choices, ", "));
  const bool below = std::isfinite(limits.min), above = std::isfinite(limits.max);
  if (below && above) return fmt::format("{} to {}", limits.min, limits.max);
  if (below) return fmt::format("at least {}", limits.min);
  return above ? fmt::format("at most {}", limits.max) : "";
}

/// A bar would end the cell of a table.
std::string cell(std::string text) {
  for (size_t i = 0; (i = text.find('|', i)) != std::string::npos; i += 2) text.insert(i, "\\");
  return text;
}

std::string as_code(const std::string& text) { return text.empty() ? "" : "`" + cell(text) + "`"; }

/// A table of described fields.
std::string keys_table(const Fields& fields) {
  if (fields.list().empty()) return "No keys.\n\n";
  std::string text = "| key | type | default | range | meaning |\n|---|---|---|---|---|\n";
  for (const Fields::Field& field : fields.list()) {
    const TypeAndDefault described = std::visit(Describe(), field.value);
    text += fmt::format("| `{}` | {} | {} | {} | {} |\n", field.name, described.type, as_code(described.value),
                        cell(range_of(field.limits)), cell(field.help));
  }
  return text + "\n";
}

std::string config_section(const std::string& title, const std::string& about, const Fields& fields) {
  return fmt::format("### {}\n{}\n\n{}", title, about, keys_table(fields));
}

/// The section of a config struct under `name.`.
template <class Config>
std::string section_of(const std::string& title, const std::string& about, const std::string& name) {
  Config config;
  Fields fields;
  fields.group(name, config);
  return config_section(title, about, fields);
}

std::string command_texts() {
  std::string text = "## Commands\n";
  for (const Command& command : commands())
    text += fmt::format("### thor {}\n```text\n{}```\n\n", command.name, help_text(command));
  return text;
}

std::string experiment_texts() {
  ModelConfig model;
  TrainConfig train;
  Fields fields(model);
  fields.group("train", train);
  return config_section(
      "Experiments",
      "A YAML file of `thor train` ([configs/](../configs)) has the sections `model`, `diffusion`, `noise`, "
      "`preprocess`, `train` and `detector`. A model keeps all of them.",
      fields);
}

std::string step_texts() {
  std::string text =
      "### Steps of `preprocess.steps`\nEach item of the list names a `step` and its parameters "
      "([volumes](volumes.md))."
      "\n\n";
  for (const PreprocessStepRow& row : preprocess_steps()) {
    const auto step = row.make();
    Fields fields;
    step->describe(fields);
    text += fmt::format("#### step: {}\n{}.\n\n{}", row.name, row.purpose, keys_table(fields));
  }
  return text;
}

std::string detector_texts() {
  std::string text =
      "### Detectors\nThe section `detector` has the key `name`, one of those below, and the keys of that detector; "
      "the "
      "defaults are those of a model with Gaussian noise. `detector.speed` stands for several of them at once "
      "([decision 0141](decisions/0141-a-speed-is-its-settings.md)).\n\n";
  for (const DetectorRow& row : detectors()) {
    const auto detector = row.make(NoiseKind::Gaussian);
    Fields fields;
    fields.group("detector", *detector);
    std::vector<std::string> speeds;
    for (const DetectorSpeed& speed : row.speeds) speeds.push_back(speed.name);
    text += fmt::format("#### {}\n{} ({}). Speeds: {}.\n\n{}", row.name, row.title, row.paper,
                        speeds.empty() ? "full" : fmt::format("{}", fmt::join(speeds, ", ")), keys_table(fields));
  }
  return text;
}

/// A described YAML file that holds its config by reference, with the items of its lists.
template <class Config, class File>
std::string file_section(const std::string& title, const std::string& about) {
  Config config;
  File file{config, {}, {}, {}};
  return config_section(title, about, Fields(file));
}

template <class Item>
std::string item_table(const std::string& list) {
  Item item;
  return fmt::format("Each item of `{}`:\n\n{}", list, keys_table(Fields(item)));
}

std::string config_texts() {
  return "## Configs\nEvery key can be given as `--set KEY=VALUE` where the command takes `--set`.\n\n" +
         experiment_texts() + step_texts() + detector_texts() +
         section_of<VolumeConfig>("Volumes", "What `thor detect` makes of the maps of volumes.", "volume") +
         section_of<EvaluationConfig>("Evaluation", "How `thor evaluate`, `thor benchmark` and `thor ablate` compare.",
                                      "evaluation") +
         section_of<SampleConfig>("Samples", "How `thor sample` draws.", "sample") +
         section_of<PhantomConfig>("Phantoms", "What `thor phantom` and `thor demo` draw.", "phantom") +
         section_of<PaintConfig>("Painted lesions", "What `thor paint` paints.", "paint") +
         section_of<ScannerChange>("Other scanners", "How `thor simulate` changes slices.", "change") +
         section_of<ReferenceConfig>("Yardsticks", "How `thor combine` measures what a member finds in healthy scans.",
                                     "reference") +
         file_section<BenchmarkConfig, BenchmarkFile>("Benchmarks", "The YAML file of `thor benchmark`.") +
         item_table<ModelEntry>("models") + item_table<MethodEntry>("methods") + item_table<DatasetEntry>("datasets") +
         file_section<AblationConfig, AblationFile>("Ablations", "The YAML file of `thor ablate`.") +
         item_table<AblationAxis>("axes") + item_table<AblationRow>("rows` and `reference");
}

}  // namespace

std::string reference_text() {
  std::string text =
      "# Reference\nAll commands and all keys of configs. This page is made from their declarations: `thor help "
      "--markdown > docs/reference.md`.\n\n" +
      command_texts() + config_texts();
  while (text.size() > 1 && text[text.size() - 2] == '\n') text.pop_back();
  return text;
}

}  // namespace thor
