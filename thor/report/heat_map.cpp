// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "thor/base/error.h"
#include "thor/report/chart.h"
#include "thor/report/markup.h"

namespace thor {
namespace {

struct HeatFrame {
  double width = 560, left = 160, right = 16, top = 34, bottom = 50, row = 34;
};

/// White to dark blue, monotone in lightness.
std::string shade(double share) {
  const auto mix = [share](double pale, double deep) { return static_cast<int>(pale + share * (deep - pale) + 0.5); };
  return fmt::format("#{:02x}{:02x}{:02x}", mix(0xf2, 0x00), mix(0xf6, 0x45), mix(0xfb, 0x7c));
}

struct Box {
  double x, y, width, height;
};

std::string heat_cell(const Box& box, double value, double share) {
  const bool empty = !std::isfinite(value);
  const std::string rect =
      fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" stroke=\"#ffffff\"/>",
                  box.x, box.y, box.width, box.height, empty ? "#eeeeee" : shade(share));
  if (empty) return rect + "\n";
  return rect +
         svg_text({box.x + box.width / 2, box.y + box.height / 2 + 4, "middle", share > 0.55 ? "fill=\"#ffffff\"" : ""},
                  fmt::format("{:.4g}", value));
}

void check_values(const HeatMap& map) {
  bool fits = map.values.size() == map.y_labels.size();
  for (const auto& row : map.values) fits = fits && row.size() == map.x_labels.size();
  if (!fits) fail(ErrorKind::Internal, "the values of heat map '{}' do not fit its labels", map.title);
}

std::pair<double, double> range_of(const HeatMap& map) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const auto& row : map.values)
    for (const double value : row)
      if (std::isfinite(value)) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
  return {low, high};
}

}  // namespace

std::string heat_map(const HeatMap& map) {
  check_values(map);
  const HeatFrame f;
  const auto [low, high] = range_of(map);
  const double rows = static_cast<double>(map.y_labels.size());
  const double width = (f.width - f.left - f.right) / std::max(1.0, static_cast<double>(map.x_labels.size()));
  const double bottom = f.top + 22 + rows * f.row;
  const double middle = f.left + (f.width - f.left - f.right) / 2;
  std::string out = svg_opened(map.title, f.width, bottom + f.bottom);
  out += svg_text({middle, f.top + 10, "middle", "fill=\"#5d6778\""}, map.value_title);
  for (size_t i = 0; i < map.y_labels.size(); ++i) {
    const double y = f.top + 22 + static_cast<double>(i) * f.row;
    out += svg_text({f.left - 8, y + f.row / 2 + 4, "end"}, shortened(map.y_labels[i], 24));
    for (size_t j = 0; j < map.x_labels.size(); ++j)
      out += heat_cell({f.left + static_cast<double>(j) * width, y, width, f.row}, map.values[i][j],
                       high > low ? (map.values[i][j] - low) / (high - low) : 0.5);
  }
  for (size_t j = 0; j < map.x_labels.size(); ++j)
    out += svg_text({f.left + (static_cast<double>(j) + 0.5) * width, bottom + 16},
                    shortened(map.x_labels[j], std::max<size_t>(4, static_cast<size_t>(width / 6.5))));
  out += svg_text({middle, bottom + 38}, map.x_title);
  return out + svg_text({8, f.top + 10, "start"}, map.y_title) + "</svg>\n";
}

}  // namespace thor
