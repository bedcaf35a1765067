// SPDX-License-Identifier: Apache-2.0
// Zhang, Isola, Efros, Shechtman, Wang: The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, 2018.
// distance = sum over taps of head(|unit(f(x)) - unit(f(y))|^2), f = SqueezeNet 1.1 or AlexNet.
#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/nn/feature_maps.h"
#include "thor/nn/kernel/deterministic.h"
#include "thor/nn/perceptual.h"
#include "thor/nn/squeeze_net.h"
#include "thor/nn/unit_features.h"
#include "thor/nn/weights/torch_file.h"

namespace thor {
namespace {

constexpr int64_t kSmallestSide = 32;

// The colour statistics LPIPS expects taken out, of [-1,1]: [N,1 or 3,H,W] in [0,1] -> [N,3,H,W]
Tensor network_input(const Tensor& image, bool scaled_twice) {
  const Tensor x = scaled_twice ? image * 2 - 1 : image;
  const Tensor shift = at::tensor({-.030f, -.088f, -.188f}, x.options()).view({1, 3, 1, 1});
  const Tensor scale = at::tensor({.458f, .448f, .450f}, x.options()).view({1, 3, 1, 1});
  return (x * 2 - 1 - shift) / scale;
}

// Squeeze to few channels, expand 1x1 and 3x3 beside each other: [N,C,H,W] -> [N,C',H,W]
Tensor fire(const Scope& w, const Tensor& x) {
  const auto layer = [&](const char* name, const Tensor& in, int64_t padding) {
    const Scope place = w / name;
    return at::relu(convolution(in, place["weight"], place["bias"], 1, padding));
  };
  const Tensor squeezed = layer("squeeze", x, 0);
  return at::cat({layer("expand1x1", squeezed, 0), layer("expand3x3", squeezed, 1)}, 1);
}

Tensor pool(const Tensor& x, bool ceil) { return at::max_pool2d(x, {3, 3}, {2, 2}, {0, 0}, {1, 1}, ceil); }

// [N,3,H,W] -> the seven taps
std::vector<Tensor> squeeze_features(const Scope& w, const Tensor& x) {
  const Tensor f1 = at::relu(convolution(x, (w / 0)["weight"], (w / 0)["bias"], 2, 0));  // [N,64,H/2,W/2]
  const Tensor f4 = fire(w / 4, fire(w / 3, pool(f1, true)));                            // [N,128,H/4,W/4]
  const Tensor f7 = fire(w / 7, fire(w / 6, pool(f4, true)));                            // [N,256,H/8,W/8]
  const Tensor f9 = fire(w / 9, pool(f7, true));                                         // [N,384,H/16,W/16]
  const Tensor f10 = fire(w / 10, f9);                                                   // [N,384,H/16,W/16]
  const Tensor f11 = fire(w / 11, f10);                                                  // [N,512,H/16,W/16]
  return {f1, f4, f7, f9, f10, f11, fire(w / 12, f11)};
}

// [N,3,H,W] -> the five taps
std::vector<Tensor> alex_features(const Scope& w, const Tensor& x) {
  const auto layer = [&](int64_t index, const Tensor& in, int64_t stride, int64_t padding) {
    return at::relu(convolution(in, (w / index)["weight"], (w / index)["bias"], stride, padding));
  };
  const Tensor f0 = layer(0, x, 4, 2);                // [N,64,H/4,W/4]
  const Tensor f3 = layer(3, pool(f0, false), 1, 2);  // [N,192,H/8,W/8]
  const Tensor f6 = layer(6, pool(f3, false), 1, 1);  // [N,384,H/16,W/16]
  const Tensor f8 = layer(8, f6, 1, 1);               // [N,256,H/16,W/16]
  return {f0, f3, f6, f8, layer(10, f8, 1, 1)};
}

void check_image(const Tensor& x) {
  if (x.dim() != 4 || (x.size(1) != 1 && x.size(1) != 3) || x.scalar_type() != at::kFloat)
    fail(ErrorKind::Internal, "LPIPS compares float32 [N, 1 or 3, H, W], not {}", shape_text(x.sizes()));
  if (x.size(2) < kSmallestSide || x.size(3) < kSmallestSide)
    fail_input("LPIPS needs images of at least {0} x {0} pixels, not {1} x {2}", kSmallestSide, x.size(2), x.size(3));
}

void check_pair(const Tensor& x, const Tensor& y) {
  check_image(x);
  check_image(y);
  if (x.sizes() != y.sizes())
    fail(ErrorKind::Internal, "LPIPS compares images of one shape, not {} with {}", shape_text(x.sizes()),
         shape_text(y.sizes()));
}

/// `of_some(images)` of the whole batch; on the CPU image by image, because the convolution library may choose another
/// algorithm for another batch size and a result must not depend on its neighbours.
template <class F>
std::vector<Tensor> image_by_image(const Tensor& images, const F& of_some) {
  if (!images.is_cpu() || images.size(0) == 1) return of_some(images);
  std::vector<std::vector<Tensor>> taps;
  for (int64_t i = 0; i < images.size(0); ++i) {
    const auto of_image = of_some(images.narrow(0, i, 1));
    taps.resize(of_image.size());
    for (size_t tap = 0; tap < taps.size(); ++tap) taps[tap].push_back(of_image[tap]);
  }
  std::vector<Tensor> together;
  for (const auto& tap : taps) together.push_back(at::cat(tap));
  return together;
}

}  // namespace

Lpips::Lpips(const StateDict& weights)
    : net_(weights.count("net.features.3.squeeze.weight") ? LpipsNet::Squeeze : LpipsNet::Alex),
      weights_(load_strictly(weights, lpips_shapes(net_), "the file with LPIPS weights")) {
  for (const auto& [name, tensor] : weights_)
    if (name.rfind("lin", 0) == 0 && tensor.min().item<float>() < 0)
      fail_input("the LPIPS head '{}' has negative weights; a distance cannot be made of them", name);
  to(at::kCPU);
}

void Lpips::to(at::Device device) {
  for (auto& entry : weights_) entry.second = entry.second.to(device);
  squeeze_ = net_ == LpipsNet::Squeeze && device.is_cpu() ? std::make_shared<SqueezeNet>(weights_) : nullptr;
}

std::vector<Tensor> Lpips::taps(const Tensor& images, bool scaled_twice) const {
  const Tensor input = network_input(images, scaled_twice);  // [N,3,H,W]
  if (squeeze_) return squeeze_->taps(input);
  const Scope w = Scope(weights_) / "net.features";
  return image_by_image(
      input, [&](const Tensor& x) { return net_ == LpipsNet::Squeeze ? squeeze_features(w, x) : alex_features(w, x); });
}

std::vector<Tensor> Lpips::distances(const LpipsFeatures& x, const std::vector<Tensor>& y) const {
  const Scope w(weights_);
  std::vector<Tensor> distances;
  for (size_t i = 0; i < y.size(); ++i)
    distances.push_back(headed_distance(x.unit[i], y[i], w[fmt::format("lin{}.model.1.weight", i)].view({-1})));
  return distances;  // [N,1,h,w] each
}

std::vector<Tensor> Lpips::pair_distances(const Tensor& x, const Tensor& y, bool scaled_twice) const {
  check_pair(x, y);
  const int64_t count = x.size(0);
  LpipsFeatures of_x;
  std::vector<Tensor> of_y;
  for (const Tensor& both : taps(at::cat({x, y}), scaled_twice)) {
    of_x.unit.push_back(unit_over_channels(both.narrow(0, 0, count)));
    of_y.push_back(both.narrow(0, count, count));
  }
  return distances(of_x, of_y);
}

LpipsFeatures Lpips::features(const Tensor& x, bool scaled_twice) const {
  check_image(x);
  LpipsFeatures features;
  for (const Tensor& tap : taps(x, scaled_twice)) features.unit.push_back(unit_over_channels(tap));
  return features;
}

Tensor Lpips::spatial(const LpipsFeatures& x, const Tensor& y, bool scaled_twice) const {
  check_image(y);
  const auto of_y = taps(y, scaled_twice);
  for (size_t i = 0; i < of_y.size(); ++i)
    if (x.unit.size() != of_y.size() || x.unit[i].sizes() != of_y[i].sizes())
      fail(ErrorKind::Internal, "LPIPS features belong to other images than {}", shape_text(y.sizes()));
  return sum_at_size(distances(x, of_y), y.size(2), y.size(3));
}

Tensor Lpips::spatial(const Tensor& x, const Tensor& y, bool scaled_twice) const {
  return sum_at_size(pair_distances(x, y, scaled_twice), x.size(2), x.size(3));
}

Tensor Lpips::mean(const Tensor& x, const Tensor& y) const {
  Tensor total = at::zeros({x.size(0)}, x.options());
  for (const Tensor& tap : pair_distances(x, y, false)) total += tap.mean({1, 2, 3});
  return total;
}

Lpips load_lpips(const std::string& path) {
  return with_context("loading LPIPS from " + path, [&] { return Lpips(to_lpips_names(read_weights_file(path))); });
}

}  // namespace thor
