// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/pipeline.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "thor/base/error.h"
#include "thor/base/run_context.h"
#include "thor/nn/kernel/gpu.h"
#include "thor/pipeline/call_cache.h"
#include "thor/pipeline/detector_choice.h"
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
  std::shared_ptr<CallCache> memory;                     // null: nothing is remembered
  std::vector<std::shared_ptr<const Pipeline>> members;  // of an ensemble, which has no network of its own

  Tensor noise(const Images& images, const NoiseDraw& draw) const {
    std::vector<StreamKey> keys;
    for (const ImageKey& key : images.keys)
      keys.push_back({run.seed, key.case_id, key.slice, draw.purpose, static_cast<uint64_t>(draw.t),
                      static_cast<uint64_t>(draw.repeat), key.chain});
    const auto [channels, height, width] = diffusion.noise_shape(images.pixels.size(2), images.pixels.size(3));
    return sent_to(draw_noise(model->config.noise, keys, channels, height, width), network->device());
  }

  UsualSlices usual(const Images& images) const {
    const BrainTissue& tissue = model->tissue;
    std::vector<int64_t> levels;
    for (int64_t i = 0; i < images.pixels.size(0); ++i)
      levels.push_back(images.z_mm.defined() ? tissue.level_at(images.z_mm[i].item<double>()) : 0);
    const auto chosen = [&](const Tensor& of) {
      return of.index_select(0, at::tensor(levels, at::kLong)).unsqueeze(1).to(images.pixels.device());
    };
    return {chosen(tissue.median) / 255.0F, chosen(tissue.deviation) / 255.0F, chosen(tissue.brain) > 0};
  }

  /// Gray images where the network is, for measurements.
  Images blank(int64_t count) const {
    const int64_t size = model->config.preprocess.size;
    return {at::full({count, 1, size, size}, 0.5, at::TensorOptions(network->device()).dtype(at::kFloat)),
            std::vector<ImageKey>(static_cast<size_t>(count))};
  }

  Tensor denoise(const Images& images, const Tensor& xt, int64_t t, const NetworkCallback& after_call) const {
    std::vector<Tensor> given{xt};
    if (network->knows_z() && images.z_mm.defined()) given.push_back(images.z_mm);
    const auto compute = [&](const std::vector<Tensor>& inputs) {
      Tensor output = network->forward(inputs[0], t, inputs.size() > 1 ? inputs[1] : Tensor());
      if (after_call) after_call(inputs[0].size(0));
      return output;
    };
    return memory ? memory->recall(fmt::format("network at {}", t), given, compute) : compute(given);
  }

  Tensor distance(const Tensor& x, const Tensor& y) const {
    const auto compute = [&](const std::vector<Tensor>& pair) { return perceptual.distance(pair[0], pair[1]); };
    if (!memory) return compute({x, y});
    return memory->recall(fmt::format("{} {}", perceptual.name, detector->perceptual_scaled_twice()), {x, y}, compute);
  }

  /// Everything that depends on the detector.
  void use(std::unique_ptr<Detector> chosen) {
    check_detector(*chosen, diffusion);
    perceptual =
        choose_perceptual({chosen->perceptual(), chosen->perceptual_scaled_twice(), run.lpips}, network, diffusion);
    if (model->is_ensemble()) perceptual.name = perceptual_of_members();
    detector = std::move(chosen);
  }

  std::string perceptual_of_members() const {
    std::vector<std::string> names;
    for (const auto& member : members) names.push_back(member->perceptual());
    return fmt::format("{}", fmt::join(names, "+"));
  }

  std::vector<MemberView> member_views(const NetworkCallback& after_call) const {
    std::vector<MemberView> views;
    for (size_t i = 0; i < members.size(); ++i)
      views.push_back(
          {[member = members[i], after_call](const Images& images) { return member->detect(images, after_call); },
           model->members()[i].reference});
    return views;
  }
};

namespace {

/// Of every member a pipeline with the detector it recommends, which alone keeps its weights from now on.
std::vector<std::shared_ptr<const Pipeline>> pipelines_of(Model& ensemble, const RunConfig& run) {
  std::vector<std::shared_ptr<const Pipeline>> pipelines;
  for (Member& member : ensemble.members()) {
    member.model.tissue = ensemble.tissue;
    DetectorChoice choice = choose_detector(member.model, "", {});
    pipelines.push_back(std::make_shared<const Pipeline>(member.model, std::move(choice.detector), run));
    member.model.weights().clear();
  }
  return pipelines;
}

[[noreturn]] void translate(const c10::Error& error, int64_t images) {
  const std::string what = error.what_without_backtrace();
  if (what.find("memory") != std::string::npos)
    fail(ErrorKind::Unsupported, "not enough memory for {} images at once; use a smaller batch ({})", images,
         what.substr(0, what.find('\n')));
  fail(ErrorKind::Internal, "{}", what);
}

/// The shorter of two times: what is set up at the first is not paid again. A failure is about so many images.
double seconds_of(const std::function<void()>& work, int64_t images) {
  double shortest = std::numeric_limits<double>::infinity();
  for (int time = 0; time < 2; ++time) try {
      const auto start = std::chrono::steady_clock::now();
      work();
      shortest = std::min(shortest, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    } catch (const c10::Error& error) {
      translate(error, images);
    }
  return shortest;
}

}  // namespace

Pipeline::Pipeline(Model model, std::unique_ptr<Detector> detector, const RunConfig& run) {
  const RunScope scope(run.context);
  model.config.check();
  if (!model.is_ensemble()) model.config.check_takes_single_slices();  // the pipelines of members check theirs
  if (run.batch < 1) fail_usage("the batch is {}, expected at least 1", run.batch);
  const Diffusion diffusion(model.config.diffusion);
  std::shared_ptr<const Network> network;
  std::vector<std::shared_ptr<const Pipeline>> members;
  if (model.is_ensemble()) {
    members = pipelines_of(model, run);
  } else {
    network = std::make_shared<Network>(model.config.model, model.weights(), choose_device(run.device),
                                        dtype_of(run.precision));
    model.weights().clear();
  }
  state_ = std::make_unique<State>(State{
      std::make_shared<Model>(std::move(model)), nullptr, run, diffusion, network, {}, nullptr, std::move(members)});
  state_->use(std::move(detector));
}

Pipeline::Pipeline(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;
Pipeline::~Pipeline() = default;
const Model& Pipeline::model() const { return *state_->model; }
const Detector& Pipeline::detector() const { return *state_->detector; }
int64_t Pipeline::network_calls() const {
  int64_t calls = state_->detector->network_calls(state_->model->config.preprocess.size);
  for (const auto& member : state_->members) calls += member->network_calls();
  return calls;
}
const std::string& Pipeline::perceptual() const { return state_->perceptual.name; }

std::string Pipeline::device() const {
  return state_->network ? state_->network->device().str() : state_->members.front()->device();
}

Pipeline Pipeline::with_detector(std::unique_ptr<Detector> detector) const {
  auto state = std::make_unique<State>(*state_);
  state->use(std::move(detector));
  return Pipeline(std::move(state));
}

Pipeline Pipeline::with_seed(uint64_t seed) const {
  auto state = std::make_unique<State>(*state_);
  state->run.seed = seed;
  for (auto& member : state->members) member = std::make_shared<const Pipeline>(member->with_seed(seed));
  return Pipeline(std::move(state));
}

void Pipeline::remember_calls(uint64_t bytes) { state_->memory = std::make_shared<CallCache>(bytes); }

void Pipeline::forget_calls() const {
  if (state_->memory) state_->memory->clear();
}

double Pipeline::seconds_of_call(int64_t images) const {
  const at::NoGradGuard no_grad;
  const Images some = state_->blank(images);
  return seconds_of([&] { state_->network->forward(some.pixels, 0).to(at::kCPU); }, images) /
         static_cast<double>(images);
}

double Pipeline::seconds_beside_network() const {
  const at::NoGradGuard no_grad;
  const State& s = *state_;
  const auto no_network = [](const Images&, const Tensor& xt, int64_t) { return at::zeros_like(xt); };
  const auto distance = [&](const Tensor& x, const Tensor& y) { return s.perceptual.distance(x, y); };
  const auto noise = [&](const Images& of, const NoiseDraw& draw) { return s.noise(of, draw); };
  Context context{s.diffusion, no_network, noise, distance, {}, s.run.batch};
  if (s.model->tissue.known()) context.usual = [&](const Images& of) { return s.usual(of); };
  return seconds_of([&] { s.detector->detect(context, s.blank(1)).map.to(at::kCPU); }, 1);
}

Detection Pipeline::detect(const Images& images, const NetworkCallback& after_call) const {
  check_images(images.pixels, "the images to examine");
  const int64_t count = images.pixels.size(0);
  if (static_cast<int64_t>(images.keys.size()) != count || (images.z_mm.defined() && images.z_mm.numel() != count))
    fail(ErrorKind::Internal, "{} images to examine have {} keys and heights {}", count, images.keys.size(),
         images.z_mm.defined() ? shape_text(images.z_mm.sizes()) : "that are unknown");
  const at::NoGradGuard no_grad;
  const State& s = *state_;
  const auto denoise = [&](const Images& of, const Tensor& xt, int64_t t) { return s.denoise(of, xt, t, after_call); };
  const auto distance = [&](const Tensor& x, const Tensor& y) { return s.distance(x, y); };
  const auto noise = [&](const Images& of, const NoiseDraw& draw) { return s.noise(of, draw); };
  try {
    Context context{s.diffusion, denoise, noise, distance, {}, s.run.batch, s.member_views(after_call)};
    if (s.model->tissue.known()) context.usual = [&](const Images& of) { return s.usual(of); };
    const Tensor pixels = s.network ? sent_to(images.pixels, s.network->device()) : images.pixels;
    Detection found = s.detector->detect(context, {pixels, images.keys, images.z_mm});
    if (after_call && !s.model->is_ensemble() && network_calls() == 0) after_call(count);
    for (Tensor* result : {&found.map, &found.pseudo_healthy, &found.score})
      *result = result->to(at::kCPU, at::kFloat).contiguous();
    if (found.region.defined()) found.region = found.region.to(at::kCPU).contiguous();
    return found;
  } catch (const c10::Error& error) {
    translate(error, count);
  } catch (const std::bad_alloc&) {
    fail(ErrorKind::Unsupported, "not enough memory for {} images at once; use a smaller batch", count);
  }
}

}  // namespace thor
