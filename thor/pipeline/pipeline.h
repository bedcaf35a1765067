// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "thor/base/run_context.h"
#include "thor/detect/detector.h"
#include "thor/pipeline/model.h"

namespace thor {

/// How detection runs; never changes what it computes beyond floating-point rounding (precision does, slightly).
struct RunConfig {
  uint64_t seed = 0;
  int64_t batch = 8;
  std::string device = "auto";  ///< auto | cpu | cuda:N
  Precision precision = Precision::Fp32;
  std::string lpips;  ///< weights file; "" = THOR_HOME
  /// Where messages and progress go and what stops the work; null = that of the calling thread.
  RunContext* context = nullptr;
};

/// A model, a detector and where they run: images in, maps out. One thread at a time uses a pipeline and those that
/// were made of it (`with_detector`, `with_seed`), which share its network and memory of calls. Pipelines that were
/// constructed on their own may run on different threads at once.
class Pipeline {
 public:
  Pipeline(Model model, std::unique_ptr<Detector> detector, const RunConfig& run);
  /// Called after every pass through the network with the number of images in it, and once where the detector needs no
  /// network: what progress is counted in.
  using NetworkCallback = std::function<void(int64_t images)>;
  /// Network-grid images in, detections out, on the CPU (no files). Throws Interrupted once the current context
  /// (run_context.h) is asked to stop.
  Detection detect(const Images& images, const NetworkCallback& after_call = {}) const;
  /// The same model on the same device with another detector, or with other random numbers; shares the memory of calls.
  Pipeline with_detector(std::unique_ptr<Detector> detector) const;
  Pipeline with_seed(uint64_t seed) const;
  /// From now on, pipelines made of this one compute equal network calls and perceptual distances once, up to so many
  /// bytes remembered; results are the same bit for bit. `after_call` then counts only what was computed.
  void remember_calls(uint64_t bytes);
  /// Forgets them, as one does between batches.
  void forget_calls() const;
  const Model& model() const;  ///< without its weights: the network keeps them in its own precision
  const Detector& detector() const;
  /// Network calls one image costs with this model and detector; may be 0.
  int64_t network_calls() const;
  /// Measured now: the seconds that a network call takes for each of so many images at once, and those that all else in
  /// the detection of one image takes.
  double seconds_of_call(int64_t images) const;
  double seconds_beside_network() const;
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

}  // namespace thor
