// SPDX-License-Identifier: Apache-2.0
#include "thor/report/volume_page.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/utf8.h"
#include "thor/image/geometry.h"
#include "thor/report/chart.h"
#include "thor/report/plane_chart.h"

namespace thor {
namespace {

constexpr size_t kMaxRows = 50;  // lesions on the page; the sidecar has more

std::string point_text(const Point3& p) { return fmt::format("{:.1f}, {:.1f}, {:.1f}", p[0], p[1], p[2]); }

std::string value_text(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{:.4g}", value.get<double>());
  if (!value.is_array()) return dump_json(value);
  std::string text;
  for (const auto& item : value) text += (text.empty() ? "" : ", ") + value_text(item);
  return text;
}

PageTable lesion_table(const VolumeReport& report) {
  const bool in_template = !report.lesions.empty() && report.lesions[0].template_mm;
  PageTable table;
  table.rows = {{"", "peak", "volume ml", "centre mm (scanner: R, A, S)", "peak mm", "extent mm (R, A, S)"}};
  if (in_template) table.rows[0].insert(table.rows[0].begin() + 4, "centre mm (template)");
  for (size_t i = 0; i < std::min(report.lesions.size(), kMaxRows); ++i) {
    const Lesion& lesion = report.lesions[i];
    std::vector<std::string> row{
        std::to_string(i + 1),        fmt::format("{:.3f}", lesion.peak), fmt::format("{:.3f}", lesion.ml),
        point_text(lesion.centre_mm), point_text(lesion.peak_mm),         point_text(lesion.extent_mm)};
    if (in_template) row.insert(row.begin() + 4, point_text(*lesion.template_mm));
    table.rows.push_back(std::move(row));
  }
  return table;
}

PageSection lesion_section(const VolumeReport& report) {
  const SidecarLesions& lesions = *report.about.lesions;
  if (!lesions.withheld.empty())
    return {"Lesions", fmt::format("Not listed: {}.", lesions.withheld), {}, {}, {}, false};
  std::string text = fmt::format("Connected components (26 neighbours) of at least {:.4g} ml above {:.4g}, the {}.",
                                 lesions.min_ml, lesions.threshold, lesions.above);
  if (!report.about.calibration)
    text +=
        report.about.check && !report.about.check->passed()
            ? " The model is not calibrated for scans like this: these are the volume's most suspicious places, sick "
              "or not."
            : " The model is not calibrated for this setting: these are the volume's most suspicious places, sick or "
              "not.";
  if (report.lesions.size() > kMaxRows)
    text += fmt::format(" The first {} of {} are shown.", kMaxRows, report.lesions.size());
  if (report.lesions.empty()) return {"Lesions", text + "\n\nThere is none.", {}, {}, {}, false};
  return {"Lesions", text, {lesion_table(report)}, {}, {}, false};
}

using Picture = Tensor (*)(const VolumeReport&, const OrthogonalView&);

PageSection plane_section(const std::string& title, const std::string& text, const VolumeReport& report,
                          Picture picture) {
  PageSection section{title, text, {}, {}, {}, false};
  for (const OrthogonalView& view : report.views)
    section.charts.push_back(
        plane_chart(fmt::format("{}, {:.1f} mm", view.name, view.height_mm), view, picture(report, view)));
  return section;
}

PageSection map_section(const VolumeReport& report) {
  const std::string text = fmt::format(
      "Along the axes of the body, through {}; the patient's right (R) is on the left, as radiologists look at it. The "
      "map is drawn to its own maximum, {:.4g}; beyond the examined slices there is none.",
      report.lesions.empty() ? "the largest value of the map" : "the peak of the first lesion", report.map_maximum);
  return plane_section("The map over the scan", text, report, [](const VolumeReport& of, const OrthogonalView& view) {
    return coloured(view, of.map_maximum);
  });
}

PageSection scan_section(const VolumeReport& report) {
  return plane_section("The scan alone", "", report,
                       [](const VolumeReport&, const OrthogonalView& view) { return view.gray; });
}

PageSection healthy_section(const VolumeReport& report) {
  return plane_section("Pseudo-healthy", "Beyond the examined slices it is the scan itself.", report,
                       [](const VolumeReport&, const OrthogonalView& view) { return view.healthy; });
}

PageSection slice_section(const VolumeReport& report) {
  PageSection section{"Slices", "Every examined slice by its height after the preprocessing steps.", {}, {}, {}, true};
  PageTable table;
  const bool calibrated = report.about.calibration.has_value();
  table.rows = {{"height mm", "score"}};
  if (calibrated) table.rows[0].emplace_back("p");
  for (const SidecarSlice& slice : report.about.slices) {
    const SliceScore& found = slice.found;
    std::vector<std::string> row{fmt::format("{:.1f}", found.z_mm),
                                 found.blank ? "blank" : fmt::format("{:.5f}", found.score)};
    if (calibrated) row.push_back(found.p_value ? fmt::format("{:.4g}", *found.p_value) : "-");
    table.rows.push_back(std::move(row));
  }
  section.tables.push_back(std::move(table));
  return section;
}

PageTable steps_table(const JsonText& steps) {
  PageTable table{"Preprocessing steps", {{"step", "what it found"}}, {}};
  for (const auto& step : parse(steps)) {
    std::string found;
    for (const auto& [key, value] : step.items())
      if (key != "step") found += fmt::format("{}{} {}", found.empty() ? "" : "; ", key, value_text(value));
    table.rows.push_back({value_text(step.value("step", nlohmann::json("?"))), found});
  }
  return table;
}

PageTable fact_table(const Sidecar& about) {
  const SidecarVolume& volume = *about.volume;
  const Affine& affine = volume.native.ras_from_voxel;
  PageTable table{"Scan and program", {{"", ""}}, {}};
  const auto add = [&](const std::string& name, const std::string& value) { table.rows.push_back({name, value}); };
  const Point3 spacing = spacing_mm(affine);
  add("file", about.input);
  add("size (x, y, z)", fmt::format("{}", fmt::join(volume.native.size, ", ")));
  add("spacing mm", fmt::format("{:.4g}, {:.4g}, {:.4g}", spacing[0], spacing[1], spacing[2]));
  add("orientation", orientation_of(affine));
  if (volume.dicom) add("DICOM series", volume.dicom->series_uid);
  add("window (becomes 0 and 1)", fmt::format("{:.4g}, {:.4g}", volume.window.black, volume.window.white));
  add("map smoothed, mm", fmt::format("{:.4g}", volume.smooth_mm));
  add("detector", about.detector);
  add("its settings", about.detector_config.text);
  add("perceptual distance", about.perceptual);
  add("model, SHA-256", about.model_sha256);
  add("seed", std::to_string(about.seed));
  add("precision, device", about.precision + ", " + about.device);
  add("thor", about.version);
  return table;
}

std::string introduction(const Sidecar& about) {
  std::string text = fmt::format("Score {:.5g}: the largest of its slices'.", about.score);
  if (const auto& calibration = about.calibration)
    text += fmt::format(" p = {:.3g} against {} healthy scans ({}).", calibration->p_value, calibration->cases,
                        calibration->p_value_of) +
            (calibration->promise.empty() ? "" : " " + calibration->promise);
  if (about.check && !about.check->findings.empty())
    text +=
        fmt::format("\n\nThis scan is not of the kind that the model was trained on: {}. {}",
                    fmt::join(about.check->findings, ". "),
                    about.check->ignored ? "Mask, p-value and lesions were asked for all the same; do not rely on them."
                                         : "The map is shown; a mask, a p-value and lesions would mean nothing.");
  else if (about.check && !about.check->passed())
    text += fmt::format(
        "\n\nThe model is not calibrated for scans like this: it looks {:.1f} deviations away from the "
        "healthy scans of the calibration, {:.1f} at most are expected. {}",
        about.check->unlikeness->value, about.check->unlikeness->limit,
        about.check->ignored
            ? "Mask and p-value were asked for all the same; do not rely on them."
            : "The map and the places of its highest values are shown; a mask and a p-value would mean "
              "nothing. Healthy scans of the same scanner make them possible ('thor calibrate' with `site`).");
  return text + "\n\n" + about.note;
}

}  // namespace

Page volume_page(const VolumeReport& report) {
  Page page;
  page.title = report.about.name;
  page.introduction = introduction(report.about);
  page.sections = {map_section(report), lesion_section(report), scan_section(report), healthy_section(report),
                   slice_section(report)};
  page.sections.push_back(
      {"Where it comes from", "", {fact_table(report.about), steps_table(report.about.volume->steps)}, {}, {}, false});
  return page;
}

}  // namespace thor
