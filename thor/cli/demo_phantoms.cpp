// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/cli/demo.h"
#include "thor/data/split.h"
#include "thor/eval/evaluation.h"
#include "thor/image/image.h"
#include "thor/image/overlay.h"
#include "thor/pipeline/detector_choice.h"
#include "thor/results/detect_files.h"
#include "thor/synth/phantom.h"
#include "thor/train/trainer.h"

namespace thor {
namespace {

constexpr size_t kCasesShown = 9;

/// What one detector found on the phantoms.
struct Contestant {
  std::string title;
  FolderResult maps;
  Evaluation evaluation;
};

/// "phantom.*" goes to the phantoms, the rest to the experiment.
ExperimentConfig read_configs(const DemoOptions& options, PhantomConfig& phantoms) {
  std::vector<std::string> rest;
  std::vector<std::string> ours;
  for (const auto& set : options.sets) (set.rfind("phantom.", 0) == 0 ? ours : rest).push_back(set);
  ExperimentConfig experiment = load_experiment(options.config, rest);
  phantoms.size = experiment.model.preprocess.size;
  phantoms.seed = static_cast<int64_t>(options.seed);
  Fields fields;
  fields.group("phantom", phantoms);
  for (const auto& set : ours) fields.assign(set);
  return experiment;
}

Contestant compete(const DemoOptions& options, const std::string& model_path, const DetectorRow& row) {
  Model model = load_model(model_path);
  // Both walk the same number of steps.
  const std::string steps = parse(model.detector).at("sampler").at("steps").dump();
  DetectorChoice choice = choose_detector(model, row.name, {"detector.sampler.steps=" + steps});
  RunConfig run;
  run.seed = options.seed;
  run.device = options.device;
  const std::string folder = options.output + "/maps-" + row.name, truth = options.output + "/phantoms/test.csv";
  DetectOptions detect;
  detect.inputs = {truth};
  detect.output = folder;
  detect.detector_name = choice.name;
  detect.detector_config = choice.config;
  const Pipeline pipeline(std::move(model), std::move(choice.detector), run);
  Contestant result{row.name == "thor" ? "THOR" : "DDPM", detect_files(pipeline, detect, run), {}};
  if (interrupted()) throw Interrupted();
  if (!result.maps.failed.empty()) fail_input("{}", result.maps.failed[0].message);
  result.evaluation = evaluate_folder(folder, truth, {}, {}, false);
  return result;
}

std::vector<std::vector<std::string>> table_of(const std::vector<Contestant>& contestants) {
  std::vector<std::vector<std::string>> table{{"lesions", "cases"}};
  for (const auto& c : contestants) table[0].push_back(c.title + ": oracle Dice %");
  for (const auto& c : contestants) table[0].push_back(c.title + ": AUPRC %");
  const auto& groups = contestants[0].evaluation.groups;
  for (size_t g = 0; g < groups.size(); ++g) {
    table.push_back({groups[g].group, std::to_string(groups[g].cases)});
    for (const auto& c : contestants)
      table.back().push_back(fmt::format("{:.1f}", 100 * c.evaluation.groups.at(g).oracle().pooled_dice.mean));
    for (const auto& c : contestants)
      table.back().push_back(fmt::format("{:.1f}", 100 * c.evaluation.groups.at(g).auprc));
  }
  return table;
}

/// A picture for the page: [H,W], brightest = 1.
Tensor picture(const std::string& path) {
  const Tensor voxels = read_image(path).voxels[0];
  return voxels / voxels.max().clamp_min(1e-6);
}

std::vector<PageCase> cases_of(const std::vector<SplitRow>& rows, const std::vector<Contestant>& contestants) {
  std::vector<PageCase> cases;
  for (size_t i = 0; i < std::min(kCasesShown, contestants[0].maps.done.size()); ++i) {
    const CaseOutput& first = contestants[0].maps.done[i];
    const Tensor input = picture(first.input);
    PageCase shown{first.name, {}, {{"input", input}}};
    for (const auto& row : rows)
      if (row.name == first.name || row.image == first.input) {
        shown.text = row.group + " lesion";
        shown.pictures.emplace_back("truth", overlay(input, picture(row.mask)));
      }
    for (const auto& c : contestants) {
      const CaseOutput& output = c.maps.done.at(i);
      const Tensor map = picture(output.map_path);
      std::string healthy = output.map_path;
      healthy.replace(healthy.rfind("_map"), 4, "_pseudo_healthy");
      shown.pictures.emplace_back(c.title + ": pseudo-healthy", picture(healthy));
      shown.pictures.emplace_back(c.title + ": map", heat(map));
      shown.pictures.emplace_back(c.title + ": overlay", overlay(input, map));
    }
    cases.push_back(std::move(shown));
  }
  return cases;
}

}  // namespace

PageSection demo_phantoms(const DemoOptions& options) {
  PhantomConfig phantoms;
  const ExperimentConfig experiment = read_configs(options, phantoms);
  const std::string data = options.output + "/phantoms";
  write_phantoms(data, phantoms);
  info("training a small model on {} healthy phantoms", phantoms.train);
  const TrainResult trained =
      train(experiment, {data + "/train.csv", data + "/val.csv", options.output + "/run"}, false, options.device);
  if (trained.interrupted) throw Interrupted();

  std::vector<Contestant> contestants;
  for (const auto& row : detectors())
    if (row.name == "thor" || row.name == "ddpm") contestants.push_back(compete(options, trained.model_path, row));
  PageSection section;
  section.title = "The whole way on phantoms";
  section.text = fmt::format(
      "A network trained just now, for {} steps on {} healthy synthetic slices, looked at slices with one lesion each, "
      "which it had never seen. Dice is oracle Dice: the best of 101 thresholds on these very cases. Every map is "
      "drawn "
      "to its own maximum.",
      trained.step, phantoms.train);
  section.tables = {{{}, table_of(contestants), {}}};
  section.cases = cases_of(read_split(data + "/test.csv"), contestants);
  return section;
}

}  // namespace thor
