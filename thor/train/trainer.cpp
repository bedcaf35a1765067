// SPDX-License-Identifier: Apache-2.0
#include "thor/train/trainer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/base/utf8.h"
#include "thor/base/version.h"
#include "thor/data/archive.h"
#include "thor/data/overlap.h"
#include "thor/data/summary.h"
#include "thor/nn/kernel/gpu.h"
#include "thor/nn/layers.h"
#include "thor/pipeline/device.h"
#include "thor/train/adam.h"
#include "thor/train/batch.h"
#include "thor/train/checkpoint.h"
#include "thor/train/loss.h"
#include "thor/train/samples.h"
#include "thor/train/train_log.h"

namespace thor {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

at::ScalarType compute_dtype(TrainPrecision precision, const at::Device& device) {
  const bool native = device.is_cuda() || __builtin_cpu_supports("avx512bf16");
  return precision == TrainPrecision::Bf16 || (precision == TrainPrecision::Auto && native) ? at::kBFloat16
                                                                                            : at::kFloat;
}

// The state of one run and what happens at one step of it.
class Run {
 public:
  Run(const ExperimentConfig& config, const TrainPaths& paths, bool resume, const std::string& device)
      : config_(config),
        paths_(paths),
        diffusion_(config.model.diffusion),
        device_(choose_device(device)),
        dtype_(compute_dtype(config.train.precision, device_)),
        data_(open_training_data(paths.train_data, config.model.preprocess, paths.templates)),
        data_summary_(summarize(data_.slices)) {
    if (!paths.val_data.empty()) {
      val_ = open_training_data(paths.val_data, config.model.preprocess, paths.templates);
      warn_of_overlap();
    }
    if (!config.model.preprocess.landmarks.empty()) tissue_ = measure_tissue(data_);
    make_folder(paths.run);
    state_.config = Fields(config_).to_json();
    state_.data_sha256 = data_.sha256;
    resume ? restore() : start_fresh();
    for (auto& [name, tensor] : state_.weights) parameters_.push_back(tensor.requires_grad_());
    adam_ = std::make_unique<Adam>(parameters_,
                                   config.train.optimizer == Optimizer::AdamW ? config.train.weight_decay : 0.0);
    connect_moments();
    log_ = std::make_unique<TrainLog>(paths.run, state_.step);
    seconds_before_ = state_.seconds;
    start_ = Clock::now();
  }

  TrainResult loop() {
    const TrainConfig& t = config_.train;
    const double seconds_allowed = t.max_minutes > 0 ? std::max(1.0, 60 * t.max_minutes - state_.seconds) : 0;
    Progress progress("training", t.steps, state_.step, seconds_allowed);
    while (state_.step < t.steps && !interrupted() && !out_of_time()) {
      const double loss = step();
      if (due(t.validate_every) && val_.slices.defined()) validate();
      if (due(t.checkpoint_every)) save();
      if (due(t.sample_every)) sample();
      progress.advance(1, fmt::format("loss {:.4f}", loss));
    }
    save();
    return {state_.step, interrupted() && state_.step < t.steps, model_path()};
  }

 private:
  void warn_of_overlap() const {
    const Overlap overlap = overlap_of(data_, val_);
    if (overlap.slices == 0) return;
    const bool renamed = overlap.name_in_a != overlap.name_in_b;
    warn(
        "{} of the {} validation images are training images too, e.g. '{}'{}: the validation loss cannot show "
        "overfitting on these; validate on other patients",
        overlap.slices, val_.slices.size(0), overlap.name_in_b,
        renamed ? fmt::format(" (there '{}')", overlap.name_in_a) : "");
  }

  // Forward, backward, update, EMA, log: one optimizer step.
  double step() {
    const Batch batch = training_batch(config_, diffusion_, data_, state_.step);
    adam_->zero_gradients();
    const Tensor output = network()->forward(cast_weights(state_.weights, dtype_), input_of(batch));
    const Tensor loss = training_loss(config_.train.loss, output, batch);
    const double loss_value = loss.item<double>();
    if (!std::isfinite(loss_value))
      fail_input("the loss is {} at step {}: lower train.learning_rate, or train with train.precision: fp32",
                 loss_value, state_.step + 1);
    loss.backward();
    const double gradient_norm = adam_->clip_gradients(config_.train.clip);
    const int64_t number = ++state_.step;
    const double rate = config_.train.learning_rate *
                        (config_.train.warmup > 0 ? std::min(1.0, double(number) / config_.train.warmup) : 1.0);
    adam_->update(number, rate);
    update_ema();
    state_.seconds = seconds_before_ + seconds_since(start_);
    log_->write({{"step", number},
                 {"epoch", number * config_.train.batch / data_.slices.size(0)},
                 {"loss", loss_value},
                 {"gradient_norm", gradient_norm},
                 {"learning_rate", rate},
                 {"seconds", state_.seconds}});
    return loss_value;
  }

  NetworkInput input_of(const Batch& batch) const {
    return {sent_to(batch.xt, device_), sent_to(batch.t, device_), sent_to(batch.z_mm, device_)};
  }

  // The decay grows with the step, so that early averages do not remember the random start.
  void update_ema() {
    const at::NoGradGuard no_grad;
    const double decay = std::min(config_.train.ema, (1.0 + state_.step) / (10.0 + state_.step));
    for (auto& [name, average] : state_.ema) average.lerp_(state_.weights.at(name).detach(), 1 - decay);
  }

  void validate() {
    const at::NoGradGuard no_grad;
    const StateDict weights = cast_weights(state_.ema, dtype_);
    const int64_t images = val_.slices.size(0), size = config_.train.batch;
    double sum = 0;
    for (int64_t first = 0; first < images; first += size) {
      const int64_t count = std::min(size, images - first);
      const Batch batch = validation_batch(config_, diffusion_, val_, first, count);
      const Tensor output = network()->forward(weights, input_of(batch));
      sum += training_loss(config_.train.loss, output, batch).item<double>() * count;
    }
    validation_loss_ = sum / images;
    log_->write({{"step", state_.step}, {"validation_loss", validation_loss_}});
    info("step {}: validation loss {:.5f}", state_.step, validation_loss_);
  }

  void sample() {
    const Model model = ema_model();
    const StateDict weights = cast_weights(state_.ema, dtype_);
    const std::string path = fmt::format("{}/samples/step-{:07d}.png", paths_.run, state_.step);
    const Archive& healthy = val_.slices.defined() ? val_ : data_;
    if (diffusion_.config().process == Process::Corruption)
      write_restored(path, model, weights, spread_over(healthy));
    else
      write_samples(path, model, weights, config_.train.seed);
  }

  // Four images from all over the data, corrupted.
  Batch spread_over(const Archive& archive) const {
    const int64_t images = archive.slices.size(0), every = std::max<int64_t>(1, images / 4);
    const TrainingSlices some(archive.slices.slice(0, every / 2, images, every),
                              archive.z_mm.slice(0, every / 2, images, every));
    return validation_batch(config_, diffusion_, some, 0, std::min<int64_t>(4, some.slices.size(0)));
  }

  Model ema_model() const {
    Model model;
    model.config = config_.model;
    model.templates = data_.templates;
    model.tissue = tissue_;
    model.networks = state_.ema;
    nlohmann::json training{{"version", version()},
                            {"steps", state_.step},
                            {"seconds", state_.seconds},
                            {"images", data_.slices.size(0)},
                            {"data_sha256", data_.sha256},
                            {"data", parse(json_of(data_summary_))},
                            {"precision", dtype_ == at::kFloat ? "fp32" : "bf16"},
                            {"config", state_.config.at("train")}};
    if (!state_.from.is_null()) training["from"] = state_.from;
    if (validation_loss_ >= 0) training["validation_loss"] = validation_loss_;
    model.training = json_text(training);
    model.detector = json_text(state_.config.at("detector"));
    return model;
  }

  void save() {
    save_checkpoint(checkpoint_path(), state_);
    save_model(model_path(), ema_model());
  }

  void start_fresh() {
    if (std::filesystem::exists(checkpoint_path()))
      fail_usage("'{}' already holds a training; go on with `resume`, or choose another folder", paths_.run);
    state_.weights = first_weights();
    for (auto& [name, tensor] : state_.weights) {
      tensor = tensor.to(device_);
      state_.ema[name] = tensor.clone();
    }
  }

  StateDict first_weights() {
    if (paths_.from.empty()) return network()->initial(config_.train.seed);
    const Model model = load_model(paths_.from);
    if (model.is_ensemble())
      fail_usage("'{}' is an ensemble; `from` takes one network, such as a model that it was made of", paths_.from);
    StateDict known = model.weights();
    // A network that learns heights may go on from one without: the new layers add nothing at first.
    for (const auto& [name, tensor] : network()->initial(config_.train.seed))
      if (name.rfind("z_embed.", 0) == 0) known.emplace(name, tensor);
    StateDict weights = load_strictly(known, network()->shapes(), paths_.from);
    for (auto& [name, tensor] : weights) tensor = tensor.clone();
    state_.from = {{"model", model.hash}, {"training", parse(model.training)}};
    return weights;
  }

  // The steps, time limit and intervals may change between runs; nothing that decides the weights may.
  void restore() {
    if (!paths_.from.empty()) fail_usage("`resume` goes on from the run's own weights; leave out `from`");
    if (!std::filesystem::exists(checkpoint_path()))
      fail_usage("nothing to resume: '{}' does not exist; leave out `resume` to start", checkpoint_path());
    Checkpoint old = load_checkpoint(checkpoint_path());
    for (const char* key : {"steps", "max_minutes", "validate_every", "checkpoint_every", "sample_every"})
      old.config["train"][key] = state_.config["train"][key];
    old.config["detector"] = state_.config["detector"];
    old.config = with_defaults(old.config);
    if (old.config != state_.config)
      fail_usage("'{}' was trained with another config: {}; change it back or train into another folder", paths_.run,
                 dump_json(nlohmann::json::diff(old.config, state_.config)[0]));
    if (old.data_sha256 != data_.sha256)
      fail_input("'{}' was trained on other data than '{}'", paths_.run, paths_.train_data);
    const ShapeList shapes = network()->shapes();
    for (StateDict* part : {&old.weights, &old.ema, &old.first_moments, &old.second_moments})
      for (auto& [name, tensor] : * part = load_strictly(*part, shapes, checkpoint_path())) tensor = tensor.to(device_);
    state_ = std::move(old);
    info("resuming at step {}", state_.step);
  }

  // Fields that did not exist when the checkpoint was written take their defaults.
  nlohmann::json with_defaults(const nlohmann::json& old) const {
    ExperimentConfig config;
    config.model.model = network_of_kind(dump_json(old), {});
    config.detector_name = config_.detector_name;
    config.detector = config_.detector;
    Fields fields(config);
    fields.read(dump_json(old));
    return fields.to_json();
  }

  // Adam's moments and the checkpoint's are the same tensors.
  void connect_moments() {
    auto m = adam_->first_moments().begin(), v = adam_->second_moments().begin();
    for (const auto& [name, tensor] : state_.weights) {
      if (const auto old = state_.first_moments.find(name); old != state_.first_moments.end()) m->copy_(old->second);
      if (const auto old = state_.second_moments.find(name); old != state_.second_moments.end()) v->copy_(old->second);
      state_.first_moments[name] = *m++;
      state_.second_moments[name] = *v++;
    }
  }

  const NetworkConfig& network() const { return config_.model.model; }
  bool due(int64_t every) const { return every > 0 && state_.step % every == 0; }
  bool out_of_time() const { return config_.train.max_minutes > 0 && state_.seconds > 60 * config_.train.max_minutes; }
  std::string checkpoint_path() const { return paths_.run + "/checkpoint.safetensors"; }
  std::string model_path() const { return paths_.run + "/model.safetensors"; }

  ExperimentConfig config_;
  TrainPaths paths_;
  Diffusion diffusion_;
  at::Device device_;
  at::ScalarType dtype_;
  Archive data_, val_;
  DataSummary data_summary_;
  BrainTissue tissue_;  // measured where detection matches scans to it
  Checkpoint state_;
  std::vector<Tensor> parameters_;
  std::unique_ptr<Adam> adam_;
  std::unique_ptr<TrainLog> log_;
  double seconds_before_ = 0, validation_loss_ = -1;
  Clock::time_point start_;
};

}  // namespace

TrainResult train(const ExperimentConfig& config, const TrainPaths& paths, bool resume, const std::string& device) {
  const RunScope scope(paths.context);
  config.model.check_takes_single_slices();
  return Run(config, paths, resume, device).loop();
}

}  // namespace thor
