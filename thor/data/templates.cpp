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
#include "thor/base/utf8.h"
#include "thor/data/percentile.h"
#include "thor/data/preprocess_step.h"

namespace thor {
namespace {

constexpr double kTemplateSpacing = 2;  // mm: registration needs no finer one
constexpr double kTemplateWhite = 99.9;
constexpr int64_t kMaxTemplateVoxels = 1 << 26;  // of one that comes in a file of ours
constexpr int64_t kMostMargin = 64;              // times the voxels that show: a small file must not fill the memory
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
  fail_usage("there is no file for the template '{}' of preprocess.steps; name one with `template` {}=FILE, or put {}",
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

/// A part of a template's voxels, along z, y and x.
struct Part {
  std::array<int64_t, 3> first{}, size{};
};
/// Where the voxels above 0 lie; nothing of a template that is all black.
Part shown_part(const Tensor& voxels) {
  Part part;
  for (int64_t axis = 0; axis < 3; ++axis) {
    const Tensor shows = voxels.amax({(axis + 1) % 3, (axis + 2) % 3}).gt(0).nonzero();
    if (shows.numel() == 0) return {};
    part.first[axis] = shows[0].item<int64_t>();
    part.size[axis] = shows[-1].item<int64_t>() + 1 - part.first[axis];
  }
  return part;
}

Tensor inside(const Tensor& whole, const Part& part) {
  Tensor voxels = whole;
  for (int axis = 0; axis < 3; ++axis) voxels = voxels.narrow(axis, part.first[axis], part.size[axis]);
  return voxels;
}

/// Leaves the black margin out of a file, and says what it was cut from.
Tensor without_margin(const Tensor& voxels, const Affine& ras_from_voxel, nlohmann::json& about) {
  const Part part = shown_part(voxels);
  if (part.size[0] * part.size[1] * part.size[2] * kMostMargin < voxels.numel()) return voxels;
  const auto shift = [&](int axis) { return static_cast<double>(part.first[axis]); };
  about["ras_from_voxel"] = (ras_from_voxel * translation({shift(2), shift(1), shift(0)})).rows;
  about["whole"] = {{"shape", voxels.sizes().vec()}, {"first", part.first}, {"ras_from_voxel", ras_from_voxel.rows}};
  return inside(voxels, part).contiguous();
}

Affine parse_affine(const nlohmann::json& about, const char* key) {
  Affine affine;
  affine.rows = about.at(key).get<std::array<double, 12>>();
  for (const double number : affine.rows)
    if (!std::isfinite(number)) fail_input("its '{}' has a number that is none", key);
  inverse(affine);  // throws where there is none
  return affine;
}

/// The voxels with the margin that was cut off: registration must not see a difference.
Tensor with_margin(const Tensor& stored, const nlohmann::json& whole) {
  const auto shape = whole.at("shape").get<std::array<int64_t, 3>>();
  const Part part{whole.at("first").get<std::array<int64_t, 3>>(), {stored.size(0), stored.size(1), stored.size(2)}};
  const int64_t most = std::min(kMaxTemplateVoxels, stored.numel() * kMostMargin);
  int64_t voxels = 1;
  for (int axis = 0; axis < 3; ++axis) {
    if (shape[axis] < 1 || shape[axis] > most / voxels || part.first[axis] < 0 ||
        part.first[axis] > shape[axis] - part.size[axis])
      fail_input("its {} voxels from {} on cannot be a part of {}", shape_text(stored.sizes()),
                 fmt::join(part.first, ", "), fmt::join(shape, " x "));
    voxels *= shape[axis];
  }
  const Tensor result = at::zeros({shape[0], shape[1], shape[2]}, at::kFloat);
  inside(result, part).copy_(stored);
  return result;
}

Template parse_template(const std::string& name, const nlohmann::json& about, const Tensor& stored) {
  if (stored.scalar_type() != at::kByte || stored.dim() != 3 || stored.numel() == 0 ||
      stored.numel() > kMaxTemplateVoxels)
    fail_input("its voxels are {} {}, expected uint8 [D,H,W]", std::string(stored.dtype().name()),
               shape_text(stored.sizes()));
  Template one;
  const auto whole = about.find("whole");
  one.image.voxels = whole == about.end() ? stored.to(at::kFloat) : with_margin(stored, *whole);
  one.image.geometry.ras_from_voxel = parse_affine(whole == about.end() ? about : *whole, "ras_from_voxel");
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
  Sha256 sum;
  if (templates.empty()) return sum.hex();
  nlohmann::json about = nlohmann::json::object();
  for (const auto& [name, one] : templates) about[name] = described(one);
  const std::string text = dump_json(about);
  sum.update(text.data(), text.size());
  for (const auto& [name, one] : templates) {
    const Tensor voxels = one.image.voxels.to(at::kByte).contiguous();
    sum.update(voxels.data_ptr(), static_cast<uint64_t>(voxels.nbytes()));
  }
  return sum.hex();
}

void store_templates(const Templates& templates, Safetensors& file) {
  if (templates.empty()) return;
  nlohmann::json about = nlohmann::json::object();
  for (const auto& [name, one] : templates) {
    about[name] = described(one);
    file.tensors[kTensorPrefix + name] =
        without_margin(one.image.voxels.to(at::kByte), one.image.geometry.ras_from_voxel, about[name]);
  }
  file.metadata[kTemplatesKey] = dump_json(about);
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
