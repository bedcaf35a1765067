// SPDX-License-Identifier: Apache-2.0
// bench_accuracy MODEL... --list CSV[:COUNT]... [--set KEY=VALUE...]: what bfloat16 changes, as rows of Markdown.
// The same images, seeds and chains in float32 and bfloat16; beside it what another seed changes.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/cli/console.h"
#include "thor/eval/diagnose.h"
#include "thor/eval/map_set.h"
#include "thor/eval/metrics.h"
#include "thor/eval/truth.h"
#include "thor/image/image.h"

namespace thor::bench {
namespace {

struct Options {
  std::vector<std::string> models, lists, sets;
  int64_t other_seed = 10;
};

/// "list.csv:42": 42 rows, evenly spread over the list.
std::vector<SplitRow> rows_of(const std::string& list) {
  const size_t colon = list.rfind(':');
  const std::vector<SplitRow> all = read_split(list.substr(0, colon));
  const size_t count =
      colon == std::string::npos ? all.size() : std::min(all.size(), std::stoul(list.substr(colon + 1)));
  std::vector<SplitRow> taken;
  for (size_t i = 0; i < count; ++i) taken.push_back(all[i * all.size() / count]);
  return taken;
}

std::vector<SplitRow> rows_of(const std::vector<std::string>& lists) {
  std::vector<SplitRow> rows;
  for (const std::string& list : lists)
    for (SplitRow& row : rows_of(list)) rows.push_back(std::move(row));
  return rows;
}

MapSet maps_of(const std::string& path, const Options& options, const std::vector<SplitRow>& rows,
               const RunConfig& run) {
  Model model = load_model(path);
  DetectorChoice choice = choose_detector(model, "thor", options.sets);
  const Pipeline pipeline(std::move(model), std::move(choice.detector), run);
  MapSet set = detect_set(pipeline, choice, rows, run);
  if (!set.failed.empty()) fail_input("'{}': {}", set.failed[0].input, set.failed[0].message);
  return set;
}

/// Pearson's, of the pixels of each map.
Tensor correlations(const Tensor& a, const Tensor& b) {
  std::vector<double> each;
  for (int64_t i = 0; i < a.size(0); ++i) each.push_back(map_correlation(a[i], b[i]));
  return at::tensor(each);
}

std::string mean_and_max(const Tensor& a, const Tensor& b) {
  const Tensor difference = (a - b).abs();
  return fmt::format("{:.2g} / {:.2g}", difference.mean().item<double>(), difference.max().item<double>());
}

std::string mean_and_min(const Tensor& values) {
  return fmt::format("{:.4f} / {:.4f}", values.mean().item<double>(), values.min().item<double>());
}

/// Of the images with a lesion, at the threshold that is best in float32; "" where there is none.
std::string dice_text(const std::vector<SplitRow>& rows, const Tensor& exact, const Tensor& rounded) {
  std::vector<Tensor> truths, exact_maps, rounded_maps;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].mask.empty()) continue;
    const Tensor mask = read_truth(rows[i], read_image(rows[i].image)).mask[0];
    truths.push_back(mask_to_network_grid(mask, exact.size(1)).flatten());
    exact_maps.push_back(exact[static_cast<int64_t>(i)].flatten());
    rounded_maps.push_back(rounded[static_cast<int64_t>(i)].flatten());
  }
  if (truths.empty()) return "";
  const Tensor truth = at::cat(truths);
  const BestDice best = best_dice(at::cat(exact_maps), truth);
  return fmt::format("{:.2f} / {:.2f} %", 100 * best.dice, 100 * dice(at::cat(rounded_maps), truth, best.threshold));
}

std::string row_of(const std::string& path, const Options& options) {
  const std::vector<SplitRow> rows = rows_of(options.lists);
  std::vector<SplitRow> some;
  const auto others = std::min<size_t>(rows.size(), static_cast<size_t>(options.other_seed));
  for (size_t i = 0; i < others; ++i) some.push_back(rows[i * rows.size() / others]);
  RunConfig run;
  run.precision = thor::Precision::Bf16;
  const MapSet rounded = maps_of(path, options, rows, run);
  run.precision = thor::Precision::Fp32;
  const MapSet exact = maps_of(path, options, rows, run);
  std::string seeds = "";
  if (!some.empty()) {
    std::vector<Tensor> same;
    for (size_t i = 0; i < others; ++i) same.push_back(exact.maps[static_cast<int64_t>(i * rows.size() / others)]);
    run.seed = 1;
    seeds = mean_and_min(correlations(at::stack(same), maps_of(path, options, some, run).maps));
  }
  const std::string name = std::filesystem::absolute(path).parent_path().filename();
  return fmt::format("| {} | {} | {} | {} | {} | {} | {} | {:.5f} | {} |", name, exact.network_calls, rows.size(),
                     mean_and_min(correlations(exact.maps, rounded.maps)), seeds,
                     mean_and_max(exact.maps, rounded.maps), mean_and_max(exact.pseudo_healthy, rounded.pseudo_healthy),
                     map_correlation(at::tensor(exact.scores), at::tensor(rounded.scores)),
                     dice_text(rows, exact.maps, rounded.maps));
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("what bfloat16 changes in THOR's maps");
  app.add_option("MODEL", options.models)->required();
  app.add_option("--list", options.lists, "CSV of images, or CSV:COUNT")->required();
  app.add_option("--set", options.sets, "detector.*");
  app.add_option("--other-seed", options.other_seed, "images of which another seed is tried too");
  CLI11_PARSE(app, argc, argv);
  prepare_process();
  RunContext context = console_context(/*quiet=*/false);
  const RunScope scope(&context);
  fmt::print(
      "| model | calls | images | map correlation, mean / min | the same between seeds | map difference, mean / max | "
      "pseudo-healthy difference, mean / max | score correlation | oracle Dice, float32 / bfloat16 |\n"
      "|---|---|---|---|---|---|---|---|---|\n");
  for (const std::string& model : options.models) {
    fmt::print("{}\n", row_of(model, options));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace thor::bench

int main(int argc, char** argv) {
  try {
    return thor::bench::run(argc, argv);
  } catch (const thor::Interrupted&) {
    return 130;
  } catch (const thor::Error& error) {
    fmt::print(stderr, "bench_accuracy: error: {}\n", error.what());
    return thor::exit_code(error.kind());
  }
}
