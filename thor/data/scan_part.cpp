// SPDX-License-Identifier: Apache-2.0
#include "thor/data/scan_part.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/utf8.h"
#include "thor/data/preprocess_step.h"
#include "thor/data/slice_orientation.h"
#include "thor/data/step_views.h"
#include "thor/data/volume_steps.h"
#include "thor/nn/weights/safetensors.h"

namespace thor {
namespace {

constexpr const char* kPartFormat = "scan 3";
constexpr const char* kViewPrefix = "view.";
constexpr const char* kPictures = "pictures";

/// Seconds differ from run to run; files must not.
JsonText without_seconds(const JsonText& record) {
  nlohmann::json steps = parse(record);
  for (auto& step : steps) step.erase("seconds");
  return json_text(steps);
}

std::string sha256_of_text(const std::string& text) { return Sha256().update(text.data(), text.size()).hex(); }

std::string without_ending(std::string name) {
  for (const char* ending : {".gz", ".nii", ".nrrd", ".mha", ".mhd", ".mgz", ".mgh", ".zip", ".dcm"})
    if (const std::string end = ending; name.size() > end.size() && name.substr(name.size() - end.size()) == end)
      name.resize(name.size() - end.size());
  return name;
}

/// Size and time of change of a file, or of all files in a folder.
std::string stamp_of(const std::filesystem::path& path) {
  std::error_code ec;
  const auto changed = [&](const std::filesystem::path& at) {
    return std::filesystem::last_write_time(at, ec).time_since_epoch().count();
  };
  if (!std::filesystem::is_directory(path, ec))
    return fmt::format("{} {}", std::filesystem::file_size(path, ec), changed(path));
  int64_t files = 0, bytes = 0, latest = 0;
  for (std::filesystem::recursive_directory_iterator it(path, ec), end; !ec && it != end; it.increment(ec)) {
    ++files;
    latest = std::max<int64_t>(latest, changed(it->path()));
    if (std::error_code none; it->is_regular_file(none)) bytes += static_cast<int64_t>(it->file_size(none));
  }
  return fmt::format("{} {} {}", files, bytes, latest);
}

ScanPart part_of_slice(const SplitRow& scan, const Image& image, const PreprocessConfig& config) {
  ScanPart part;
  const Image laid = reorient(image, slice_order(image, config.steps));
  part.slices = preprocess(config, laid).unit.unsqueeze(0);
  part.brain = at::zeros(part.slices.sizes(), at::kByte);
  part.names = {scan.name};
  part.z_mm = {static_cast<float>(config.picture_height())};
  return part;
}

ScanPart part_of_volume(const SplitRow& scan, const PreparedVolume& prepared, const PreprocessConfig& config) {
  ScanPart part;
  part.volume = true;
  part.record = without_seconds(prepared.record);
  const Window window = window_of(config, prepared.volume);
  const SliceRange range = slices_in(prepared, config.slices);
  const std::string name = without_ending(scan.name);
  part.slices = at::empty({range.end - range.first, config.size, config.size}, at::kFloat);
  part.brain = at::zeros(part.slices.sizes(), at::kByte);
  part.pictures = gray_levels(in_window(prepared.volume.voxels.slice(0, range.first, range.end), window));
  for (int64_t slice = range.first; slice < range.end; ++slice) {
    part.slices[slice - range.first].copy_(preprocess(config, prepared.volume, window, slice).unit);
    if (prepared.mask.defined())
      part.brain[slice - range.first].copy_(mask_to_network_grid(prepared.mask[slice], config.size));
    part.names.push_back(fmt::format("{}_z{:+.1f}", name, height_of(prepared, slice)));
    part.z_mm.push_back(static_cast<float>(height_of(prepared, slice)));
  }
  return part;
}

ScanPart parse_part(const Safetensors& file, const nlohmann::json& about) {
  ScanPart part;
  part.volume = true;
  part.slices = file.tensors.at("slices");
  part.brain = file.tensors.at("brain");
  for (const auto& name : about.at("names")) part.names.push_back(bytes_of_utf8_text(name.get<std::string>()));
  part.z_mm = about.at("z_mm").get<std::vector<float>>();
  part.record = json_text(about.at("record"));
  const bool fits =
      part.slices.dim() == 3 && part.slices.scalar_type() == at::kFloat && part.slices.size(1) == part.slices.size(2) &&
      part.slices.size(0) == static_cast<int64_t>(part.names.size()) && part.z_mm.size() == part.names.size() &&
      part.brain.scalar_type() == at::kByte && part.brain.sizes() == part.slices.sizes();
  if (!fits) fail_input("its slices are {}, with {} names", shape_text(part.slices.sizes()), part.names.size());
  if (const auto pictures = file.tensors.find(kPictures); pictures != file.tensors.end()) {
    part.pictures = pictures->second;
    if (part.pictures.dim() != 3 || part.pictures.scalar_type() != at::kByte ||
        part.pictures.size(0) != part.slices.size(0))
      fail_input("its pictures are {}", shape_text(part.pictures.sizes()));
  }
  return part;
}

}  // namespace

ScanPart make_part(const SplitRow& scan, const PreprocessConfig& config, const Templates& templates) {
  const Image image = read_scan(scan.image);
  if (image.voxels.size(0) == 1) return part_of_slice(scan, image, config);
  const PreparedVolume prepared = run_steps(config.steps, templates, image);
  ScanPart part = part_of_volume(scan, prepared, config);
  part.views = step_views(config, prepared, templates);
  return part;
}

std::string part_key(const SplitRow& scan, const PreprocessConfig& config, const std::string& templates_sha256) {
  PreprocessConfig copy = config;
  const std::string preprocessing = dump_json(Fields(copy).to_json());
  std::string stamps = stamp_of(scan.image);
  for (const auto& step : parse_steps(config.steps))
    for (const std::string& file : step->files(scan.image)) stamps += fmt::format("\n{} {}", file, stamp_of(file));
  return sha256_of_text(fmt::format("{}\n{}\n{}\n{}\n{}\n{}", kPartFormat, preprocessing, templates_sha256, scan.name,
                                    scan.image, stamps));
}

std::string part_file(const std::string& folder, const SplitRow& scan) {
  std::string stem = std::filesystem::path(scan.name).filename().string();
  stem = stem.substr(0, stem.find('.'));
  return fmt::format("{}/{}-{}.safetensors", folder, stem, sha256_of_text(scan.name).substr(0, 16));
}

void write_part(const std::string& path, const ScanPart& part, const std::string& key) {
  Safetensors file;
  file.tensors["slices"] = part.slices.contiguous();
  if (part.brain.defined()) file.tensors["brain"] = part.brain.contiguous();
  if (part.pictures.defined()) file.tensors[kPictures] = part.pictures.contiguous();
  for (const auto& [name, view] : part.views) file.tensors[kViewPrefix + name] = view;
  const nlohmann::json about{{"key", key}, {"names", part.names}, {"z_mm", part.z_mm}, {"record", parse(part.record)}};
  file.metadata["thor.scan"] = dump_json(about);
  write_safetensors(path, file);
}

std::optional<ScanPart> read_part(const std::string& path, const std::string& key) {
  std::error_code ec;
  if (!std::filesystem::exists(path, ec)) return {};
  try {
    const Safetensors file = read_safetensors(path);
    const nlohmann::json about = nlohmann::json::parse(file.metadata.at("thor.scan"));
    if (about.at("key") != key) return {};
    return parse_part(file, about);
  } catch (const Error&) {
  } catch (const std::out_of_range&) {
  } catch (const nlohmann::json::exception&) {
  }
  return {};
}

StateDict read_views(const std::string& path) {
  StateDict views;
  const std::string prefix = kViewPrefix;
  for (const auto& [name, tensor] : read_safetensors(path).tensors)
    if (name.rfind(prefix, 0) == 0) views[name.substr(prefix.size())] = tensor;
  return views;
}

}  // namespace thor
