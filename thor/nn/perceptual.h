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

/// Which network carries LPIPS.
enum class LpipsNet { Squeeze, Alex };

/// What LPIPS sees in images: many others can be compared with it.
struct LpipsFeatures {
  std::vector<Tensor> unit;  ///< of each tap, length 1 over the channels, [N,C,h,w]
};

class SqueezeNet;

/// LPIPS v0.1 (Zhang et al. 2018, METHODS 5), torch names of torchvision's features and the 1x1 heads. On the CPU
/// images neither influence each other nor does the number of threads.
/// Its const functions may be called by several threads at once.
class Lpips {
 public:
  /// Strict, names as to_lpips_names gives them; which network is read from the names. Throws Input with the report.
  explicit Lpips(const StateDict& weights);
  LpipsNet net() const { return net_; }
  /// x, y [N,1,H,W] in [0,1], or [N,3,H,W] in colour -> distance map [N,1,H,W]. `scaled_twice` reproduces the
  /// published quirk: the input is taken to [-1,1] once more. Input error below 32 x 32.
  Tensor spatial(const Tensor& x, const Tensor& y, bool scaled_twice = false) const;
  /// The same in two halves, where one x is compared with many y.
  LpipsFeatures features(const Tensor& x, bool scaled_twice = false) const;
  Tensor spatial(const LpipsFeatures& x, const Tensor& y, bool scaled_twice = false) const;
  /// The usual scalar LPIPS (each tap averaged over its own grid): [N]
  Tensor mean(const Tensor& x, const Tensor& y) const;
  void to(at::Device device);

 private:
  std::vector<Tensor> taps(const Tensor& images, bool scaled_twice) const;
  std::vector<Tensor> distances(const LpipsFeatures& x, const std::vector<Tensor>& y) const;
  std::vector<Tensor> pair_distances(const Tensor& x, const Tensor& y, bool scaled_twice) const;
  LpipsNet net_;
  StateDict weights_;
  std::shared_ptr<const SqueezeNet> squeeze_;  // null: through libtorch
};
/// From a .safetensors or .pt file with the network and its heads.
Lpips load_lpips(const std::string& path);

/// Shapes of every parameter of an LPIPS network.
ShapeList lpips_shapes(LpipsNet net);
/// Renames torchvision's `features.*` and the LPIPS package's `net.slice*.*` to `net.features.*`, and drops what is not
/// used (`classifier.*`, `scaling_layer.*`, the repeated `lins.*`).
StateDict to_lpips_names(const StateDict& state);

/// 1 - SSIM in each pixel's window (7x7 uniform, sample covariance, data range 1), border reflected: [N,1,H,W]
Tensor ssim_distance(const Tensor& x, const Tensor& y);
/// Mean SSIM as scikit-image computes it (border of 3 cropped), one per image: [N]
Tensor ssim(const Tensor& x, const Tensor& y);

/// Sum over feature maps of the squared difference after unit-normalization over channels, each brought to H x W.
Tensor feature_distance(const std::vector<Tensor>& a, const std::vector<Tensor>& b, int64_t height, int64_t width);

}  // namespace thor
