// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/cli/command.h"
#include "thor/cli/template_places.h"
#include "thor/data/prepare.h"
#include "thor/data/scan_list.h"
#include "thor/report/prepare_page.h"
#include "thor/train/experiment.h"

namespace thor {
namespace {

struct PrepareOptions {
  std::string input, output, config, pictures;
  std::vector<std::string> sets, participants, templates;
  int64_t workers = 1;
};

PreprocessConfig preprocessing(const PrepareOptions& options) {
  if (!options.config.empty()) return load_experiment(options.config, options.sets).model.preprocess;
  PreprocessConfig config;
  Fields fields;
  fields.group("preprocess", config);
  for (const auto& set : options.sets) fields.assign(set);
  config.check();
  return config;
}

/// Where finished volumes and the quality page lie: beside the archive, under its name.
std::string folder_beside(const std::string& archive) {
  return std::filesystem::path(archive).replace_extension("scans").string();
}

void check_pictures(const PrepareOptions& options) {
  std::error_code ec;
  for (const char* file : {"", "/index.csv"})
    if (std::filesystem::equivalent(options.input, options.pictures + file, ec))
      fail_usage("the pictures would lie among the input; give --pictures a folder of its own, not '{}'",
                 options.pictures);
}

bool has_volumes(const PrepareResult& result) {
  return std::any_of(result.scans.begin(), result.scans.end(),
                     [](const ScanReport& scan) { return scan.failure.empty() && !scan.record.empty(); });
}

void say_result(const PrepareOptions& options, const PrepareResult& result) {
  const Tensor& slices = result.archive.slices;
  fmt::print("{}: {} slices of {}x{}\n", options.output, slices.size(0), slices.size(1), slices.size(2));
  if (options.pictures.empty()) return;
  fmt::print("{}/index.csv: {} pictures\n", options.pictures, result.pictures);
  if (result.pictures == 0)
    warn("no picture was written: only slices of volumes become some, and only those that show something");
}

int run(const PrepareOptions& options) {
  if (!options.pictures.empty()) check_pictures(options);
  PrepareJob job;
  job.scans = list_scans(options.input, options.participants);
  job.preprocess = preprocessing(options);
  job.templates = load_templates_if_there(job.preprocess.steps, template_places(options.templates));
  job.workers = options.workers;
  job.keep = folder_beside(options.output);
  job.pictures = options.pictures;
  const PrepareResult result = prepare_scans(job);
  write_archive(options.output, result.archive);
  say_result(options, result);
  if (has_volumes(result)) {
    const std::string page = job.keep + "/index.html";
    write_page(page, prepare_page(result));
    fmt::print("{}\n", page);
  }
  const auto failed = std::count_if(result.scans.begin(), result.scans.end(),
                                    [](const ScanReport& scan) { return !scan.failure.empty(); });
  if (const auto& sick = result.archive.sick; !sick.empty())
    warn("{} of {} scans have a lesion in their mask, e.g. '{}': the archive is for detecting; `thor train` refuses it",
         sick.size(), result.scans.size(), sick[0]);
  if (failed == 0) return 0;
  warn("{} of {} scans cannot be used: {}", failed, result.scans.size(), failures_of(result.scans));
  return kExitSomeFailed;
}

}  // namespace

Command prepare_command() {
  const auto o = std::make_shared<PrepareOptions>();
  return {
      "prepare",
      CommandGroup::Build,
      "decode and preprocess pictures or whole scans once, into one file",
      "INPUT is a CSV (columns: image[,mask,group], or filename), a folder of images, volumes and DICOM series, or a\n"
      "BIDS dataset. A picture is scaled, padded and resized; a volume goes through preprocess.steps and is sliced.\n"
      "OUT is one archive that `thor train --data` maps into memory; it must have the preprocessing of the experiment\n"
      "it is used with: give the same --config. Volumes that are finished lie in the folder OUT.scans, from which a\n"
      "stopped run goes on; index.html there shows how they came out, the ones least like the template first. A scan\n"
      "that cannot be used does not stop the others (exit code 3). Where masks of INPUT mark a lesion, OUT remembers\n"
      "it, and `thor train` refuses OUT. --pictures also writes the slices of volumes as 8-bit PNG before they are\n"
      "padded and resized, and DIR/index.csv, as `thor detect`, `calibrate` and `benchmark` take it: detecting in a\n"
      "picture is detecting in its slice.",
      {{"prepare train.csv -o train.safetensors --config configs/thor-brain.yaml", "the data of an experiment"},
       {"prepare bids -o train.safetensors --config configs/thor-brain.yaml --template MNI152NLin2009cSym=mni.nii.gz "
        "--workers 4",
        "raw T1-weighted scans, each on its way to MNI space"},
       {"prepare scans -o scans.safetensors --config configs/thor-brain.yaml --pictures scans-z23",
        "raw scans as the PNG slices that masks are drawn on"},
       {"prepare train.csv -o train.safetensors --set preprocess.size=64", "small slices"}},
      {{"INPUT", "", "CSV, folder or BIDS dataset", &o->input, true},
       {"-o,--out", "FILE", "archive to write (.safetensors)", &o->output, true},
       {"--config", "YAML", "experiment whose preprocessing is used", &o->config},
       template_option(o->templates),
       {"--participant-label", "LABEL", "only this participant of a BIDS dataset; again for each", &o->participants},
       {"--pictures", "DIR", "the slices of volumes as PNG too, with a list of them", &o->pictures},
       {"--workers", "N", "scans at a time (default: 1); the result is the same for any number", &o->workers},
       set_option(o->sets, "preprocess.*")},
      [o] { return run(*o); }};
}

}  // namespace thor
