// SPDX-License-Identifier: Apache-2.0
#include "thor/report/chart.h"

#include <algorithm>
#include <array>
#include <limits>

#include "thor/base/error.h"
#include "thor/report/markup.h"

namespace thor {
namespace {

constexpr std::array<const char*, 8> kColours{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                              "#e69f00", "#56b4e9", "#000000", "#7f6000"};
constexpr double kWidth = 460, kPlotHeight = 250;
constexpr double kLeft = 62, kRight = 14, kTop = 34, kBottom = 48, kLegendLine = 18, kLegendColumn = 199;

const char* colour(size_t i) { return kColours[i % kColours.size()]; }

std::string number(double value) {
  return value != 0 && std::abs(value) < 1e-3 ? fmt::format("{:.0e}", value) : fmt::format("{:.5g}", value);
}

/// Data to pixels along one axis.
struct Scale {
  bool logarithmic = false;
  double low = 0, high = 1, from = 0, to = 1;

  bool shows(double value) const { return std::isfinite(value) && (!logarithmic || value > 0); }
  double bend(double value) const { return logarithmic ? std::log10(value) : value; }
  double operator()(double value) const {
    const double share = (bend(value) - bend(low)) / (bend(high) - bend(low));
    return from + std::clamp(share, 0.0, 1.0) * (to - from);
  }
};

Scale scale_of(const Axis& axis, const std::vector<Series>& series, bool horizontal) {
  Scale scale{axis.logarithmic};
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const Series& one : series)
    for (const double value : horizontal ? one.x : one.y)
      if (scale.shows(value)) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
  if (low > high) low = scale.logarithmic ? 1 : 0, high = scale.logarithmic ? 10 : 1;
  scale.low = std::isnan(axis.low) ? low : axis.low;
  scale.high = std::isnan(axis.high) ? high : axis.high;
  if (!(scale.high > scale.low)) {  // a single value still needs an axis around it
    scale.high = scale.low + (scale.logarithmic ? 9 * scale.low : std::max(1e-6, std::abs(scale.low)));
  }
  scale.from = horizontal ? kLeft : kTop + kPlotHeight;
  scale.to = horizontal ? kWidth - kRight : kTop;
  return scale;
}

std::vector<double> ticks_of(const Scale& scale) {
  if (!scale.logarithmic) return axis_ticks(scale.low, scale.high, 5);
  std::vector<double> ticks;
  for (double power = std::floor(std::log10(scale.low)); power <= std::log10(scale.high) + 1e-9; ++power)
    for (const double digit : {1.0, 3.0})
      if (const double tick = digit * std::pow(10, power); tick >= scale.low * 0.999 && tick <= scale.high * 1.001)
        ticks.push_back(tick);
  return ticks;
}

std::string axes(const Chart& chart, const Scale& x, const Scale& y) {
  const double right = kWidth - kRight, bottom = kTop + kPlotHeight;
  std::string out;
  const auto grid = [&](double x1, double y1, double x2, double y2) {
    out += fmt::format("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" stroke=\"#e3e6ec\"/>\n", x1, y1, x2, y2);
  };
  for (const double tick : ticks_of(x)) {
    grid(x(tick), kTop, x(tick), bottom);
    out += svg_text({x(tick), bottom + 16}, number(tick));
  }
  for (const double tick : ticks_of(y)) {
    grid(kLeft, y(tick), right, y(tick));
    out += svg_text({kLeft - 6, y(tick) + 4, "end"}, number(tick));
  }
  out += fmt::format("<path d=\"M{0:.1f} {1:.1f}V{2:.1f}H{3:.1f}\" fill=\"none\" stroke=\"#1b2230\"/>\n", kLeft, kTop,
                     bottom, right);
  out += svg_text({(kLeft + right) / 2, bottom + 36}, chart.x.title);
  return out +
         svg_text({0, 0, "middle", fmt::format("transform=\"translate(15 {:.1f}) rotate(-90)\"", (kTop + bottom) / 2)},
                  chart.y.title);
}

/// What tells series i from the one of the same colour eight before.
std::string dashes(size_t i) {
  static constexpr std::array<const char*, 3> kDashes{"", "stroke-dasharray=\"6 3\"", "stroke-dasharray=\"2 3\""};
  return kDashes[i / kColours.size() % kDashes.size()];
}

std::string point(size_t i, double x, double y) {
  if (i / kColours.size() % 2 == 1)
    return fmt::format("<path d=\"M{:.1f} {:.1f}l4 7h-8z\" fill=\"{}\" fill-opacity=\".7\"/>", x, y - 4, colour(i));
  return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.2\" fill=\"{}\" fill-opacity=\".7\"/>", x, y,
                     colour(i));
}

std::string line(size_t i, const Series& series, const Scale& x, const Scale& y) {
  std::string path;
  bool drawing = false;
  for (size_t k = 0; k < series.x.size(); ++k) {
    const bool shown = x.shows(series.x[k]) && y.shows(series.y[k]);
    if (shown) path += fmt::format("{}{:.1f} {:.1f}", drawing ? 'L' : 'M', x(series.x[k]), y(series.y[k]));
    drawing = shown;
  }
  return fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.8\" stroke-linejoin=\"round\" {}/>\n",
                     path, colour(i), dashes(i));
}

std::string points(size_t i, const Series& series, const Scale& x, const Scale& y) {
  std::string out;
  for (size_t k = 0; k < series.x.size(); ++k)
    if (x.shows(series.x[k]) && y.shows(series.y[k])) out += point(i, x(series.x[k]), y(series.y[k]));
  return out + "\n";
}

std::string legend(const Chart& chart, bool with_lines) {
  std::string out;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const double x = kLeft + (i % 2 == 0 ? 0 : kLegendColumn);
    const double y = kTop + kPlotHeight + kBottom + kLegendLine * static_cast<double>(i / 2) + 8;
    out += with_lines ? fmt::format("<path d=\"M{:.1f} {:.1f}h20\" stroke=\"{}\" stroke-width=\"2.5\" {}/>", x, y - 4,
                                    colour(i), dashes(i))
                      : point(i, x + 12, y - 4);
    out += svg_text({x + 26, y, "start"}, shortened(chart.series[i].name, 28));
  }
  return out;
}

void check_series(const Chart& chart) {
  for (const Series& one : chart.series)
    if (one.x.size() != one.y.size())
      fail(ErrorKind::Internal, "series '{}' of chart '{}' has {} x and {} y", one.name, chart.title, one.x.size(),
           one.y.size());
}

template <class Mark>
std::string chart_of(const Chart& chart, bool with_lines, const Mark& mark) {
  check_series(chart);
  const Scale x = scale_of(chart.x, chart.series, true), y = scale_of(chart.y, chart.series, false);
  const double legend_lines = std::ceil(static_cast<double>(chart.series.size()) / 2);
  std::string out = svg_opened(chart.title, kWidth, kTop + kPlotHeight + kBottom + kLegendLine * legend_lines + 6);
  out += axes(chart, x, y);
  for (size_t i = 0; i < chart.series.size(); ++i) out += mark(i, chart.series[i], x, y);
  return out + legend(chart, with_lines) + "</svg>\n";
}

}  // namespace

std::vector<double> axis_ticks(double low, double high, int count) {
  if (!(high > low) || !std::isfinite(low) || !std::isfinite(high)) return {};
  const double rough = (high - low) / std::max(1, count);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double digit : {5.0, 2.0, 1.0})
    if (digit * power >= rough * 0.999) step = digit * power;
  std::vector<double> ticks;
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k)
    ticks.push_back(k * step + 0.0);  // never -0
  return ticks;
}

std::string line_chart(const Chart& chart) { return chart_of(chart, true, line); }

std::string scatter_chart(const Chart& chart) { return chart_of(chart, false, points); }

std::string as_svg_file(const std::string& chart) {
  std::string file = chart;
  return file.replace(0, 4, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
}

}  // namespace thor
