// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/model.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/version.h"
#include "thor/nn/weights/safetensors.h"
#include "thor/pipeline/members.h"
#include "thor/pipeline/model_parts.h"
#include "thor/pipeline/model_place.h"

namespace thor {
namespace {

constexpr const char* kModelFormat = "1";
constexpr int kMaxJsonDepth = 32;
constexpr int64_t kMaxSize = 4096;

using Metadata = std::map<std::string, std::string>;

JsonText parse_object(const Metadata& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) return JsonText("{}");
  JsonText value = parse_metadata(key, found->second);
  if (!parse(value).is_object()) fail_input("its metadata '{}' is not a JSON object", key);
  return value;
}

const std::string kTissue = "tissue.";

void store_tissue(BrainTissue tissue, Safetensors& file) {
  if (!tissue.known()) return;
  for (const auto& [name, part] : tissue.parts()) file.tensors[kTissue + name] = *part;
}

/// Files are hostile: shapes and numbers are checked.
BrainTissue take_tissue(Safetensors& file, int64_t size) {
  BrainTissue tissue;
  size_t found = 0;
  for (const auto& [name, part] : tissue.parts()) {
    const auto stored = file.tensors.find(kTissue + name);
    if (stored == file.tensors.end()) continue;
    *part = stored->second.clone();
    file.tensors.erase(stored);
    ++found;
  }
  if (found == 0) return {};
  if (found < tissue.parts().size()) fail_input("its brain tissue is incomplete");
  check_tissue(tissue, size);
  return tissue;
}

void check_format(const Metadata& metadata, const std::string& path) {
  const auto format = metadata.find("thor.format");
  if (format == metadata.end() || !metadata.count("thor.config"))
    fail_input(
        "it holds weights only, not a thor model (no 'thor.config' in its metadata); make a model of it with "
        "'thor import {}' (`as` unet)",
        path);
  if (format->second != kModelFormat) {
    const auto writer = metadata.find("thor.version");
    fail(ErrorKind::Unsupported,
         "its model format is '{}' (written by thor {}), this is thor {}, which reads format {}; use a newer thor",
         format->second, writer == metadata.end() ? "of unknown version" : writer->second, version(), kModelFormat);
  }
}

}  // namespace

JsonText parse_metadata(const std::string& key, const std::string& text) {
  const auto shallow = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > kMaxJsonDepth) fail_input("its metadata '{}' is nested deeper than {} levels", key, kMaxJsonDepth);
    return true;
  };
  try {
    return json_text(nlohmann::json::parse(text, shallow));
  } catch (const nlohmann::json::exception& e) {
    fail_input("its metadata '{}' is not valid JSON: {}", key, e.what());
  }
}

int64_t trained_with(const Model& model, const char* key) {
  const nlohmann::json trained = parse(model.training).value("config", nlohmann::json::object());
  const auto found = trained.is_object() ? trained.find(key) : trained.end();
  return found != trained.end() && found->is_number() ? found->get<int64_t>() : 0;
}

std::optional<DataSummary> trained_on(const Model& model) {
  const nlohmann::json training = parse(model.training);
  const auto data = training.find("data");
  if (data == training.end()) return std::nullopt;
  return parse_summary(json_text(*data));
}

JsonText preprocess_json(const ModelConfig& config) {
  ModelConfig copy = config;
  return json_text(Fields(copy).to_json().at("preprocess"));
}

const StateDict& Model::weights() const {
  if (is_ensemble()) fail(ErrorKind::Internal, "an ensemble has no weights of its own");
  return std::get<StateDict>(networks);
}
StateDict& Model::weights() { return const_cast<StateDict&>(std::as_const(*this).weights()); }

const std::vector<Member>& Model::members() const {
  if (!is_ensemble()) fail(ErrorKind::Internal, "one network has no members");
  return std::get<std::vector<Member>>(networks);
}
std::vector<Member>& Model::members() { return const_cast<std::vector<Member>&>(std::as_const(*this).members()); }

// A config that does not fit is the user's mistake on the command line but the file's when it comes from there.
ModelConfig parse_model_config(const JsonText& stored) {
  ModelConfig config;
  try {
    config.model = network_of_kind(stored.text, {});
    Fields(config).read(stored.text);
    config.check();
  } catch (const Error& e) {
    fail_input("its stored config is not usable: {}", e.what());
  }
  return config;
}

StateDict parse_model_weights(const StateDict& tensors, const ModelConfig& config) {
  for (const auto& [name, tensor] : tensors)
    if (!tensor.is_floating_point())
      fail_input("its tensor '{}' has type {}, expected a floating-point type", name, toString(tensor.scalar_type()));
  StateDict weights = load_strictly(tensors, config.model->shapes(), "the model's own config");
  for (const auto& [name, tensor] : weights)
    if (!at::isfinite(tensor).all().item<bool>())
      fail_input("its tensor '{}' has values that are NaN or infinite: the training that wrote it diverged", name);
  return weights;
}

StateDict stored_weights(const StateDict& weights, Precision precision) {
  StateDict stored;
  for (const auto& [name, tensor] : weights)
    stored[name] = tensor.detach().to(at::kCPU, precision == Precision::Bf16 ? at::kBFloat16 : at::kFloat).contiguous();
  return stored;
}

void ModelConfig::describe(Fields& fields) {
  fields.group("model", model);
  fields.group("diffusion", diffusion);
  fields.group("noise", noise);
  fields.group("preprocess", preprocess);
}

void ModelConfig::check() const {
  model.check();
  const NetworkForm form = model->form();
  if (form.in_channels != form.slices || form.out_channels != 1)
    fail_usage("model.in_channels and model.out_channels are {} and {}, expected 1: images are gray", form.in_channels,
               form.out_channels);
  if (preprocess.size < form.multiple || preprocess.size > kMaxSize || preprocess.size % form.multiple != 0)
    fail_usage("preprocess.size is {}, expected a multiple of {}, which the network needs, at most {}", preprocess.size,
               form.multiple, kMaxSize);
  preprocess.check();
  if (!(diffusion.range_low < diffusion.range_high))
    fail_usage("diffusion.range_low is {} and range_high {}, expected low < high", diffusion.range_low,
               diffusion.range_high);
}

void ModelConfig::check_takes_single_slices() const {
  if (const int64_t slices = model->form().slices; slices != 1)
    fail_usage(
        "the network sees {} neighbouring slices (model.kind: {}), but only one slice at a time can be given to a "
        "network so far; take one with model.kind: unet",
        slices, model.kind());
}

Model load_model(const std::string& path_or_name) {
  const std::string path = find_model(path_or_name);
  return with_context("loading model " + path, [&] {
    Safetensors file = read_safetensors(path);
    check_format(file.metadata, path);
    Model model;
    model.config = parse_model_config(parse_object(file.metadata, "thor.config"));
    model.templates = take_templates(file);
    model.tissue = take_tissue(file, model.config.preprocess.size);
    if (holds_members(file))
      model.networks = take_members(model.config, file);
    else
      model.networks = parse_model_weights(file.tensors, model.config);
    model.training = parse_object(file.metadata, "thor.training");
    model.calibration = parse_object(file.metadata, "thor.calibration");
    model.detector = parse_object(file.metadata, "thor.detector");
    model.hash = sha256_of_file(path);
    return model;
  });
}

void save_model(const std::string& path, const Model& model, Precision precision) {
  Safetensors file;
  if (!model.is_ensemble()) {
    const LoadReport report = compare(model.weights(), model.config.model->shapes());
    if (!report.ok()) fail(ErrorKind::Internal, "a model to be saved does not fit its own config: {}", report.text());
    file.tensors = stored_weights(model.weights(), precision);
  }
  ModelConfig config = model.config;
  file.metadata = {{"thor.format", kModelFormat},
                   {"thor.version", version()},
                   {"thor.config", json_text(Fields(config).to_json()).text},
                   {"thor.training", model.training.text},
                   {"thor.calibration", model.calibration.text},
                   {"thor.detector", model.detector.text}};
  if (model.is_ensemble()) store_members(model.members(), precision, file);
  store_templates(model.templates, file);
  store_tissue(model.tissue, file);
  write_safetensors(path, file);
}

void save_calibration(const std::string& name, const std::string& to, const Model& model) {
  const std::string from = find_model(name);
  if (sha256_of_file(from) != model.hash) fail_input("'{}' has changed since it was loaded; calibrate it again", from);
  Safetensors file = with_context("loading model " + from, [&] { return read_safetensors(from); });
  file.metadata["thor.calibration"] = model.calibration.text;
  write_safetensors(to, file);
}

}  // namespace thor
