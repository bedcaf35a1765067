// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/pipeline.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/pipeline/device.h"
#include "thor/pipeline/network.h"
#include "thor/pipeline/perceptual_choice.h"

namespace thor {

struct Pipeline::State {
  Model model;
  std::unique_ptr<Detector> detector;
  RunConfig run;
  Diffusion diffusion;
  std::shared_ptr<const Network> network;
  PerceptualChoice perceptual;

  Tensor noise(const Images& images, const NoiseDraw& draw) const {
    std::vector<StreamKey> keys;
    for (const ImageKey& key : images.keys)
      keys.push_back({run.seed, key.case_id, key.slice, draw.purpose, static_cast<uint64_t>(draw.t),
                      static_cast<uint64_t>(draw.repeat)});
    return draw_noise(model.config.noise, keys, 1, images.pixels.size(2), images.pixels.size(3))
        .to(network->device(), at::kFloat);
  }
};

namespace {

[[noreturn]] void translate(const c10::Error& error, int64_t images) {
  const std::string what = error.what_without_backtrace();
  if (what.find("memory") != std::string::npos)
    fail(ErrorKind::Unsupported, "not enough memory for {} images at once; use a smaller batch ({})", images,
         what.substr(0, what.find('\n')));
  fail(ErrorKind::Internal, "{}", what);
}

}  // namespace

Pipeline::Pipeline(Model model, std::unique_ptr<Detector> detector, const RunConfig& run) {
  model.config.check();
  if (run.batch < 1) fail_usage("the batch is {}, expected at least 1", run.batch);
  const Diffusion diffusion(model.config.diffusion);
  detector->check(diffusion);
  const auto network = std::make_shared<Network>(model.config.model, model.weights, choose_device(run.device),
                                                 choose_precision(run.precision));
  PerceptualChoice perceptual =
      choose_perceptual({detector->perceptual(), detector->perceptual_scaled_twice(), run.lpips}, network, diffusion);
  state_ = std::make_unique<State>(
      State{std::move(model), std::move(detector), run, diffusion, network, std::move(perceptual)});
}

Pipeline::~Pipeline() = default;
const Model& Pipeline::model() const { return state_->model; }
const Detector& Pipeline::detector() const { return *state_->detector; }
int64_t Pipeline::network_calls() const {
  return state_->detector->network_calls(state_->model.config.preprocess.size);
}
const std::string& Pipeline::perceptual() const { return state_->perceptual.name; }

std::string Pipeline::device() const { return state_->network->device().str(); }

Detection Pipeline::detect(const Images& images, const NetworkCallback& after_call) const {
  check_images(images.pixels, "the images to examine");
  const int64_t count = images.pixels.size(0);
  if (static_cast<int64_t>(images.keys.size()) != count)
    fail(ErrorKind::Internal, "{} images to examine have {} keys", count, images.keys.size());
  const at::NoGradGuard no_grad;
  const State& s = *state_;
  const auto denoise = [&](const Tensor& xt, int64_t t) {
    Tensor output = s.network->forward(xt, t);
    if (after_call) after_call(xt.size(0));
    return output;
  };
  const auto noise = [&](const Images& of, const NoiseDraw& draw) { return s.noise(of, draw); };
  try {
    const Context context{s.diffusion, denoise, noise, s.perceptual.distance, {}};
    Detection found = s.detector->detect(context, {images.pixels.to(s.network->device()), images.keys});
    if (after_call && network_calls() == 0) after_call(count);
    for (Tensor* result : {&found.map, &found.pseudo_healthy, &found.score})
      *result = result->to(at::kCPU, at::kFloat).contiguous();
    return found;
  } catch (const c10::Error& error) {
    translate(error, count);
  } catch (const std::bad_alloc&) {
    fail(ErrorKind::Unsupported, "not enough memory for {} images at once; use a smaller batch", count);
  }
}

}  // namespace thor
