// SPDX-License-Identifier: Apache-2.0
#include "thor/report/plane_chart.h"

#include "thor/base/error.h"
#include "thor/image/image.h"
#include "thor/report/markup.h"

namespace thor {
namespace {

constexpr double kSquare = 360, kTitleHeight = 30, kRim = 6;  // pixels of the drawing
constexpr double kFree = 12;                                  // around the point

/// A square on which every view has the same scale: the longest side of any of them fills it.
struct Placed {
  double left, top, scale;
  double x(double column) const { return left + (column + 0.5) * scale; }
  double y(double row) const { return top + (row + 0.5) * scale; }
};

std::string line(double x1, double y1, double x2, double y2) {
  if (x2 <= x1 && y2 <= y1) return {};
  return fmt::format(
      "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#7fd4ff\" "
      "stroke-width=\"0.8\"/>\n",
      x1, y1, x2, y2);
}

std::string letter(double x, double y, char side) {
  return svg_text({x, y, "middle", "fill=\"#ffffff\" font-weight=\"bold\""}, std::string(1, side));
}

}  // namespace

std::string plane_chart(const std::string& title, const OrthogonalView& view, const Tensor& picture) {
  const auto height = static_cast<double>(view.gray.size(0)), width = static_cast<double>(view.gray.size(1));
  const double scale = kSquare / kLongestViewSide;
  const Placed placed{kRim + (kSquare - width * scale) / 2, kTitleHeight + (kSquare - height * scale) / 2, scale};
  const double right = placed.left + width * scale, bottom = placed.top + height * scale;
  const double x = placed.x(view.cross_x), y = placed.y(view.cross_y);
  std::string out = svg_opened(title, kSquare + 2 * kRim, kTitleHeight + kSquare + kRim);
  out += fmt::format("<rect x=\"{0:.1f}\" y=\"{1:.1f}\" width=\"{2:.1f}\" height=\"{2:.1f}\" fill=\"#000000\"/>\n",
                     kRim, kTitleHeight, kSquare);
  out += fmt::format("<image x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" href=\"{}\"/>\n", placed.left,
                     placed.top, width * scale, height * scale, embedded(encode_png(picture)));
  out += line(placed.left, y, x - kFree, y) + line(x + kFree, y, right, y);
  out += line(x, placed.top, x, y - kFree) + line(x, y + kFree, x, bottom);
  const double quarter = kTitleHeight + kSquare / 5, column = kRim + kSquare / 5;
  out += letter(kRim + 12, quarter, view.left) + letter(kRim + kSquare - 12, quarter, view.right);
  out += letter(column, kTitleHeight + 18, view.top) + letter(column, kTitleHeight + kSquare - 8, view.bottom);
  return out + "</svg>\n";
}

}  // namespace thor
