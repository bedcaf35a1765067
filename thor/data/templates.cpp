// SPDX-License-Identifier: Apache-2.0
#include "thor/data/templates.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/data/chain_step.h"
#include "thor/data/percentile.h"

namespace thor {
namespace {

constexpr double kTemplateSpacing = 2;  // mm: registration needs no finer one
constexpr double kTemplateWhite = 99.9;
constexpr int64_t kMaxTemplateVoxels = 1 << 26;  // of one that comes in a file of ours
constexpr const char* kTensorPrefix = "template.";
constexpr const char* kTemplatesKey = "thor.templates";

std::string template_file(const std::string& name, const TemplatePlaces& places) {
  if (const auto named = places.files.find(name); named != places.files.end()) return named->second;
  std::vector<std::string> folders{"."};
  folders.insert(folders.end(), places.folders.begin(), places.folders.end());
  std::error_code ec;
  for (const auto& folder : folders)
    for (const char* ending : {"", ".nii.gz", ".nii"})
      if (const auto path = std::filesystem::path(folder) / (name + ending); std::filesystem::is_regular_file(path, ec))
        return path.string();
  fail_usage("there is no file for the template '{}' of preprocess.steps; name one with --template {}=FILE, or put {}",
             name, name, fmt::format("'{}.nii.gz' into {}", name, fmt::join(folders, " or ")));
}

/// Averages blocks of voxels; the blocks' centres become the voxels' places.
Image averaged(const Image& image) {
  const Point3 spacing = spacing_mm(image.geometry.ras_from_voxel);
  std::array<int64_t, 3> block{};
  for (int axis = 0; axis < 3; ++axis)
    block[axis] = std::clamp<int64_t>(std::lround(kTemplateSpacing / spacing[axis]), 1, image.voxels.size(2 - axis));
  Image small = image;
  const std::array<int64_t, 3> zyx{block[2], block[1], block[0]};
  small.voxels = at::avg_pool3d(image.voxels.unsqueeze(0).unsqueeze(0), zyx, zyx)[0][0].contiguous();
  const auto middle = [&](int axis) { return (static_cast<double>(block[axis]) - 1) / 2; };
  const auto side = [&](int axis) { return static_cast<double>(block[axis]); };
  small.geometry = {image.geometry.ras_from_voxel * translation({middle(0), middle(1), middle(2)}) *
                        scaling({side(0), side(1), side(2)}),
                    {}};
  return small;
}

Template read_template(const std::string& path) {
  const Image whole = read_scan(path);
  if (whole.voxels.size(0) == 1) fail_input("'{}' is a single slice; a template is a volume", path);
  Template result{averaged(whole), grid_of(whole)};
  Tensor& voxels = result.image.voxels;
  const double black = voxels.min().item<float>();
  double white = percentile_of(voxels, kTemplateWhite);
  if (white <= black) white = voxels.max().item<float>();
  if (white <= black) fail_input("'{}' has the value {:g} everywhere: there is nothing to register to", path, black);
  voxels = ((voxels - black) * (255 / (white - black))).round().clamp(0, 255);
  return result;
}

nlohmann::json described(const Template& one) {
  return {{"ras_from_voxel", one.image.geometry.ras_from_voxel.rows},
          {"size", one.grid.size},
          {"grid_ras_from_voxel", one.grid.ras_from_voxel.rows}};
}

Affine parse_affine(const nlohmann::json& about, const char* key) {
  Affine affine;
  affine.rows = about.at(key).get<std::array<double, 12>>();
  for (const double number : affine.rows)
    if (!std::isfinite(number)) fail_input("its '{}' has a number that is none", key);
  inverse(affine);  // throws where there is none
  return affine;
}

Template parse_template(const std::string& name, const nlohmann::json& about, const Tensor& stored) {
  if (stored.scalar_type() != at::kByte || stored.dim() != 3 || stored.numel() == 0 ||
      stored.numel() > kMaxTemplateVoxels)
    fail_input("its voxels are {} {}, expected uint8 [D,H,W]", std::string(stored.dtype().name()),
               shape_text(stored.sizes()));
  Template one;
  one.image.voxels = stored.to(at::kFloat);
  one.image.geometry.ras_from_voxel = parse_affine(about, "ras_from_voxel");
  one.image.path = name;
  one.image.medical = true;
  one.grid.size = about.at("size").get<std::array<int64_t, 3>>();
  one.grid.ras_from_voxel = parse_affine(about, "grid_ras_from_voxel");
  int64_t voxels = 1;
  for (const int64_t side : one.grid.size) {
    if (side < 1 || side > kMaxVoxels / voxels)
      fail_input("its grid of {} voxels cannot be", fmt::join(one.grid.size, " x "));
    voxels *= side;
  }
  return one;
}

}  // namespace

Templates load_templates(const std::vector<YamlText>& steps, const TemplatePlaces& places) {
  Templates templates;
  for (const auto& step : parse_steps(steps))
    for (const std::string& name : step->templates()) {
      if (templates.count(name)) continue;
      const std::string path = template_file(name, places);
      with_context(fmt::format("reading the template '{}'", name), [&] { templates[name] = read_template(path); });
    }
  return templates;
}

Templates load_templates_if_there(const std::vector<YamlText>& steps, const TemplatePlaces& places) {
  try {
    return load_templates(steps, places);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Usage) throw;
    log_once(LogLevel::Warning, fmt::format("{}; without it the model takes ready slices, no volumes", error.what()));
    return {};
  }
}

std::string sha256_of(const Templates& templates) {
  Safetensors file;
  store_templates(templates, file);
  Sha256 sum;
  for (const auto& [key, text] : file.metadata) sum.update(text.data(), text.size());
  for (const auto& [name, tensor] : file.tensors) sum.update(tensor.data_ptr(), static_cast<uint64_t>(tensor.nbytes()));
  return sum.hex();
}

void store_templates(const Templates& templates, Safetensors& file) {
  if (templates.empty()) return;
  nlohmann::json about = nlohmann::json::object();
  for (const auto& [name, one] : templates) {
    file.tensors[kTensorPrefix + name] = one.image.voxels.to(at::kByte);
    about[name] = described(one);
  }
  file.metadata[kTemplatesKey] = about.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Templates take_templates(Safetensors& file) {
  Templates templates;
  const auto found = file.metadata.find(kTemplatesKey);
  if (found == file.metadata.end()) return templates;
  const nlohmann::json about = nlohmann::json::parse(found->second, nullptr, /*allow_exceptions=*/false);
  if (!about.is_object()) fail_input("its metadata '{}' is not a JSON object", kTemplatesKey);
  for (const auto& [name, one] : about.items())
    with_context(fmt::format("reading its template '{}'", name), [&, &name = name, &one = one] {
      const auto stored = file.tensors.find(kTensorPrefix + name);
      if (stored == file.tensors.end()) fail_input("its voxels are missing");
      try {
        templates[name] = parse_template(name, one, stored->second);
      } catch (const nlohmann::json::exception& e) {
        fail_input("it is not described as a template: {}", e.what());
      }
      file.tensors.erase(stored);
    });
  return templates;
}

}  // namespace thor
