// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "thor/base/tensor.h"
#include "thor/nn/weights/weights.h"

namespace thor {

/// A spatial perceptual distance of two images: [N,1,H,W] in [0,1] twice -> [N,1,H,W] >= 0. Images do not influence
/// each other.
using Perceptual = std::function<Tensor(const Tensor&, const Tensor&)>;

/// The backbone network of LPIPS.
enum class LpipsNet { Squeeze, Alex };

/// The LPIPS features of images, reusable for comparisons with many others.
struct LpipsFeatures {
  std::vector<Tensor> unit;  ///< features of each tap with unit length over the channels, [N,C,h,w]
};

class SqueezeNet;

/// LPIPS v0.1 (Zhang et al. 2018, METHODS 5) with the parameter names of torchvision's features and the 1x1 heads. On
/// the CPU the result of an image depends neither on the other images nor on the number of threads.
class Lpips {
 public:
  /// Loads weights strictly, with the names of to_lpips_names, which also determine the backbone. Throws Input with the
  /// loading report.
  explicit Lpips(const StateDict& weights);
  LpipsNet net() const { return net_; }
  /// Returns the distance map [N,1,H,W] of x and y, [N,1,H,W] gray or [N,3,H,W] in colour, in [0,1]. `scaled_twice`
  /// reproduces a quirk of the public code, which scales the input to [-1,1] twice. Throws Input below 32 x 32.
  Tensor spatial(const Tensor& x, const Tensor& y, bool scaled_twice = false) const;
  /// Computes the distance map in two parts, for one x and many y.
  LpipsFeatures features(const Tensor& x, bool scaled_twice = false) const;
  Tensor spatial(const LpipsFeatures& x, const Tensor& y, bool scaled_twice = false) const;
  /// Returns the standard scalar LPIPS (each tap averaged over its own grid), [N].
  Tensor mean(const Tensor& x, const Tensor& y) const;
  void to(at::Device device);

 private:
  std::vector<Tensor> taps(const Tensor& images, bool scaled_twice) const;
  std::vector<Tensor> distances(const LpipsFeatures& x, const std::vector<Tensor>& y) const;
  std::vector<Tensor> pair_distances(const Tensor& x, const Tensor& y, bool scaled_twice) const;
  LpipsNet net_;
  StateDict weights_;
  std::shared_ptr<const SqueezeNet> squeeze_;  // null: computed by libtorch
};
/// Loads LPIPS from a .safetensors or .pt file with the backbone and its heads.
Lpips load_lpips(const std::string& path);

/// Returns the shapes of all parameters of an LPIPS network.
ShapeList lpips_shapes(LpipsNet net);
/// Renames torchvision's `features.*` and the LPIPS package's `net.slice*.*` to `net.features.*`, and drops unused
/// tensors (`classifier.*`, `scaling_layer.*`, the repeated `lins.*`).
StateDict to_lpips_names(const StateDict& state);

/// Returns 1 - SSIM in the window of each pixel (7x7 uniform, sample covariance, data range 1), border reflected,
/// [N,1,H,W].
Tensor ssim_distance(const Tensor& x, const Tensor& y);
/// Returns the mean SSIM of each image as in scikit-image (border of 3 cropped), [N].
Tensor ssim(const Tensor& x, const Tensor& y);

/// Returns the sum over feature maps of the squared difference after unit-normalization over channels, each upsampled
/// to H x W.
Tensor feature_distance(const std::vector<Tensor>& a, const std::vector<Tensor>& b, int64_t height, int64_t width);

}  // namespace thor
