// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/perceptual_choice.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/pipeline/pipeline.h"

namespace thor {
namespace {

/// Late enough that the network looks at anatomy, early enough that a clean image is in its distribution.
constexpr int64_t kFeatureStep = 10;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

Perceptual unet_distance(std::shared_ptr<const Network> network, const Diffusion& diffusion) {
  const int64_t t = std::min(kFeatureStep, diffusion.steps() - 1);
  return [network, diffusion, t](const Tensor& x, const Tensor& y) {
    return network->feature_distance(diffusion.from_unit(x), diffusion.from_unit(y), t);
  };
}

/// LPIPS for the steps of a chain, which all compare with the same images: what LPIPS sees in those is kept.
class LpipsOfChain {
 public:
  LpipsOfChain(const std::string& path, at::Device device, bool scaled_twice)
      : lpips_(load_lpips(path)), scaled_twice_(scaled_twice) {
    lpips_.to(device);
  }
  Tensor operator()(const Tensor& x, const Tensor& y) {
    std::vector<Tensor> distances;
    for (const Part& part : parts_of(x)) {
      throw_if_interrupted();
      distances.push_back(lpips_.spatial(part.features, y.narrow(0, part.begin, part.count), scaled_twice_));
    }
    return at::cat(distances);
  }

 private:
  /// Some images of a batch.
  struct Part {
    int64_t begin, count;
    LpipsFeatures features;
  };

  std::vector<Part> parts_of(const Tensor& x) {
    if (!x.is_cpu()) return seen_in(x, x.size(0));  // comparing would wait for the device
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!x_.defined() || !at::equal(x_, x)) {
      kept_ = seen_in(x, at::get_num_threads());  // each its image: what the others need is not in memory yet
      x_ = x.clone();
    }
    return kept_;
  }

  std::vector<Part> seen_in(const Tensor& x, int64_t at_once) const {
    std::vector<Part> parts;
    for (int64_t begin = 0; begin < x.size(0); begin += at_once) {
      throw_if_interrupted();
      const int64_t count = std::min(at_once, x.size(0) - begin);
      parts.push_back({begin, count, lpips_.features(x.narrow(0, begin, count), scaled_twice_)});
    }
    return parts;
  }

  Lpips lpips_;
  bool scaled_twice_;
  std::mutex mutex_;
  Tensor x_;
  std::vector<Part> kept_;  // of x_
};

Perceptual lpips_distance(const std::string& path, at::Device device, bool scaled_twice) {
  const auto lpips = std::make_shared<LpipsOfChain>(path, device, scaled_twice);
  return [lpips](const Tensor& x, const Tensor& y) { return (*lpips)(x, y); };
}

}  // namespace

std::string thor_home() {
  if (const std::string home = environment("THOR_HOME"); !home.empty()) return home;
  if (const std::string data = environment("XDG_DATA_HOME"); !data.empty()) return data + "/thor";
  std::string home = environment("HOME");
  if (home.empty()) {
    const passwd* user = ::getpwuid(::getuid());
    home = user && user->pw_dir ? user->pw_dir : ".";
  }
  return home + "/.local/share/thor";
}

std::string lpips_weights(const std::string& file) {
  return file.empty() ? thor_home() + "/lpips-squeeze.safetensors" : file;
}

PerceptualChoice choose_perceptual(const PerceptualRequest& request, std::shared_ptr<const Network> network,
                                   const Diffusion& diffusion) {
  const auto as = [](PerceptualKind kind, Perceptual distance) {
    return PerceptualChoice{name_of(kind), std::move(distance)};
  };
  if (request.kind == PerceptualKind::None)
    return as(request.kind, [](const Tensor& x, const Tensor&) { return at::ones_like(x); });
  if (request.kind == PerceptualKind::Ssim) return as(request.kind, ssim_distance);
  if (request.kind == PerceptualKind::Unet) return as(request.kind, unet_distance(network, diffusion));

  const std::string path = lpips_weights(request.lpips_file);
  std::error_code ignored;
  if (request.lpips_file.empty() && !std::filesystem::exists(path, ignored)) {
    log_once(LogLevel::Warning,
             fmt::format("no LPIPS weights at '{}': using the diffusion network's own features instead "
                         "(perceptual: unet); 'thor import' puts them there (`as` lpips-squeeze)",
                         path));
    return as(PerceptualKind::Unet, unet_distance(network, diffusion));
  }
  return as(PerceptualKind::Lpips, lpips_distance(path, network->device(), request.scaled_twice));
}

}  // namespace thor
