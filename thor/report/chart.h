// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>
#include <string>
#include <vector>

namespace thor {

/// One line, or one cloud of points. Points that are not finite are left out and interrupt the line.
struct Series {
  std::string name;
  std::vector<double> x, y;
};

/// One axis. Bounds that are NaN come from the data; a logarithmic axis leaves out what is not positive.
struct Axis {
  std::string title;
  double low = NAN, high = NAN;
  bool logarithmic = false;
};

/// Series over common axes.
struct Chart {
  std::string title;
  Axis x, y;
  std::vector<Series> series;
};

/// Values of two parameters; NaN is an empty cell.
struct HeatMap {
  std::string title, x_title, y_title, value_title;
  std::vector<std::string> x_labels, y_labels;
  std::vector<std::vector<double>> values;  ///< [y][x]
};

// Inline SVG, black on white, no script, Okabe and Ito's colours (Color Universal Design, 2008), which people with any
// colour vision tell apart; beyond eight series the lines are dashed and the points take other forms. Every text is
// escaped. Throws Internal where x and y, or values and labels, are not equally many.
std::string line_chart(const Chart& chart);
std::string scatter_chart(const Chart& chart);
std::string heat_map(const HeatMap& map);

/// The same SVG as a file of its own, which must name its namespace; inside a page it need not.
std::string as_svg_file(const std::string& chart);

/// Round numbers at which an axis from low to high is marked, about `count` of them, all inside.
std::vector<double> axis_ticks(double low, double high, int count);

}  // namespace thor
