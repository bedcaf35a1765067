// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/detector.h"

#include "thor/base/error.h"
#include "thor/detect/autoddpm.h"
#include "thor/detect/ddpm.h"
#include "thor/detect/mean_over_seeds.h"
#include "thor/detect/normative.h"
#include "thor/detect/pddpm.h"
#include "thor/detect/restorer.h"
#include "thor/detect/scan_relative.h"
#include "thor/detect/thor.h"
#include "thor/detect/threshold.h"

namespace thor {
namespace {

std::unique_ptr<Detector> make_thor(NoiseKind noise) {
  ThorConfig config;
  if (noise == NoiseKind::Simplex) {
    config.start_step = 250;
    config.harmonize_at = {200, 150, 100, 50};
  }
  return std::make_unique<Thor>(config);
}

std::unique_ptr<Detector> make_ddpm(NoiseKind noise) {
  DdpmConfig config;
  if (noise == NoiseKind::Simplex) config.start_step = 250;
  return std::make_unique<Ddpm>(config);
}

std::unique_ptr<Detector> make_anoddpm(NoiseKind) {
  DdpmConfig config;
  config.start_step = 250;
  return std::make_unique<Ddpm>(config);
}

// A method whose defaults are the same for every kind of noise.
template <class Method, class Config>
std::unique_ptr<Detector> make_alike(NoiseKind) {
  return std::make_unique<ScanRelative>(std::make_unique<Method>(Config()));
}

// A method that draws noise: it can be run several times and averaged.
template <std::unique_ptr<Detector> (*make)(NoiseKind)>
std::unique_ptr<Detector> make_averaged(NoiseKind noise) {
  return std::make_unique<ScanRelative>(std::make_unique<MeanOverSeeds>(make(noise)));
}

/// So many chains of few steps each, stochastic as the ancestral one is; what that noise costs a single map, the mean
/// over chains takes back (docs/results.md).
std::vector<std::string> few_steps(int64_t seeds) {
  return {"detector.sampler.kind=ddim", "detector.sampler.eta=1",
          "detector.sampler.timesteps=[350,300,250,200,150,100,50,25,0]", fmt::format("detector.seeds={}", seeds)};
}

std::vector<std::string> with(std::vector<std::string> sets, const std::string& more) {
  sets.push_back(more);
  return sets;
}

const std::vector<DetectorSpeed>& thor_speeds() {
  static const std::string comparable = "detector.map.normalize=none";
  static const std::vector<DetectorSpeed> speeds{{"fast", with(few_steps(4), comparable)},
                                                 {"faster", with(few_steps(2), comparable)},
                                                 {"full", {}},
                                                 {"fastest", with(few_steps(1), comparable)}};
  return speeds;
}

const std::vector<DetectorSpeed>& chain_speeds() {
  static const std::vector<DetectorSpeed> speeds{
      {"full", {}}, {"fast", few_steps(4)}, {"faster", few_steps(2)}, {"fastest", few_steps(1)}};
  return speeds;
}

const std::vector<DetectorSpeed>& autoddpm_speeds() {
  static const std::vector<DetectorSpeed> speeds{{"full", {}},
                                                 {"fast", with(few_steps(1), "detector.resample_every=10")}};
  return speeds;
}

}  // namespace

const std::vector<DetectorRow>& detectors() {
  static const std::vector<DetectorSpeed> only_full{{"full", {}}};
  static const std::vector<DetectorRow> rows{
      {"thor", "THOR: reverse diffusion with implicit guidance", "Bercea et al., MICCAI 2024, arXiv 2403.08464",
       make_averaged<make_thor>, thor_speeds()},
      {"ddpm", "Denoise from t0 and compare", "Ho et al., NeurIPS 2020, arXiv 2006.11239", make_averaged<make_ddpm>,
       chain_speeds()},
      {"anoddpm", "AnoDDPM: denoise from t0 with simplex noise and compare", "Wyatt et al., CVPR Workshops 2022",
       make_averaged<make_anoddpm>, chain_speeds()},
      {"autoddpm", "AutoDDPM: mask, stitch and re-sample", "Bercea et al., 2023, arXiv 2305.19643",
       make_averaged<make_alike<AutoDdpm, AutoDdpmConfig>>, autoddpm_speeds()},
      {"pddpm", "Patched diffusion: estimate each patch in one step from the clean rest",
       "Behrendt et al., MIDL 2023, arXiv 2303.03758", make_averaged<make_alike<Pddpm, PddpmConfig>>, only_full},
      {"restorer", "Restore in one call what training on synthetic corruption taught",
       "Kascenas et al., MIDL 2022; DISYRE, ISBI 2024, arXiv 2311.15453", make_alike<Restorer, RestorerConfig>,
       only_full},
      {"threshold", "No network: bright or dark among the image's own intensities",
       "Meissen et al., BrainLes 2021, arXiv 2109.06023", make_alike<Threshold, ThresholdConfig>, only_full},
      {"normative", "No network: how far every pixel lies from the training slices at its place",
       "docs/methods/normative.md", make_alike<Normative, NormativeConfig>, only_full},
  };
  return rows;
}

void check_detector(const Detector& detector, const Diffusion& diffusion) {
  const std::optional<Process> wanted = detector.undoes();
  const Process learned = diffusion.config().process;
  if (wanted && *wanted != learned)
    fail_usage(
        "the detector needs a network that undoes {}, but the model's was trained to undo {} (diffusion.process): {}",
        name_of(*wanted), name_of(learned),
        learned == Process::Corruption
            ? "use `detector` restorer, or another model"
            : "train one with configs/restorer-brain-small.yaml, or choose another detector");
  detector.check(diffusion);
}

const DetectorRow& detector_row(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& row : detectors()) {
    if (row.name == name) return row;
    names.push_back(row.name);
  }
  fail_usage("there is no detector '{}'{}; there are: {}", name, did_you_mean(name, names), fmt::join(names, ", "));
}

std::unique_ptr<Detector> make_detector(const std::string& name, NoiseKind noise) {
  return detector_row(name).make(noise);
}

}  // namespace thor
