// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/base/random.h"
#include "thor/base/tensor.h"
#include "thor/detect/evidence.h"
#include "thor/diffusion/diffusion.h"
#include "thor/diffusion/noise.h"
#include "thor/nn/perceptual.h"

namespace thor {

/// The perceptual distance that weighs a residual.
enum class PerceptualKind { Lpips, Ssim, Unet, None };
inline Names names_of(PerceptualKind) { return {"lpips", "ssim", "unet", "none"}; }

/// The identity of an image, which names its random streams.
struct ImageKey {
  uint64_t case_id = 0;
  uint64_t slice = 0;
  uint64_t chain = 0;  ///< index among independent chains of the same image
};

/// A batch of images to examine. The images do not influence each other.
struct Images {
  Tensor pixels;               ///< float32 [N,1,H,W] in [0,1]
  std::vector<ImageKey> keys;  ///< N
  Tensor z_mm = {};            ///< heights of the slices, float32 [N] (NaN = unknown); undefined = all unknown
};

/// A request for noise: its purpose, the timestep (for simplex noise also the plane), and the index among several draws
/// at that timestep.
struct NoiseDraw {
  Purpose purpose = Purpose::Start;
  int64_t t = 0;
  int64_t repeat = 0;
};

struct Detection {
  Tensor map;             ///< anomaly map, float32 [N,1,H,W] >= 0
  Tensor pseudo_healthy;  ///< float32 [N,1,H,W] in [0,1]
  Tensor score;           ///< image score, float32 [N]: the mean of the map unless `detector.score` says otherwise
  Tensor region = {};     ///< bool [N,1,H,W], pixels that the map is about; undefined = all
};

/// A member of an ensemble: a detector with its own network, and the healthy reference of its maps.
struct MemberView {
  std::function<Detection(const Images&)> detect;
  const HealthyReference& reference;
};

/// The training slices at the heights of some images, pixel by pixel.
struct UsualSlices {
  Tensor median, deviation;  ///< float32 [N,1,H,W], white = 1
  Tensor brain;              ///< bool [N,1,H,W], where most of them have their brain
};

/// The inputs of a detector apart from the images. A detector has no access to files.
struct Context {
  const Diffusion& diffusion;
  /// The network: x_t of these images in model range and one t for the whole batch -> raw output.
  std::function<Tensor(const Images&, const Tensor& xt, int64_t t)> denoise;
  /// Noise of the model's kind for every image of the batch, [N,1,H,W]; keyed, and so independent of the batch.
  std::function<Tensor(const Images&, const NoiseDraw&)> noise;
  /// The perceptual distance that the detector's `perceptual()` names, on images in unit range. The `scaled_twice`
  /// variant is applied already.
  Perceptual perceptual;
  /// Receives intermediate results by name ("map", "x0", "harmonized", "region") and timestep; may be empty.
  std::function<void(const char* name, int64_t t, const Tensor&)> trace;
  /// The largest number of images times chains in one network call; 0 = unlimited.
  int64_t batch = 0;
  /// The members of an ensemble; empty for a single detector.
  std::vector<MemberView> members = {};
  /// The usual training slices; empty where the model does not have them.
  std::function<UsualSlices(const Images&)> usual = {};
};

/// One method: its parameters and its algorithm.
/// `detect` keeps no state between calls: several threads may call it at once; `describe` and what is set through its
/// fields comes before.
class Detector {
 public:
  virtual ~Detector() = default;
  /// Declares the keys of the YAML section `detector` (besides `name`).
  virtual void describe(Fields& fields) = 0;
  /// Returns the perceptual distance that the context must provide.
  virtual PerceptualKind perceptual() const { return PerceptualKind::None; }
  /// Returns true if the input of LPIPS must be scaled twice (quirk of the public code).
  virtual bool perceptual_scaled_twice() const { return false; }
  /// Returns the number of network calls for one image of size x size pixels; 0 for a method without a network.
  virtual int64_t network_calls(int64_t size) const = 0;
  /// Returns the process that the network must have been trained to undo (`diffusion.process`); nothing if any model is
  /// suitable.
  virtual std::optional<Process> undoes() const { return Process::Noise; }
  /// Throws Usage if the parameters do not fit the model (start_step beyond T, ...).
  virtual void check(const Diffusion& diffusion) const = 0;
  virtual Detection detect(const Context& context, const Images& images) const = 0;
};

/// Named settings, each in the form of `--set`: "detector.sampler.steps=18".
struct DetectorSpeed {
  std::string name;
  std::vector<std::string> sets;
};

/// A row of the table of detectors.
struct DetectorRow {
  std::string name, title, paper;
  std::function<std::unique_ptr<Detector>(NoiseKind noise)> make;  ///< constructs it with the defaults of a noise kind
  /// The values of `detector.speed`, ordered by detection performance, the best first (measured for thor; for the
  /// others "full" is first). "full" is the method as published: it has no settings here, and all keys that the other
  /// speeds set return to their defaults.
  std::vector<DetectorSpeed> speeds;
};
const std::vector<DetectorRow>& detectors();
/// Throws Usage unless the process of the model is the one that the detector undoes and its parameters fit the model.
void check_detector(const Detector& detector, const Diffusion& diffusion);
/// Returns the row with this name. Throws Usage, with the nearest name, if there is none.
const DetectorRow& detector_row(const std::string& name);
/// Constructs a detector by name with the defaults of a noise kind.
std::unique_ptr<Detector> make_detector(const std::string& name, NoiseKind noise);

}  // namespace thor
