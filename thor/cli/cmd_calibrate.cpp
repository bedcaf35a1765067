// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/base/utf8.h"
#include "thor/cli/command.h"
#include "thor/detect/anomaly_map.h"
#include "thor/eval/calibrate.h"
#include "thor/eval/combine.h"
#include "thor/eval/false_lesions.h"
#include "thor/pipeline/detector_choice.h"
#include "thor/pipeline/members.h"
#include "thor/pipeline/model_place.h"

namespace thor {
namespace {

struct CalibrateOptions {
  std::string model, member, detector, speed, data, site, check, output;
  double fpr = kDefaultFpr, false_lesions = 0;
  int64_t folds = 0;
  RunConfig run;
  std::vector<std::string> sets;
  bool json = false;
};

void check_options(const CalibrateOptions& options) {
  const bool fits = !options.data.empty() || !options.site.empty();
  if (!fits && options.check.empty())
    fail_usage(
        "nothing to do: give healthy scans with --data HEALTHY.csv, those of one scanner with --site HEALTHY, or fresh "
        "ones with --check FRESH.csv");
  if (!options.data.empty() && !options.site.empty())
    fail_usage("--data pools the pixels of healthy scans and --site takes each scan by itself; give one of them");
  if (options.folds != 0 && options.data.empty())
    fail_usage("--folds says how to make the healthy references of an ensemble anew, which needs --data HEALTHY.csv");
  if (!fits && !options.output.empty())
    fail_usage("--out is where a new calibration goes, which needs --data or --site");
  calibration_rates(options.fpr);
  false_lesion_limits(options.false_lesions);
}

/// One calibration run: a model, the detector it is calibrated for, and how many images could not be used.
struct CalibrationRun {
  const CalibrateOptions& options;
  Model model;
  DetectorChoice choice;
  Pipeline pipeline;
  size_t failed = 0;

  explicit CalibrationRun(const CalibrateOptions& with)
      : options(with),
        model(load_member(with.model, with.member)),
        choice(choose_detector(model, with.detector, with.sets)),
        pipeline(model, std::move(choice.detector), with.run) {}

  /// A check that left out the scans that went wrong would flatter: only a calibration leaves out what is not
  /// registered.
  MapSet detect_healthy(const std::string& list, bool registered_only) {
    return reported(detect_slices(pipeline, choice, healthy_cases(list), options.run, registered_only));
  }

  /// The same where the scans are also those of the healthy references.
  MapSet detect_crossed() {
    return reported(
        cross_detect(model, options.detector, options.sets, healthy_cases(options.data), options.folds, options.run));
  }

  MapSet reported(MapSet found) {
    MapSet set = need_maps(std::move(found));
    for (const CaseFailure& failure : set.failed) warn("{}", failure.message);
    failed += set.failed.size();
    return set;
  }

  void warn_about(const Calibration& calibration) const {
    if (parse(choice.config).value("/map/normalize"_json_pointer, "") == name_of(Normalize::Max))
      warn(
          "map.normalize is max: every map is scaled to its own maximum, whatever it shows, so masks and p-values can "
          "hardly tell sick from healthy; calibrate and detect with --set detector.map.normalize=none");
    const nlohmann::json training = parse(model.training);
    if (const auto trained = training.find("data_sha256");
        trained != training.end() && *trained == calibration.data_sha256)
      warn(
          "these are the images the model was trained on, which it restores too well: the thresholds are too low; use "
          "healthy scans it has not seen");
    if (calibration.several_slices_a_scan())
      warn(
          "these are {} slices of {} scans: slices of one scan are alike, so that p-values promise less than they say; "
          "the number of scans is what counts, and one slice of each of many is best",
          calibration.scores.size(), calibration.scans);
    if (!calibration.score_threshold(0.05))
      warn("with {} healthy scans no p-value is below {:.3g}; 19 or more let it reach 0.05", calibration.scores.size(),
           calibration.p_value(std::numeric_limits<double>::infinity()));
  }

  Calibration fit() {
    const std::vector<double> rates = calibration_rates(options.fpr);
    const std::vector<double> lesions = false_lesion_limits(options.false_lesions);
    const Calibration calibration =
        !options.site.empty() ? calibrate_site(detect_healthy(options.site, true), rates, lesions)
        : options.folds != 0  ? calibrate(detect_crossed(), rates, lesions)
                              : calibrate(detect_healthy(options.data, true), rates, lesions);
    warn_about(calibration);
    put_calibration(model, calibration);
    const std::string out = options.output.empty() ? find_model(options.model) : options.output;
    save_calibration(options.model, out, model);
    info("'{}' is now calibrated for {} with these settings", out, choice.name);
    return calibration;
  }

  Calibration stored() const {
    const CalibrationSetting setting{choice.name, choice.config, pipeline.perceptual()};
    auto found = find_calibration(model, setting);
    if (!found)
      fail_input("there is no calibration in '{}' to check ({}); add --data HEALTHY.csv", options.model,
                 missing_calibration(model, setting));
    return *found;
  }

  CalibrationCheck check(const Calibration& calibration) {
    const MapSet fresh = detect_healthy(options.check, false);
    if (calibrate(fresh, {0.05}).data_sha256 == calibration.data_sha256)
      warn("'{}' holds the scans of the calibration itself: the check says nothing; use other healthy scans",
           options.check);
    return check_calibration(calibration, fresh);
  }
};

void print_calibration(const Calibration& calibration, const std::optional<CalibrationCheck>& check, bool json) {
  if (!json) {
    fmt::print("{}", calibration_table(calibration));
    if (check) fmt::print("\n{}", check->table());
    return;
  }
  nlohmann::json out = {{"calibration", parse(json_of(calibration))}};
  if (check) out["check"] = parse(check->to_json());
  fmt::print("{}\n", dump_json(out, 2));
}

int run(CalibrateOptions options) {
  check_options(options);
  add_speed(options.sets, options.speed);
  CalibrationRun work(options);
  const Calibration calibration = options.data.empty() && options.site.empty() ? work.stored() : work.fit();
  std::optional<CalibrationCheck> check;
  if (!options.check.empty()) check = work.check(calibration);
  print_calibration(calibration, check, options.json);
  return work.failed == 0 ? 0 : kExitSomeFailed;
}

}  // namespace

Command calibrate_command() {
  const auto o = std::make_shared<CalibrateOptions>();
  return {
      "calibrate",
      CommandGroup::Use,
      "thresholds and p-values from healthy scans, no lesion needed",
      "Detects in healthy scans that the model has not seen and writes into the model file, for this detector and\n"
      "setting: the map values that 0.05 to 5 % of healthy pixels exceed, those that keep 0.5, 1 and 2 false lesions "
      "in\n"
      "a healthy scan, and the scans' scores and looks. From then on `thor detect` with the same detector and setting\n"
      "also writes masks and p-values. --check shows on other healthy scans whether the rates hold. Scans are "
      "pictures,\n"
      "or volumes (files or DICOM folders), which go through the model's steps and of which every slice counts that "
      "is\n"
      "examined and shows something. A list whose masks mark a lesion is refused. --site takes five or more healthy\n"
      "scans of one scanner (a folder or a CSV): of a new healthy scan of that scanner more than the rate is then "
      "marked\n"
      "with probability at most 1 / (scans + 1), whatever the model does there (docs/calibration.md).",
      {{"calibrate run/model.safetensors --data healthy.csv --set detector.map.normalize=none", "into the model file"},
       {"calibrate run/model.safetensors --data healthy.csv --fpr 0.001 --detector ddpm -o calibrated.safetensors",
        "one more rate, another detector, into a copy"},
       {"calibrate brain-t1-axial --site healthy-scans/ -o mine.safetensors", "for your own scanner"},
       {"calibrate run/model.safetensors --data healthy.csv --speed fast", "for `thor detect --speed fast`"},
       {"calibrate both.safetensors --data healthy.csv --member thor", "for `thor detect --member thor`"},
       {"calibrate both.safetensors --data healthy.csv --folds 2", "`combine` took its references from the same scans"},
       {"calibrate run/model.safetensors --check fresh.csv --set detector.map.normalize=none",
        "do the rates hold on other healthy scans?"}},
      {{"MODEL", "", "model.safetensors of a run, or an imported one", &o->model, true},
       {"--data", "CSV", "healthy scans to calibrate with", &o->data},
       {"--folds", "K",
        "of an ensemble whose healthy references are from the same scans: make them anew for each of K parts, from the "
        "others",
        &o->folds},
       {"--site", "HEALTHY", "healthy scans of one scanner, a folder or a CSV, at least 5", &o->site},
       {"--check", "CSV", "other healthy scans, to see whether the rates hold", &o->check},
       {"--fpr", "RATE", "one more pixel false-positive rate (default: 0.004)", &o->fpr},
       {"--false-lesions", "N", "one more expected number of false lesions in a scan (beside 0.5, 1 and 2)",
        &o->false_lesions},
       {"-o,--out", "OUT", "model file to write (default: MODEL itself)", &o->output},
       detector_option(o->detector),
       member_option(o->member),
       set_option(o->sets, "detector.*"),
       speed_option(o->speed),
       seed_option(o->run.seed),
       batch_option(o->run.batch),
       device_option(o->run.device),
       precision_option(o->run.precision),
       lpips_option(o->run.lpips),
       json_option(o->json)},
      [o] { return run(*o); }};
}

}  // namespace thor
