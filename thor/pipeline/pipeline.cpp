// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/pipeline.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/pipeline/call_memory.h"
#include "thor/pipeline/device.h"
#include "thor/pipeline/network.h"
#include "thor/pipeline/perceptual_choice.h"

namespace thor {

struct Pipeline::State {
  std::shared_ptr<const Model> model;
  std::shared_ptr<const Detector> detector;
  RunConfig run;
  Diffusion diffusion;
  std::shared_ptr<const Network> network;
  PerceptualChoice perceptual;
  std::shared_ptr<CallMemory> memory;  // null: nothing is remembered

  Tensor noise(const Images& images, const NoiseDraw& draw) const {
    std::vector<StreamKey> keys;
    for (const ImageKey& key : images.keys)
      keys.push_back({run.seed, key.case_id, key.slice, draw.purpose, static_cast<uint64_t>(draw.t),
                      static_cast<uint64_t>(draw.repeat)});
    return draw_noise(model->config.noise, keys, 1, images.pixels.size(2), images.pixels.size(3))
        .to(network->device(), at::kFloat);
  }

  Tensor denoise(const Tensor& xt, int64_t t, const NetworkCallback& after_call) const {
    const auto compute = [&] {
      Tensor output = network->forward(xt, t);
      if (after_call) after_call(xt.size(0));
      return output;
    };
    return memory ? memory->recall(fmt::format("network at {}", t), {xt}, compute) : compute();
  }

  Tensor distance(const Tensor& x, const Tensor& y) const {
    const auto compute = [&] { return perceptual.distance(x, y); };
    if (!memory) return compute();
    return memory->recall(fmt::format("{} {}", perceptual.name, detector->perceptual_scaled_twice()), {x, y}, compute);
  }

  /// Everything that depends on the detector.
  void use(std::unique_ptr<Detector> chosen) {
    chosen->check(diffusion);
    perceptual =
        choose_perceptual({chosen->perceptual(), chosen->perceptual_scaled_twice(), run.lpips}, network, diffusion);
    detector = std::move(chosen);
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
  const auto network = std::make_shared<Network>(model.config.model, model.weights, choose_device(run.device),
                                                 choose_precision(run.precision));
  model.weights.clear();
  state_ = std::make_unique<State>(
      State{std::make_shared<Model>(std::move(model)), nullptr, run, diffusion, network, {}, nullptr});
  state_->use(std::move(detector));
}

Pipeline::Pipeline(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;
Pipeline::~Pipeline() = default;
const Model& Pipeline::model() const { return *state_->model; }
const Detector& Pipeline::detector() const { return *state_->detector; }
int64_t Pipeline::network_calls() const {
  return state_->detector->network_calls(state_->model->config.preprocess.size);
}
const std::string& Pipeline::perceptual() const { return state_->perceptual.name; }

std::string Pipeline::device() const { return state_->network->device().str(); }

Pipeline Pipeline::with_detector(std::unique_ptr<Detector> detector) const {
  auto state = std::make_unique<State>(*state_);
  state->use(std::move(detector));
  return Pipeline(std::move(state));
}

Pipeline Pipeline::with_seed(uint64_t seed) const {
  auto state = std::make_unique<State>(*state_);
  state->run.seed = seed;
  return Pipeline(std::move(state));
}

void Pipeline::remember_calls(uint64_t bytes) { state_->memory = std::make_shared<CallMemory>(bytes); }

void Pipeline::forget_calls() const {
  if (state_->memory) state_->memory->clear();
}

Detection Pipeline::detect(const Images& images, const NetworkCallback& after_call) const {
  check_images(images.pixels, "the images to examine");
  const int64_t count = images.pixels.size(0);
  if (static_cast<int64_t>(images.keys.size()) != count)
    fail(ErrorKind::Internal, "{} images to examine have {} keys", count, images.keys.size());
  const at::NoGradGuard no_grad;
  const State& s = *state_;
  const auto denoise = [&](const Tensor& xt, int64_t t) { return s.denoise(xt, t, after_call); };
  const auto distance = [&](const Tensor& x, const Tensor& y) { return s.distance(x, y); };
  const auto noise = [&](const Images& of, const NoiseDraw& draw) { return s.noise(of, draw); };
  try {
    const Context context{s.diffusion, denoise, noise, distance, {}};
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
