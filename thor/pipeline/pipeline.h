// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "thor/detect/detector.h"
#include "thor/pipeline/model.h"

namespace thor {

/// How detection runs; never changes what it computes beyond floating-point rounding (precision does, slightly).
struct RunConfig {
  uint64_t seed = 0;
  int64_t batch = 8;
  std::string device = "auto";     ///< auto | cpu | cuda:N
  std::string precision = "fp32";  ///< fp32 | bf16
  std::string lpips;               ///< weights file; "" = THOR_HOME
};

/// A model, a detector and where they run: images in, maps out.
class Pipeline {
 public:
  Pipeline(Model model, std::unique_ptr<Detector> detector, const RunConfig& run);
  /// Called after every pass through the network with the number of images in it, and once where the detector needs no
  /// network: what progress is counted in.
  using NetworkCallback = std::function<void(int64_t images)>;
  /// Network-grid images in, detections out, on the CPU (no files). Throws Interrupted once the user asked to stop.
  Detection detect(const Images& images, const NetworkCallback& after_call = {}) const;
  /// The same model on the same device with another detector, or with other random numbers; shares the memory of calls.
  Pipeline with_detector(std::unique_ptr<Detector> detector) const;
  Pipeline with_seed(uint64_t seed) const;
  /// From now on, pipelines made of this one compute equal network calls and perceptual distances once, up to so many
  /// bytes remembered; results are the same bit for bit. `after_call` then counts only what was computed.
  void remember_calls(uint64_t bytes);
  /// Forgets them, as one does between batches.
  void forget_calls() const;
  const Model& model() const;
  const Detector& detector() const;
  /// Network calls one image costs with this model and detector; may be 0.
  int64_t network_calls() const;
  /// The perceptual distance in use; may differ from the request where LPIPS weights are absent.
  const std::string& perceptual() const;
  /// Where the network runs: "cpu", "cuda:0".
  std::string device() const;
  Pipeline(Pipeline&&) noexcept;
  Pipeline& operator=(Pipeline&&) noexcept;
  ~Pipeline();

 private:
  struct State;
  explicit Pipeline(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Where imported LPIPS weights lie: $THOR_HOME, else $XDG_DATA_HOME/thor, else ~/.local/share/thor.
std::string thor_home();
/// The LPIPS weights of the perceptual distance: `file` if one is named, else the imported ones, there or not.
std::string lpips_weights(const std::string& file);

/// One finished case.
struct CaseOutput {
  std::string input, name, map_path;
  double score = 0;
  std::optional<double> p_value;  ///< where the model is calibrated for this detector and setting
};
/// One case that could not be done.
struct CaseFailure {
  std::string input, message;
};
struct FolderResult {
  std::vector<CaseOutput> done;
  std::vector<CaseFailure> failed;
};

struct DetectOptions {
  std::vector<std::string> inputs;  ///< files, folders, or a CSV split
  std::string output;               ///< folder
  std::string detector_name;
  nlohmann::json detector_config;  ///< as resolved, for the sidecar
  double fpr = 0.05;               ///< of the mask: share of healthy pixels that it may mark, in (0,1)
};
/// Detects every input and writes, on its own grid, into the output folder: NAME_map.nii.gz (NIfTI input) or
/// NAME_map.png (16 bit, 65535 = `map_full_scale` of the sidecar), NAME_pseudo_healthy.*, NAME_overlay.png and
/// NAME.json (scores, detector, config, seed, model hash, version); where the model is calibrated for exactly this
/// detector and setting also NAME_mask.*, and a p-value in the sidecar. Each file is whole or absent; the sidecar is
/// written last. A bad image is recorded in `failed` and the rest goes on. Stops early, cleanly, on interrupt.
FolderResult detect_files(const Pipeline& pipeline, const DetectOptions& options, const RunConfig& run);

}  // namespace thor
