// SPDX-License-Identifier: Apache-2.0
#include "thor/report/prepare_page.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/data/scan_part.h"

namespace thor {
namespace {

constexpr size_t kMostShown = 60;
constexpr double kOutlier = 3;                // robust standard deviations below the median
constexpr double kDeviationFromMad = 1.4826;  // of a normal distribution

/// One volume that was prepared.
struct PreparedVolume {
  const ScanReport* scan = nullptr;
  double before = NAN, similarity = NAN;  ///< NaN where it was not registered
};

/// NaN where the step did not measure it.
double number_in(const nlohmann::json& step, const char* measurement) {
  const auto found = step.find(measurement);
  return found != step.end() && found->is_number() ? found->get<double>() : NAN;
}

std::vector<PreparedVolume> volumes_of(const PrepareResult& result) {
  std::vector<PreparedVolume> volumes;
  for (const ScanReport& scan : result.scans) {
    const nlohmann::json record = parse(scan.record);
    if (!scan.failure.empty() || !record.is_array()) continue;
    PreparedVolume volume{&scan};
    for (const auto& step : record)
      if (step.contains("similarity")) {
        if (std::isnan(volume.before)) volume.before = number_in(step, "similarity_before");
        volume.similarity = number_in(step, "similarity");
      }
    volumes.push_back(volume);
  }
  // NaN does not compare; scans without a registration keep their order behind the others.
  std::stable_sort(volumes.begin(), volumes.end(), [](const PreparedVolume& a, const PreparedVolume& b) {
    return (std::isnan(a.similarity) ? INFINITY : a.similarity) < (std::isnan(b.similarity) ? INFINITY : b.similarity);
  });
  return volumes;
}

double median_of(std::vector<double> values) {
  if (values.empty()) return NAN;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Median and robust standard deviation of the similarities.
struct Usual {
  double median, deviation;
  explicit Usual(const std::vector<PreparedVolume>& volumes) {
    std::vector<double> values, distances;
    for (const auto& volume : volumes)
      if (!std::isnan(volume.similarity)) values.push_back(volume.similarity);
    median = median_of(values);
    for (const double value : values) distances.push_back(std::abs(value - median));
    deviation = kDeviationFromMad * median_of(distances);
  }
  bool is_outlier(double similarity) const { return similarity < median - kOutlier * deviation; }
};

std::string figure(double value) { return std::isnan(value) ? "-" : fmt::format("{:.4f}", value); }

PageTable similarity_table(const std::vector<PreparedVolume>& volumes, const Usual& usual) {
  PageTable table{"Mutual information with the template, nats", {{"scan", "before", "after", ""}}, {}};
  for (const auto& volume : volumes) {
    if (usual.is_outlier(volume.similarity)) table.bold.emplace_back(table.rows.size(), 2);
    table.rows.push_back({volume.scan->name, figure(volume.before), figure(volume.similarity),
                          usual.is_outlier(volume.similarity) ? "look at it" : ""});
  }
  return table;
}

PageCase case_of(const PreparedVolume& volume) {
  PageCase shown;
  shown.title = volume.scan->name;
  if (!std::isnan(volume.similarity))
    shown.text = fmt::format("similarity {} before, {} after", figure(volume.before), figure(volume.similarity));
  const StateDict views = read_views(volume.scan->part);
  for (const char* plane : {"axial", "coronal", "sagittal"})
    for (const char* what : {"", "_template"})
      if (const auto view = views.find(std::string(plane) + what); view != views.end())
        shown.pictures.emplace_back(fmt::format("{}{}", plane, *what ? ", in turn with the template" : ""),
                                    view->second.to(at::kFloat) / 255);
  return shown;
}

PageTable failure_table(const PrepareResult& result) {
  PageTable table{"", {{"scan", "reason"}}, {}};
  for (const ScanReport& scan : result.scans)
    if (!scan.failure.empty()) table.rows.push_back({scan.name, scan.failure});
  return table;
}

}  // namespace

Page prepare_page(const PrepareResult& result) {
  const auto volumes = volumes_of(result);
  const Usual usual(volumes);
  const PageTable failures = failure_table(result);
  const auto outliers = std::count_if(volumes.begin(), volumes.end(),
                                      [&](const auto& volume) { return usual.is_outlier(volume.similarity); });
  Page page;
  page.title = "Prepared scans";
  page.introduction = fmt::format(
      "{} scans, {} slices; {} scans could not be used. {} volumes, of which {} are less like the template than {:g} "
      "robust standard deviations below the median. The least alike come first: look whether edges go on from the scan "
      "to the template.",
      result.scans.size(), result.archive.names.size(), failures.rows.size() - 1, volumes.size(), outliers, kOutlier);
  if (failures.rows.size() > 1) page.sections.push_back({"Not used", "", {failures}, {}, {}, false});
  PageSection shown{"Volumes", "", {}, {}, {}, false};
  for (size_t i = 0; i < std::min(kMostShown, volumes.size()); ++i)
    if (!volumes[i].scan->part.empty()) shown.cases.push_back(case_of(volumes[i]));
  if (volumes.size() > kMostShown) shown.text = fmt::format("The first {} are shown.", kMostShown);
  page.sections.push_back(std::move(shown));
  page.sections.push_back({"Similarity", "", {similarity_table(volumes, usual)}, {}, {}, false});
  return page;
}

}  // namespace thor
