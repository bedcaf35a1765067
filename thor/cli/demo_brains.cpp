// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/cli/demo.h"
#include "thor/data/split.h"
#include "thor/eval/evaluation.h"
#include "thor/image/image.h"
#include "thor/image/outline.h"
#include "thor/image/overlay.h"
#include "thor/pipeline/calibration.h"
#include "thor/pipeline/detector_choice.h"
#include "thor/pipeline/model_place.h"
#include "thor/results/detect_files.h"
#include "thor/results/map_folder.h"

namespace thor {
namespace {

constexpr const char* kShippedModel = "brain-t1-axial";
constexpr const char* kShippedBrains = "demo/index.csv";  // beside the models

/// The findings in the brains, their evaluation and the calibration.
struct BrainFindings {
  std::vector<SplitRow> rows;
  FolderResult results;
  MapFolder maps;
  Evaluation evaluation;
  std::optional<Calibration> calibration;
};

std::string find_brains(const std::vector<std::string>& folders) {
  for (const std::string& folder : folders)
    if (const std::string index = folder + "/" + kShippedBrains; std::filesystem::exists(index)) return index;
  fail_input("there is no '{}' beside the models", kShippedBrains);
}

BrainFindings find_in_brains(const DemoOptions& options, const std::string& model_path, const std::string& truth) {
  Model model = load_model(model_path);
  DetectorChoice choice = choose_detector(model, "", {});
  RunConfig run;
  run.seed = options.seed;
  run.device = options.device;
  const Pipeline pipeline(std::move(model), std::move(choice.detector), run);
  const auto calibration = find_calibration(pipeline.model(), {choice.name, choice.config, pipeline.perceptual()});
  DetectOptions detect;
  detect.inputs = {truth};
  detect.output = options.output + "/maps-brains";
  detect.detector_name = choice.name;
  detect.detector_config = choice.config;
  FolderResult results = detect_files(pipeline, detect, run);
  throw_if_interrupted();
  if (!results.failed.empty()) fail_input("{}", results.failed[0].message);
  return {read_split(truth), std::move(results), MapFolder(detect.output),
          evaluate_folder(detect.output, truth, {}, {}, false), calibration};
}

/// "0.4 %"
std::string rate_text(const Calibration& calibration) {
  return fmt::format("{:g} %", 100 * calibration.default_rate());
}

constexpr size_t kOracle = 0;
/// The index of the scores at the threshold of the masks: those of the calibration follow the oracle's, by rate.
size_t index_of_mask(const Calibration& calibration) {
  const auto& thresholds = calibration.thresholds;
  return 1 + static_cast<size_t>(std::distance(thresholds.begin(), thresholds.find(calibration.default_rate())));
}

std::string percent_of(double share) { return fmt::format("{:.3g} %", 100 * share); }

PageTable dice_table(const BrainFindings& found) {
  PageTable table{"Dice in %, pixels pooled over the cases", {{"lesions", "cases", "oracle threshold"}}, {}};
  if (found.calibration)
    table.rows[0].push_back(fmt::format("calibrated threshold, {} of healthy pixels", rate_text(*found.calibration)));
  for (const GroupScores& group : found.evaluation.groups) {
    table.rows.push_back({group.group, std::to_string(group.cases)});
    std::vector<size_t> shown{kOracle};
    if (found.calibration) shown.push_back(index_of_mask(*found.calibration));
    for (const size_t i : shown)
      table.rows.back().push_back(fmt::format("{:.1f}", 100 * group.thresholds.at(i).pooled_dice.mean));
  }
  return table;
}

std::string case_text(const BrainFindings& found, const SplitRow& row, const CaseOutput& output) {
  std::string text;
  for (const CaseScores& scores : found.evaluation.cases) {
    if (scores.name != row.name || !scores.lesion) continue;
    text += fmt::format("{} pixels.\n", scores.lesion_pixels);
    if (found.calibration)
      text += fmt::format("Dice {} at the {} threshold.\n",
                          percent_of(scores.dice.at(index_of_mask(*found.calibration))), rate_text(*found.calibration));
    text += fmt::format("Dice {} at the best of its group (oracle).\n", percent_of(scores.dice.at(kOracle)));
  }
  if (text.empty()) text = "Nothing was painted.\n";
  if (output.p_value)
    text += fmt::format("\np = {:.2g} among {} healthy scans.", *output.p_value, found.calibration->scores.size());
  return text;
}

std::string case_title(const SplitRow& row) {
  if (row.mask.empty()) return "No lesion";
  std::string title = row.group + " lesion";
  title[0] = static_cast<char>(std::toupper(title[0]));
  return title;
}

/// A picture in the range of its file's bits. -> [H,W]
Tensor unit_picture(const std::string& path) {
  const Image image = read_image(path);
  return image.voxels[0] / image.full_scale;
}

std::string beside_map(const CaseOutput& output, const std::string& kind) {
  std::string path = output.map_path;
  return path.replace(path.rfind("_map"), 4, "_" + kind);
}

Tensor map_of(const BrainFindings& found, const SplitRow& row) {
  const MapEntry* entry = found.maps.find(row, {});
  if (!entry) fail(ErrorKind::Internal, "the map of '{}' is not where it was written", row.image);
  return read_map(*entry);
}

PageCase brain_case(const BrainFindings& found, const CaseOutput& output, double brightest) {
  const auto row = std::find_if(found.rows.begin(), found.rows.end(),
                                [&](const SplitRow& one) { return one.image == output.input; });
  const Tensor input = unit_picture(row->image);
  PageCase shown{case_title(*row), case_text(found, *row, output), {{"input", input}}};
  shown.pictures.emplace_back(row->mask.empty() ? "truth: nothing painted" : "truth",
                              row->mask.empty() ? input : outlined(input, unit_picture(row->mask)));
  shown.pictures.emplace_back("pseudo-healthy", unit_picture(beside_map(output, "pseudo_healthy")));
  shown.pictures.emplace_back("map", heat(map_of(found, *row) / brightest));
  if (found.calibration)
    shown.pictures.emplace_back(fmt::format("mask, {} threshold", rate_text(*found.calibration)),
                                overlay(input, 0.75 * unit_picture(beside_map(output, "mask"))));
  return shown;
}

/// All maps are drawn on one scale: on its own, the map of a healthy brain would look as alarming as any.
std::vector<PageCase> brain_cases(const BrainFindings& found) {
  double brightest = 1e-6;
  for (const auto& [input, entry] : found.maps.entries())
    brightest = std::max(brightest, read_map(entry).max().item<double>());
  std::vector<PageCase> cases;
  for (const CaseOutput& output : found.results.done) cases.push_back(brain_case(found, output, brightest));
  return cases;
}

std::string introduction(const BrainFindings& found) {
  std::string text = fmt::format(
      "These brains are nobody's. A diffusion network drew them (thor synthesize sample), and lesions were painted "
      "into some "
      "(thor synthesize paint). They show how the program works and say nothing about real patients: the network that "
      "drew them "
      "learned from the same healthy slices as the model, and the lesions are paint.\n\n"
      "{}, the model that ships, was trained on healthy slices only. It gives a slice back as it should look healthy "
      "(pseudo-healthy); where that differs from the input the map lights up, all maps on one scale.",
      kShippedModel);
  if (found.calibration)
    text += fmt::format(
        " The mask marks what exceeds the threshold that {} of the pixels of healthy scans exceed, so some marks "
        "outside "
        "the outline are to be expected, in healthy brains too; beside a large lesion, where much is redrawn, more. "
        "p is the share of healthy scans, counting this one, that score as high.",
        rate_text(*found.calibration));
  return text;
}

}  // namespace

std::optional<PageSection> demo_brains(const DemoOptions& options, const std::vector<std::string>& folders) {
  std::string model, brains;
  try {
    brains = find_brains(folders);
    model = find_model(kShippedModel, folders);
  } catch (const Error& error) {
    info("going on without brains: {}", error.what());
    return std::nullopt;
  }
  const BrainFindings found = find_in_brains(options, model, brains);
  PageSection section;
  section.title = "A trained network on brains";
  section.text = introduction(found);
  section.tables = {dice_table(found)};
  section.cases = brain_cases(found);
  section.wide = true;
  return section;
}

}  // namespace thor
