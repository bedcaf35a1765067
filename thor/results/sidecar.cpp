// SPDX-License-Identifier: Apache-2.0
#include "thor/results/sidecar.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/utf8.h"
#include "thor/image/geometry.h"

namespace thor {
namespace {

using nlohmann::json;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

void put(json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

json to_json(const SidecarCalibration& calibration) {
  json thresholds = json::object();
  for (const auto& [rate, value] : calibration.thresholds) thresholds[fmt::format("{}", rate)] = value;
  json object{{"threshold", calibration.threshold},
              {"thresholds", thresholds},
              {"p_value", calibration.p_value},
              {"cases", calibration.cases}};
  if (calibration.point.false_lesions > 0)
    object["false_lesions"] = calibration.point.false_lesions;
  else
    object["fpr"] = calibration.point.fpr;
  put(object, "p_value_of", calibration.p_value_of);
  put(object, "promise", calibration.promise);
  return object;
}

json to_json(const ScanCheck& check) {
  json object{{"passed", check.passed()}, {"findings", check.findings}};
  if (check.unlikeness) object["unlikeness"] = {{"value", check.unlikeness->value}, {"limit", check.unlikeness->limit}};
  if (check.similarity) object["similarity"] = *check.similarity;
  if (check.contrast) object["contrast"] = *check.contrast;
  if (check.intensity_distance) object["intensity_distance"] = *check.intensity_distance;
  if (check.ignored) object["ignored"] = true;
  return object;
}

json to_json(const Lesion& lesion) {
  json object{{"voxels", lesion.voxels},       {"ml", lesion.ml},
              {"peak", lesion.peak},           {"peak_mm", lesion.peak_mm},
              {"centre_mm", lesion.centre_mm}, {"extent_mm", lesion.extent_mm}};
  if (lesion.template_mm) object["template_mm"] = *lesion.template_mm;
  return object;
}

json to_json(const SidecarLesions& lesions) {
  if (!lesions.withheld.empty()) return {{"withheld", lesions.withheld}};
  json list = json::array();
  for (const Lesion& lesion : lesions.list) list.push_back(to_json(lesion));
  return {{"above", lesions.above},
          {"threshold", lesions.threshold},
          {"min_ml", lesions.min_ml},
          {"count", lesions.count},
          {"list", std::move(list)}};
}

json to_json(const SidecarSlice& slice) {
  json object{{"score", slice.found.score}};
  if (slice.name.empty()) {
    object["slice"] = slice.found.index;
    object["z_mm"] = slice.found.z_mm;
  } else {
    object["name"] = slice.name;
  }
  if (slice.found.blank) object["blank"] = true;
  if (slice.found.p_value) object["p_value"] = *slice.found.p_value;
  return object;
}

json to_json(const Grid& grid) { return {{"size", grid.size}, {"ras_from_voxel", grid.ras_from_voxel.rows}}; }

json to_json(const SidecarVolume& volume) {
  json object = to_json(volume.native);
  object["spacing_mm"] = spacing_mm(volume.native.ras_from_voxel);
  object["orientation"] = orientation_of(volume.native.ras_from_voxel);
  object["chain"] = parse(volume.steps);
  object["native_from_chain"] = volume.native_from_steps.rows;
  object["window"] = {volume.window.black, volume.window.white};
  object["smooth_mm"] = volume.smooth_mm;
  if (volume.examined) object["chain_grid"] = to_json(*volume.examined);
  if (volume.dicom)
    object["dicom"] = {{"study_uid", volume.dicom->study_uid},
                       {"series_uid", volume.dicom->series_uid},
                       {"description", volume.dicom->description},
                       {"modality", volume.dicom->modality}};
  return object;
}

/// The text of a field, "" where it is not there. All of them name files, whose names are bytes.
std::string text_in(const json& about, const char* field) {
  const auto found = about.find(field);
  if (found == about.end()) return "";
  if (!found->is_string()) fail_input("its '{}' is not a text", field);
  return bytes_of_utf8_text(found->get<std::string>());
}

double number_in(const json& about, const char* field, double fallback, double low, double high) {
  const auto found = about.find(field);
  if (found == about.end()) return fallback;
  const double value = found->is_number() ? found->get<double>() : kNone;
  if (!(value >= low && value <= high)) fail_input("its '{}' is not a number from {} to {}", field, low, high);
  return value;
}

/// {"0.05": 0.31} -> {0.05: 0.31}
std::map<double, double> read_thresholds(const json& about) {
  std::map<double, double> thresholds;
  if (!about.is_object()) fail_input("its calibration's 'thresholds' are not an object of rate: threshold");
  for (const auto& [rate, value] : about.items()) {
    char* end = nullptr;
    const double share = std::strtod(rate.c_str(), &end);
    if (*end != '\0' || !(share > 0 && share < 1) || !value.is_number() || !std::isfinite(value.get<double>()))
      fail_input("its calibration has no number for the false-positive rate '{}', which must be between 0 and 1", rate);
    thresholds[share] = value.get<double>();
  }
  return thresholds;
}

std::optional<SidecarCalibration> read_calibration(const json& about) {
  const auto found = about.find("calibration");
  if (found == about.end() || !found->is_object()) return {};
  SidecarCalibration calibration;
  calibration.point.fpr = number_in(*found, "fpr", 0, 0, 1);
  calibration.point.false_lesions = number_in(*found, "false_lesions", 0, 0, 1e9);
  calibration.threshold = number_in(*found, "threshold", 0, -1e12, 1e12);
  calibration.thresholds = read_thresholds(found->value("thresholds", json::object()));
  calibration.p_value = number_in(*found, "p_value", 1, 0, 1);
  calibration.p_value_of = text_in(*found, "p_value_of");
  calibration.promise = text_in(*found, "promise");
  calibration.cases = static_cast<int64_t>(number_in(*found, "cases", 0, 0, 1e12));
  return calibration;
}

std::vector<SidecarSlice> read_slices(const json& about) {
  std::vector<SidecarSlice> slices;
  const auto found = about.find("slices");
  if (found == about.end() || !found->is_array()) return slices;
  for (const json& one : *found) {
    SidecarSlice slice;
    slice.name = text_in(one, "name");
    slice.found.index = static_cast<int64_t>(number_in(one, "slice", 0, 0, 1e9));
    slice.found.z_mm = number_in(one, "z_mm", 0, -1e9, 1e9);
    slice.found.blank = one.value("blank", false);
    slice.found.score = number_in(one, "score", 0, -1e12, 1e12);
    if (one.contains("p_value")) slice.found.p_value = number_in(one, "p_value", 1, 0, 1);
    slices.push_back(std::move(slice));
  }
  return slices;
}

Affine read_affine(const json& rows) {
  Affine affine;
  rows.get_to(affine.rows);
  for (const double number : affine.rows)
    if (!std::isfinite(number)) fail_input("a place in it is no number");
  return affine;
}

Grid read_grid(const json& about) {
  return {about.at("size").get<std::array<int64_t, 3>>(), read_affine(about.at("ras_from_voxel"))};
}

/// What evaluation needs to know of a volume; sizes are checked where memory is taken.
SidecarVolume read_volume(const json& about) {
  SidecarVolume volume;
  if (about.contains("size")) volume.native = read_grid(about);
  if (about.contains("chain")) volume.steps = json_text(about.at("chain"));
  if (about.contains("native_from_chain")) volume.native_from_steps = read_affine(about.at("native_from_chain"));
  if (about.contains("chain_grid")) volume.examined = read_grid(about.at("chain_grid"));
  volume.smooth_mm = number_in(about, "smooth_mm", 0, 0, 1e6);
  return volume;
}

void read_run(const json& about, Sidecar& sidecar) {
  sidecar.version = text_in(about, "thor");
  sidecar.perceptual = text_in(about, "perceptual");
  sidecar.network_calls = static_cast<int64_t>(number_in(about, "network_calls", 1, 0, 1e9));
  sidecar.network_size = static_cast<int64_t>(number_in(about, "network_size", 128, 8, 2048));
  if (const auto detector = about.find("detector"); detector != about.end() && detector->is_object()) {
    sidecar.detector = text_in(*detector, "name");
    sidecar.detector_config = json_text(detector->value("config", json()));
  }
  if (const auto model = about.find("model"); model != about.end() && model->is_object())
    sidecar.model_sha256 = text_in(*model, "sha256");
  if (about.contains("preprocess")) sidecar.preprocess = json_text(about.at("preprocess"));
}

}  // namespace

JsonText json_of(const Lesion& lesion) { return json_text(to_json(lesion)); }

std::string sidecar_text(const Sidecar& about) {
  json object{{"thor", about.version},
              {"note", about.note},
              {"detector", {{"name", about.detector}, {"config", parse(about.detector_config)}}},
              {"perceptual", about.perceptual},
              {"network_calls", about.network_calls},
              {"model", {{"sha256", about.model_sha256}}},
              {"network_size", about.network_size},
              {"preprocess", parse(about.preprocess)},
              {"seed", about.seed},
              {"device", about.device},
              {"precision", about.precision},
              {"input", about.input},
              {"name", about.name},
              {"map", about.map},
              {"score", about.score}};
  if (about.archive_sha256.empty()) object["map_full_scale"] = about.map_full_scale;
  put(object, "archive_sha256", about.archive_sha256);
  put(object, "pseudo_healthy", about.pseudo_healthy);
  put(object, "overlay", about.overlay);
  put(object, "mask", about.mask);
  put(object, "page", about.page);
  put(object, "map_dicom", about.map_dicom);
  put(object, "segmentation_dicom", about.segmentation_dicom);
  if (!about.sources.empty()) object["Sources"] = about.sources;
  if (about.calibration) object["calibration"] = to_json(*about.calibration);
  if (about.check) object["check"] = to_json(*about.check);
  if (about.lesions) object["lesions"] = to_json(*about.lesions);
  for (const SidecarSlice& slice : about.slices) object["slices"].push_back(to_json(slice));
  if (about.volume) object["volume"] = to_json(*about.volume);
  return dump_json(object, 2) + "\n";
}

std::optional<Sidecar> parse_sidecar(const std::string& text) {
  const json about = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (about.is_discarded()) fail_input("it is not valid JSON");
  if (!about.is_object() || !about.contains("map")) return {};
  Sidecar sidecar;
  read_run(about, sidecar);
  for (const char* needed : {"input", "map"})
    if (!about.contains(needed)) fail_input("it has no text '{}'", needed);
  sidecar.input = text_in(about, "input");
  sidecar.name = text_in(about, "name");
  sidecar.map = text_in(about, "map");
  sidecar.pseudo_healthy = text_in(about, "pseudo_healthy");
  sidecar.mask = text_in(about, "mask");
  sidecar.segmentation_dicom = text_in(about, "segmentation_dicom");
  sidecar.map_full_scale = number_in(about, "map_full_scale", 1, 1e-12, 1e12);
  sidecar.score = number_in(about, "score", kNone, -1e12, 1e12);
  sidecar.calibration = read_calibration(about);
  try {
    sidecar.slices = read_slices(about);
    if (about.contains("volume")) sidecar.volume = read_volume(about.at("volume"));
  } catch (const json::exception& error) {
    sidecar.volume_problem = fmt::format("it is not as thor writes it: {}", error.what());
  } catch (const Error& error) {
    sidecar.volume_problem = error.what();
  }
  return sidecar;
}

}  // namespace thor
