// SPDX-License-Identifier: Apache-2.0
#include "thor/report/volume_page.h"

#include <algorithm>

#include "thor/base/error.h"
#include "thor/base/utf8.h"
#include "thor/report/chart.h"
#include "thor/report/plane_chart.h"

namespace thor {
namespace {

constexpr size_t kMaxRows = 50;  // lesions on the page; the sidecar has more

std::string point_text(const Point3& p) { return fmt::format("{:.1f}, {:.1f}, {:.1f}", p[0], p[1], p[2]); }

std::string json_text(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{:.4g}", value.get<double>());
  if (!value.is_array()) return dump_json(value);
  std::string text;
  for (const auto& item : value) text += (text.empty() ? "" : ", ") + json_text(item);
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
  const nlohmann::json& about = report.about.at("lesions");
  if (about.contains("withheld"))
    return {"Lesions", fmt::format("Not listed: {}.", about.at("withheld").get<std::string>()), {}, {}, {}, false};
  std::string text = fmt::format("Connected components (26 neighbours) of at least {} ml above {:.4g}, the {}.",
                                 json_text(about.at("min_ml")), about.at("threshold").get<double>(),
                                 about.at("above").get<std::string>());
  if (!report.about.contains("calibration"))
    text +=
        " The model is not calibrated for this setting: these are the volume's most suspicious places, sick or "
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
  const bool calibrated = report.about.contains("calibration");
  table.rows = {{"height mm", "score"}};
  if (calibrated) table.rows[0].emplace_back("p");
  for (const auto& slice : report.about.at("slices")) {
    std::vector<std::string> row{
        fmt::format("{:.1f}", slice.at("z_mm").get<double>()),
        slice.contains("blank") ? "blank" : fmt::format("{:.5f}", slice.at("score").get<double>())};
    if (calibrated) row.push_back(slice.contains("p_value") ? json_text(slice.at("p_value")) : "-");
    table.rows.push_back(std::move(row));
  }
  section.tables.push_back(std::move(table));
  return section;
}

PageTable steps_table(const nlohmann::json& chain) {
  PageTable table{"Chain", {{"step", "what it found"}}, {}};
  for (const auto& step : chain) {
    std::string found;
    for (const auto& [key, value] : step.items())
      if (key != "step") found += fmt::format("{}{} {}", found.empty() ? "" : "; ", key, json_text(value));
    table.rows.push_back({json_text(step.value("step", nlohmann::json("?"))), found});
  }
  return table;
}

PageTable fact_table(const nlohmann::json& about) {
  const nlohmann::json& volume = about.at("volume");
  PageTable table{"Scan and program", {{"", ""}}, {}};
  const auto add = [&](const std::string& name, const nlohmann::json& value) {
    table.rows.push_back({name, json_text(value)});
  };
  add("file", about.at("input"));
  add("size (x, y, z)", volume.at("size"));
  add("spacing mm", volume.at("spacing_mm"));
  add("orientation", volume.at("orientation"));
  if (volume.contains("dicom")) add("DICOM series", volume.at("dicom").at("series_uid"));
  add("window (becomes 0 and 1)", volume.at("window"));
  add("map smoothed, mm", volume.at("smooth_mm"));
  add("detector", about.at("detector").at("name"));
  add("its settings", about.at("detector").at("config"));
  add("perceptual distance", about.at("perceptual"));
  add("model, SHA-256", about.at("model").at("sha256"));
  add("seed", about.at("seed"));
  add("precision, device", nlohmann::json::array({about.at("precision"), about.at("device")}));
  add("thor", about.at("thor"));
  return table;
}

std::string introduction(const VolumeReport& report) {
  std::string text = fmt::format("Score {:.5g}: the largest of its slices'.", report.about.at("score").get<double>());
  if (report.about.contains("calibration")) {
    const nlohmann::json& calibration = report.about.at("calibration");
    text += fmt::format(" p = {:.3g} against {} healthy scans ({}).", calibration.at("p_value").get<double>(),
                        calibration.at("cases").get<int64_t>(), calibration.at("p_value_of").get<std::string>());
  }
  if (const auto check = report.about.find("check"); check != report.about.end() && !check->at("passed").get<bool>()) {
    text += "\n\nThis scan is not of the kind that the model was trained on: ";
    for (const auto& finding : check->at("findings")) text += finding.get<std::string>() + ". ";
    text += check->value("ignored", false)
                ? "Mask, p-value and lesions were asked for all the same; do not rely on them."
                : "The map is shown; a mask, a p-value and lesions would mean nothing.";
  }
  return text + "\n\n" + report.about.at("note").get<std::string>();
}

}  // namespace

Page volume_page(const VolumeReport& report) {
  Page page;
  page.title = report.about.at("name").get<std::string>();
  page.introduction = introduction(report);
  page.sections = {map_section(report), lesion_section(report), scan_section(report), healthy_section(report),
                   slice_section(report)};
  page.sections.push_back({"Where it comes from",
                           "",
                           {fact_table(report.about), steps_table(report.about.at("volume").at("chain"))},
                           {},
                           {},
                           false});
  return page;
}

}  // namespace thor
