// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/base/utf8.h"
#include "thor/cli/command.h"
#include "thor/pipeline/budget.h"
#include "thor/pipeline/detector_choice.h"
#include "thor/pipeline/members.h"
#include "thor/report/volume_page.h"
#include "thor/results/detect_files.h"

namespace thor {
namespace {

struct DetectCommandOptions {
  std::string model, member, detector, speed;
  DetectOptions detect;
  RunConfig run;
  std::vector<std::string> sets;
  bool json = false, bids = false;
};

/// Takes the settings of volumes out of `sets`; what is left is the detector's.
VolumeConfig volume_config(std::vector<std::string>& sets) {
  VolumeConfig config;
  Fields fields;
  fields.group("volume", config);
  const auto of_volume = [](const std::string& set) { return set.rfind("volume.", 0) == 0; };
  for (const std::string& set : sets)
    if (of_volume(set)) fields.assign(set);
  sets.erase(std::remove_if(sets.begin(), sets.end(), of_volume), sets.end());
  config.check();
  return config;
}

void print_results(const FolderResult& result, bool json) {
  if (!json) {
    for (const auto& c : result.done)
      fmt::print("{}\t{:.6g}{}\n", c.map_path, c.score, c.p_value ? fmt::format("\tp={:.3g}", *c.p_value) : "");
    return;
  }
  nlohmann::json out{{"cases", nlohmann::json::array()}, {"failed", nlohmann::json::array()}};
  for (const auto& c : result.done) {
    out["cases"].push_back({{"input", c.input}, {"name", c.name}, {"map", c.map_path}, {"score", c.score}});
    if (c.p_value) out["cases"].back()["p_value"] = *c.p_value;
    if (!c.withheld.empty()) out["cases"].back()["withheld"] = c.withheld;
    for (const Lesion& lesion : c.lesions) out["cases"].back()["lesions"].push_back(parse(json_of(lesion)));
  }
  for (const auto& f : result.failed) out["failed"].push_back({{"input", f.input}, {"error", f.message}});
  fmt::print("{}\n", dump_json(out, 2));
}

/// Takes the settings that fit the time of `--speed`. The results name them, so that a run can be repeated by them.
void keep_to_budget(const Model& model, DetectCommandOptions& options) {
  if (model.is_ensemble())
    fail_usage("--speed {} chooses the settings of one detector, and an ensemble has several; name one with --member",
               options.speed);
  const BudgetChoice choice =
      fit_budget(model, {parse_duration(options.speed), options.detector, options.sets}, options.run);
  info("speed {}: {}", options.speed, choice.reason);
  options.sets.insert(options.sets.begin(), "detector.speed=" + choice.speed);
  options.run.precision = choice.precision;
  options.run.batch = choice.batch;
}

int run(DetectCommandOptions options) {
  options.detect.volume = volume_config(options.sets);
  options.detect.layout = options.bids ? ResultLayout::Bids : ResultLayout::Flat;
  options.detect.write_page = [](const VolumeReport& report) { write_page(report.path, volume_page(report)); };
  Model model = load_member(options.model, options.member);
  if (is_time(options.speed))
    keep_to_budget(model, options);
  else
    add_speed(options.sets, options.speed);
  DetectorChoice choice = choose_detector(model, options.detector, options.sets);
  options.detect.detector_name = choice.name;
  options.detect.detector_config = choice.config;
  const Pipeline pipeline(std::move(model), std::move(choice.detector), options.run);
  const FolderResult result = detect_files(pipeline, options.detect, options.run);
  print_results(result, options.json);
  for (const auto& failure : result.failed) warn("{}", failure.message);
  const bool withheld =
      std::any_of(result.done.begin(), result.done.end(), [](const CaseOutput& one) { return !one.withheld.empty(); });
  if (result.failed.empty()) return withheld ? kExitSomeFailed : 0;
  if (result.done.empty() && !interrupted())
    fail_input("none of the {} inputs could be used, see above", result.failed.size());
  warn("{} of {} inputs failed, see above", result.failed.size(), result.failed.size() + result.done.size());
  return kExitSomeFailed;
}

}  // namespace

Command detect_command() {
  const auto o = std::make_shared<DetectCommandOptions>();
  return {
      "detect",
      CommandGroup::Use,
      "anomaly maps of images, with a trained model",
      "For every INPUT (scan, picture, folder of them, DICOM folder, BIDS dataset, or CSV list) writes into OUT, on\n"
      "the scan's own grid and with its geometry: the anomaly map (float NIfTI for scans, 16-bit PNG for pictures),\n"
      "the pseudo-healthy image, an overlay, and a JSON file with score, settings and versions; for a volume also a\n"
      "page with its planes and a table of lesions. A bad image does not stop the others: it is listed, and the exit\n"
      "code is 3. The detector is the one the model recommends unless --detector names another. Prints map and score.\n"
      "Where `thor calibrate` has calibrated the model for this detector and setting, also a mask and a p-value; not\n"
      "for a scan of another kind than the model knows (another sequence or modality, a registration that failed), "
      "nor\n"
      "for one that looks like none of the calibration's healthy scans: its sidecar says why, and the exit code is 3.\n"
      "Volumes go through the preprocessing steps in the model; of them the slices are examined that the model was\n"
      "trained on, or those that --set volume.slices=[FROM,TO] names, in mm. volume.smooth_mm smooths maps,\n"
      "volume.min_ml drops small lesions. Of an archive made by `thor prepare` the maps of all slices go into one\n"
      "file. --speed fast runs several few-step chains instead of a long one (docs/ablations.md), --speed full the\n"
      "chain as published; masks then need a calibration made with the same --speed. --speed 10s times the network on\n"
      "this machine and takes the best settings, precision and batch that fit into the time for one image. --member\n"
      "lets one network of an ensemble detect; masks then need a calibration made with --member.",
      {{"detect run/model.safetensors scans -o maps", "a folder"},
       {"detect run/model.safetensors t1.nii.gz -o maps --set detector.map.normalize=none --set volume.slices=[0,60]",
        "some slices of a volume, their maps comparable"},
       {"detect run/model.safetensors dataset -o derivatives --bids --participant-label 01 --participant-label 02",
        "two participants of a BIDS dataset, as BIDS derivatives"},
       {"detect run/model.safetensors a.png b.nii.gz -o maps --detector ddpm --seed 3 --json",
        "two files with plain DDPM"},
       {"detect run/model.safetensors scans -o maps --speed fast", "few network calls"},
       {"detect run/model.safetensors scans -o maps --speed fast --set detector.seeds=1 --precision bf16",
        "still fewer"},
       {"detect brain-t1 scans -o maps --false-lesions 1", "masks with one false lesion in a healthy scan, on average"},
       {"detect run/model.safetensors scans -o maps --speed 10s", "what this machine can do in ten seconds an image"},
       {"detect both.safetensors scans -o maps --member thor", "what one network of an ensemble finds by itself"},
       {"detect run/model.safetensors test.csv -o maps --set detector.start_step=250 --set detector.perceptual=ssim",
        "other parameters"}},
      {{"MODEL", "", "model.safetensors of a run, or an imported one", &o->model, true},
       {"INPUT", "", "scans, pictures, folders, BIDS datasets, a CSV or a prepared archive", &o->detect.inputs, true},
       {"-o,--out", "OUT", "folder to write to", &o->detect.output, true},
       detector_option(o->detector),
       member_option(o->member),
       set_option(o->sets, "detector.*, volume.*"),
       {"--speed", "SPEED", "full, fast, or the time for one image or slice: 500ms, 10s, 2m (default: the model's)",
        &o->speed},
       {"--bids", "", "write a dataset of BIDS derivatives", &o->bids},
       {"--participant-label", "LABEL", "of a BIDS dataset only this participant, again for each",
        &o->detect.participants},
       {"--series", "SERIES", "of DICOM: the number or UID of the series", &o->detect.choice.series},
       {"--frame", "N", "of a 4-D file: which frame, from 0", &o->detect.choice.frame},
       {"--fpr", "RATE",
        "share of healthy pixels that the mask may mark (default: 0.004, or the nearest of an older calibration)",
        &o->detect.point.fpr},
       {"--false-lesions", "N",
        "the mask keeps this expected number of false lesions in a healthy scan, in place of a rate: 0.5, 1, 2 or one "
        "that the model was calibrated for",
        &o->detect.point.false_lesions},
       {"--ignore-check", "",
        "mask, p-value and lesions also of scans that are not of the model's kind, or not like those of the "
        "calibration",
        &o->detect.ignore_check},
       seed_option(o->run.seed),
       batch_option(o->run.batch),
       device_option(o->run.device),
       precision_option(o->run.precision),
       lpips_option(o->run.lpips),
       json_option(o->json)},
      [o] { return run(*o); }};
}

}  // namespace thor
