// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/base/random.h"
#include "thor/base/tensor.h"
#include "thor/detect/evidence.h"
#include "thor/diffusion/diffusion.h"
#include "thor/nn/perceptual.h"

namespace thor {

/// Which image of the world this is; names its random streams.
struct ImageKey {
  uint64_t case_id = 0;
  uint64_t slice = 0;
  uint64_t chain = 0;  ///< which of several independent chains through the same image
};

/// A batch to examine. Images do not influence each other.
struct Images {
  Tensor pixels;               ///< float32 [N,1,H,W] in [0,1]
  std::vector<ImageKey> keys;  ///< N
};

/// Which noise: its purpose, the timestep (for simplex also the plane), and which of several draws at that timestep.
struct NoiseDraw {
  Purpose purpose = Purpose::Start;
  int64_t t = 0;
  int64_t repeat = 0;
};

struct Detection {
  Tensor map;             ///< anomaly map, float32 [N,1,H,W] >= 0
  Tensor pseudo_healthy;  ///< float32 [N,1,H,W] in [0,1]
  Tensor score;           ///< float32 [N], image score: mean of the map
};

/// One of several detectors with a network of its own, and the yardstick of its maps.
struct MemberView {
  std::function<Detection(const Images&)> detect;
  const HealthyReference& reference;
};

/// All that a detector may use. It sees tensors, never files.
struct Context {
  const Diffusion& diffusion;
  /// The network: x_t in model range, one t for the whole batch -> its raw output.
  std::function<Tensor(const Tensor& xt, int64_t t)> denoise;
  /// Noise of the model's own kind for every image of the batch, [N,1,H,W]; keyed, so the same whatever the batch.
  std::function<Tensor(const Images&, const NoiseDraw&)> noise;
  /// As the detector's `perceptual()` asked; takes and gives unit range. `scaled_twice` variants come ready-made.
  Perceptual perceptual;
  /// Sees intermediate results by name ("map", "x0", "harmonized", "region") and timestep; may be empty.
  std::function<void(const char* name, int64_t t, const Tensor&)> trace;
  /// Images times chains that go through the network at once; 0 = any number.
  int64_t batch = 0;
  /// Of an ensemble.
  std::vector<MemberView> members = {};
};

/// One method: its knobs and its algorithm.
/// `detect` keeps no state between calls: several threads may call it at once; `describe` and what is set through its
/// fields comes before.
class Detector {
 public:
  virtual ~Detector() = default;
  /// The keys of the YAML section `detector` (besides `name`).
  virtual void describe(Fields& fields) = 0;
  /// lpips | ssim | unet | none: which perceptual distance the context must bring.
  virtual std::string perceptual() const { return "none"; }
  /// True when LPIPS input must be scaled twice (published quirk).
  virtual bool perceptual_scaled_twice() const { return false; }
  /// Network calls one image of size x size pixels costs; 0 for a method without a network.
  virtual int64_t network_calls(int64_t size) const = 0;
  /// What the network must have been trained to undo (`diffusion.process`): noise | corruption; "" where any model
  /// serves.
  virtual std::string undoes() const { return "noise"; }
  /// Throws Usage if the knobs do not fit the model (start_step beyond T, ...).
  virtual void check(const Diffusion& diffusion) const = 0;
  virtual Detection detect(const Context& context, const Images& images) const = 0;
};

/// Settings under a name, as `--set` takes them: "detector.sampler.steps=18".
struct DetectorSpeed {
  std::string name;
  std::vector<std::string> sets;
};

/// A row of the table of detectors.
struct DetectorRow {
  std::string name, title, paper;
  std::function<std::unique_ptr<Detector>(const std::string& noise_kind)> make;  ///< with the defaults of a noise kind
  /// What `detector.speed` may be, in the order of what it finds, the best first (measured for thor; elsewhere "full"
  /// leads). "full" is the method as published: nothing here, all the others' keys at their defaults.
  std::vector<DetectorSpeed> speeds;
};
const std::vector<DetectorRow>& detectors();
/// Throws Usage unless the model was trained to undo what the detector wants undone and its knobs fit the model.
void check_detector(const Detector& detector, const Diffusion& diffusion);
/// By name; Usage error with the nearest name otherwise.
const DetectorRow& detector_row(const std::string& name);
/// The row's method with the defaults of a noise kind.
std::unique_ptr<Detector> make_detector(const std::string& name, const std::string& noise_kind);

}  // namespace thor
