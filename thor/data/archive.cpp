// SPDX-License-Identifier: Apache-2.0
#include "thor/data/archive.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "thor/base/ending.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/base/utf8.h"
#include "thor/data/healthy_list.h"
#include "thor/data/prepare.h"
#include "thor/nn/weights/safetensors.h"

namespace thor {
namespace {

using nlohmann::json;

constexpr const char* kFormat = "archive 1";
constexpr const char* kSick = "thor.sick";
constexpr const char *kHeights = "z_mm", *kBrain = "brain";

json described(PreprocessConfig config) { return Fields(config).to_json(); }

const std::string& metadata(const Safetensors& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) fail_input("it has no '{}': not an archive made by `thor prepare`", key);
  return found->second;
}

PreprocessConfig read_preprocess(const std::string& text) {
  PreprocessConfig config;
  try {
    Fields(config).read(text);
  } catch (const Error& error) {
    fail_input("its preprocessing cannot be understood: {}", error.what());
  }
  return config;
}

std::vector<std::string> read_names(const std::string& text, int64_t count) {
  const json names = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!names.is_array() || static_cast<int64_t>(names.size()) != count)
    fail_input("it must name each of its {} slices", count);
  std::vector<std::string> result;
  for (const auto& name : names) {
    if (!name.is_string()) fail_input("the name of slice {} is not text", result.size());
    result.push_back(name.get<std::string>());
  }
  return result;
}

std::vector<std::string> read_sick(const Safetensors& file) {
  const auto found = file.metadata.find(kSick);
  if (found == file.metadata.end()) return {};
  const json names = json::parse(found->second, nullptr, /*allow_exceptions=*/false);
  if (!names.is_array()) fail_input("its '{}' is not a list of names", kSick);
  return read_names(found->second, static_cast<int64_t>(names.size()));
}

Tensor read_slices(const Safetensors& file) {
  const auto found = file.tensors.find("slices");
  if (found == file.tensors.end()) fail_input("it has no tensor 'slices': not an archive made by `thor prepare`");
  const Tensor& slices = found->second;
  if (slices.scalar_type() != at::kFloat || slices.dim() != 3 || slices.size(0) < 1 || slices.size(1) < 1 ||
      slices.size(1) != slices.size(2))
    fail_input("its slices are {} {}, expected float32 [N,size,size]", std::string(slices.dtype().name()),
               shape_text(slices.sizes()));
  // NaN fails both comparisons.
  if (!(slices.min().item<float>() >= 0 && slices.max().item<float>() <= 1))
    fail_input("its slices have values outside [0,1]");
  return slices;
}

// Archives of earlier versions have neither heights nor brain masks.
Tensor read_heights(const Safetensors& file, int64_t count) {
  const auto found = file.tensors.find(kHeights);
  if (found == file.tensors.end()) return at::full({count}, NAN, at::kFloat);
  if (found->second.scalar_type() != at::kFloat || found->second.sizes() != at::IntArrayRef{count})
    fail_input("its heights are {} {}, expected float32 [{}]", std::string(found->second.dtype().name()),
               shape_text(found->second.sizes()), count);
  return found->second;
}

Tensor read_brain(const Safetensors& file, const Tensor& slices) {
  const auto found = file.tensors.find(kBrain);
  if (found == file.tensors.end()) return at::zeros({1}, at::kByte).expand(slices.sizes());
  if (found->second.scalar_type() != at::kByte || found->second.sizes() != slices.sizes())
    fail_input("its brain masks are {} {}, expected uint8 {}", std::string(found->second.dtype().name()),
               shape_text(found->second.sizes()), shape_text(slices.sizes()));
  if (found->second.max().item<int>() > 1) fail_input("its brain masks have values other than 0 and 1");
  return found->second;
}

Archive parse_archive(const std::string& path) {
  Safetensors file = read_safetensors(path);
  if (const auto& format = metadata(file, "thor.format"); format != kFormat)
    fail_input("its format is '{}', expected '{}'; prepare the images again", format, kFormat);
  Archive archive;
  archive.slices = read_slices(file);
  archive.names = read_names(metadata(file, "thor.names"), archive.slices.size(0));
  archive.z_mm = read_heights(file, archive.slices.size(0));
  archive.brain = read_brain(file, archive.slices);
  archive.preprocess = read_preprocess(metadata(file, "thor.preprocess"));
  if (archive.preprocess.size != archive.slices.size(1))
    fail_input("its slices are {}, but its preprocessing says size {}", shape_text(archive.slices.sizes()),
               archive.preprocess.size);
  archive.templates = take_templates(file);
  if (const auto volumes = file.metadata.find("thor.volumes"); volumes != file.metadata.end())
    archive.volumes = std::strtoll(volumes->second.c_str(), nullptr, 10);
  archive.sick = read_sick(file);
  archive.sha256 = sha256_of_slices(archive.slices);
  if (archive.sha256 != metadata(file, "thor.sha256"))
    fail_input("its slices do not have the checksum they were written with: the file is damaged");
  return archive;
}

void check_same(const Archive& archive, const PreprocessConfig& config) {
  const json made = described(archive.preprocess), wanted = described(config);
  std::vector<std::string> differences;
  for (const auto& [field, value] : wanted.items()) {
    if (field == "landmarks") continue;  // it counts in detection only
    if (field == "percentile" && config.intensity != Intensity::Percentile) continue;
    if ((field == "steps" || field == "slices") && archive.volumes == 0) continue;  // pictures do not take these
    if (made[field] != value)
      differences.push_back(fmt::format("preprocess.{} is {} there and {} in the config", field, dump_json(made[field]),
                                        dump_json(value)));
  }
  if (!differences.empty())
    fail_usage("the archive was prepared differently: {}; set the config alike or prepare again",
               fmt::join(differences, ", "));
}

}  // namespace

bool is_archive(const std::string& path) { return has_ending(path, ".safetensors"); }

std::string sha256_of_slices(const Tensor& slices) {
  return Sha256().update(slices.data_ptr(), static_cast<uint64_t>(slices.nbytes())).hex();
}

Archive prepare(const std::vector<SplitRow>& rows, const PreprocessConfig& config, const Templates& templates) {
  try {
    PrepareResult result = prepare_scans({rows, config, templates, at::get_num_threads(), "", ""});
    const auto bad = std::count_if(result.scans.begin(), result.scans.end(),
                                   [](const ScanReport& scan) { return !scan.failure.empty(); });
    if (bad > 0) fail_input("{} of {} images cannot be used: {}", bad, rows.size(), failures_of(result.scans));
    return std::move(result.archive);
  } catch (const Interrupted&) {
    fail_input("stopped on request before all {} images were prepared", rows.size());
  }
}

void write_archive(const std::string& path, const Archive& archive) {
  Safetensors file;
  const Tensor slices = archive.slices.contiguous();
  file.tensors["slices"] = slices;
  if (archive.z_mm.defined()) file.tensors[kHeights] = archive.z_mm;
  if (archive.brain.defined()) file.tensors[kBrain] = archive.brain.contiguous();
  file.metadata = {{"thor.format", kFormat},
                   {"thor.names", dump_json(json(archive.names))},
                   {"thor.preprocess", dump_json(described(archive.preprocess))},
                   {"thor.volumes", std::to_string(archive.volumes)},
                   {"thor.sha256", sha256_of_slices(slices)}};
  if (!archive.sick.empty()) file.metadata[kSick] = dump_json(json(archive.sick));
  store_templates(archive.templates, file);
  write_safetensors(path, file);
}

Archive read_archive(const std::string& path) {
  return with_context(fmt::format("reading the archive '{}'", path), [&] { return parse_archive(path); });
}

Archive open_archive(const std::string& path, const PreprocessConfig& config) {
  Archive archive = read_archive(path);
  with_context(fmt::format("opening '{}'", path), [&] { check_same(archive, config); });
  return archive;
}

Archive open_training_data(const std::string& path, const PreprocessConfig& config, const TemplatePlaces& places) {
  if (std::filesystem::path(path).extension() != ".safetensors")
    return prepare(read_healthy(path), config, load_templates_if_there(config.steps, places));
  Archive archive = open_archive(path, config);
  if (!archive.sick.empty())
    fail_input(
        "{} of the scans that '{}' was prepared from have a lesion in their mask, e.g. '{}'; prepare healthy scans "
        "only",
        archive.sick.size(), path, archive.sick[0]);
  if (archive.templates.empty()) archive.templates = load_templates_if_there(config.steps, places);
  return archive;
}

}  // namespace thor
