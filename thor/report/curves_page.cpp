// SPDX-License-Identifier: Apache-2.0
#include "thor/report/curves_page.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "thor/base/error.h"
#include "thor/base/file.h"

namespace thor {
namespace {

constexpr uint64_t kMaxLog = uint64_t{1} << 28;

/// Means of as many training losses as it is told, one after another.
class Means {
 public:
  void add(double step, double loss, Series& means) {
    sum_ += loss;
    if (++count_ < kStepsOfAMean) return;
    means.x.push_back(step);
    means.y.push_back(sum_ / static_cast<double>(count_));
    sum_ = 0;
    count_ = 0;
  }

 private:
  double sum_ = 0;
  int64_t count_ = 0;
};

void add_line(const std::string& line, LearningCurve& curve, Means& means) {
  const auto metrics = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  const auto number = [&](const char* key) {
    const auto found = metrics.find(key);
    return found != metrics.end() && found->is_number() ? found->get<double>() : NAN;
  };
  if (!metrics.is_object() || std::isnan(number("step"))) fail_input("it is no JSON object with a 'step'");
  if (const double loss = number("validation_loss"); !std::isnan(loss)) {
    curve.validation.x.push_back(number("step"));
    curve.validation.y.push_back(loss);
  }
  if (const double loss = number("loss"); !std::isnan(loss)) means.add(number("step"), loss, curve.training);
}

std::string chart_of(const std::vector<LearningCurve>& curves, const std::string& title, Series LearningCurve::*part) {
  Chart chart{title, {"optimizer steps"}, {"loss, each in the unit of its own target", NAN, NAN, true}, {}};
  for (const LearningCurve& curve : curves)
    if (!(curve.*part).x.empty()) chart.series.push_back(curve.*part);
  return chart.series.empty() ? "" : line_chart(chart);
}

}  // namespace

LearningCurve read_learning_curve(const std::string& run) {
  namespace fs = std::filesystem;
  const fs::path given = fs::path(run).has_filename() ? fs::path(run) : fs::path(run).parent_path();
  const fs::path log = fs::is_directory(given) ? given / "log.jsonl" : given;
  LearningCurve curve{given.stem().string(), {}, {}};
  curve.validation.name = curve.training.name = curve.name;
  std::istringstream lines(read_text_file(log.string(), kMaxLog));
  Means means;
  int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!line.empty())
      with_context(fmt::format("reading line {} of {}", number, log.string()), [&] { add_line(line, curve, means); });
  }
  if (curve.validation.x.empty() && curve.training.x.empty())
    fail_input("'{}' holds no validation loss and fewer than {} training losses: there is no curve to draw",
               log.string(), kStepsOfAMean);
  return curve;
}

std::string validation_chart(const std::vector<LearningCurve>& curves) {
  return chart_of(curves, "Validation loss", &LearningCurve::validation);
}

std::string training_chart(const std::vector<LearningCurve>& curves) {
  return chart_of(curves, fmt::format("Training loss, means of {} steps", kStepsOfAMean), &LearningCurve::training);
}

Page curves_page(const std::vector<LearningCurve>& curves) {
  Page page;
  page.title = "Learning curves";
  page.introduction =
      "Validation images, their noise and their timesteps never change, so that the losses of one run can be compared "
      "with each other; those of different noise, targets or corruption cannot.";
  page.table = {{"run", "steps", "last validation loss", "lowest", "at step"}};
  for (const LearningCurve& curve : curves) {
    const Series& seen = curve.validation;
    if (seen.y.empty()) {
      page.table.push_back({curve.name, fmt::format("{:.0f}", curve.training.x.back()), "-", "-", "-"});
      continue;
    }
    const auto lowest = std::min_element(seen.y.begin(), seen.y.end());
    page.table.push_back({curve.name, fmt::format("{:.0f}", seen.x.back()), fmt::format("{:.5f}", seen.y.back()),
                          fmt::format("{:.5f}", *lowest),
                          fmt::format("{:.0f}", seen.x[static_cast<size_t>(lowest - seen.y.begin())])});
  }
  PageSection charts{"Curves", "", {}, {}, {}, false};
  for (const std::string& chart : {validation_chart(curves), training_chart(curves)})
    if (!chart.empty()) charts.charts.push_back(chart);
  page.sections.push_back(std::move(charts));
  return page;
}

}  // namespace thor
