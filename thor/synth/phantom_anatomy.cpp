// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/phantom_anatomy.h"

#include <algorithm>
#include <cmath>

#include "thor/synth/shading.h"

namespace thor {
namespace {

/// About the distance to an ellipse round the origin, negative inside.
double ellipse(double x, double y, double a, double b) {
  const double scaled = std::hypot(x / a, y / b), slope = std::hypot(x / (a * a), y / (b * b));
  return slope > 1e-9 ? scaled * (scaled - 1) / slope : -std::min(a, b);
}

/// The same, turned by `angle` and moved to (cx, cy).
double ellipse_at(double x, double y, double cx, double cy, double a, double b, double angle) {
  const double c = std::cos(angle), s = std::sin(angle), dx = x - cx, dy = y - cy;
  return ellipse(c * dx + s * dy, c * dy - s * dx, a, b);
}

/// The smaller of two, without a crease where they meet.
double smooth_min(double a, double b, double width) {
  const double h = std::clamp(0.5 + 0.5 * (b - a) / width, 0.0, 1.0);
  return mix(b, a, h) - width * h * (1 - h);
}

}  // namespace

HeadAnatomy::HeadAnatomy(Random& random)
    : angle_(random.uniform(-0.07, 0.07)),
      shift_x_(random.uniform(-0.02, 0.02)),
      shift_y_(random.uniform(-0.025, 0.025)),
      half_width_(random.uniform(0.68, 0.73)),
      half_height_(random.uniform(0.86, 0.91)),
      scalp_(random.uniform(0.025, 0.045)),
      skull_(random.uniform(0.035, 0.055)),
      gap_(random.uniform(0.010, 0.025)),
      ventricle_size_(random.uniform(0.7, 1.35)),
      asymmetry_(random.uniform(-0.12, 0.12)),
      sulcus_width_(random.uniform(0.006, 0.014)),
      white_(random.uniform(0.78, 0.86)),
      gray_(random.uniform(0.54, 0.60)),
      csf_(random.uniform(0.14, 0.20)),
      fat_(random.uniform(0.80, 0.95)),
      outline_(random, 8),
      folds_(random, 26),
      fine_folds_(random, 52),
      warp_x_(random, 9),
      warp_y_(random, 9),
      texture_(random, 60) {}

double HeadAnatomy::pial_distance(double x, double y, double depth) const {
  // The zero lines of a smooth noise wind like sulci; they reach only so far in and are then closed by white matter.
  const double reach = 0.20 + 0.05 * warp_x_(y, -x);
  const double closed = 0.7 * std::max(0.0, depth - reach);
  double distance = smooth_min(depth, 0.085 * std::abs(folds_(x, y)) + closed, 0.02);
  distance = smooth_min(distance, 0.13 * std::abs(fine_folds_(x, y)) + 0.8 * std::max(0.0, depth - 0.5 * reach), 0.02);
  // The fissure between the halves, in front of and behind the corpus callosum.
  const double front = std::max(0.0, y + 0.40);
  const double behind = std::max(0.0, 0.40 - y);
  const double fissure = std::abs(x + 0.008 * warp_x_(0.3, y)) + 1.2 * std::min(front, behind);
  return smooth_min(distance, fissure, 0.02);
}

double HeadAnatomy::ventricle_distance(double x, double y) const {
  const double side = x < 0 ? -1 : 1, size = ventricle_size_ * (1 + side * asymmetry_), ax = std::abs(x);
  const double front = ellipse_at(ax, y, 0.105, -0.17, 0.052 * size, 0.16, 0.22);
  const double body = ellipse_at(ax, y, 0.095, 0.04, 0.045 * size, 0.18, -0.12);
  const double back = ellipse_at(ax, y, 0.20, 0.25, 0.055 * size, 0.16, -0.48);
  return smooth_min(smooth_min(front, body, 0.05), back, 0.06);
}

double HeadAnatomy::nuclei(double x, double y, double pixel) const {
  const double ax = std::abs(x);
  const double caudate = ellipse_at(ax, y, 0.185, -0.17, 0.045, 0.12, 0.25);
  const double putamen = ellipse_at(ax, y, 0.315, -0.02, 0.06, 0.17, -0.12);
  const double thalamus = ellipse_at(ax, y, 0.155, 0.10, 0.075, 0.12, -0.35);
  const double soft = std::max(0.03, pixel);
  return std::max({0.85 * cover(caudate, soft), 0.8 * cover(putamen, soft), 0.65 * cover(thalamus, soft)});
}

HeadSample HeadAnatomy::at(double px, double py, double pixel) const {
  const double c = std::cos(angle_), s = std::sin(angle_), dx = px - shift_x_, dy = py - shift_y_;
  const double hx = c * dx + s * dy, hy = c * dy - s * dx;  // the head's own axes
  const double head = ellipse(hx, hy, half_width_, half_height_) + 0.012 * outline_(hx, hy);
  const double edge = 1.5 * pixel, inner_skull = head + scalp_ + skull_;
  const double x = hx + 0.012 * warp_x_(hx, hy), y = hy + 0.012 * warp_y_(hx, hy);

  HeadSample sample;
  sample.depth = -(inner_skull + gap_ + 0.006 * warp_x_(hy, hx));
  sample.ventricle = ventricle_distance(x, y);
  const double pial = pial_distance(x, y, sample.depth);

  double value = 0.015;
  value = mix(value, fat_, cover(head, edge));
  value = mix(value, 0.08, cover(head + scalp_, edge));
  value = mix(value, csf_ + 0.06, cover(inner_skull, edge));
  value = mix(value, gray_, cover(sulcus_width_ - pial, std::max(0.02, edge)));
  value = mix(value, white_, cover(0.058 + 0.008 * warp_y_(hy, hx) - pial, std::max(0.03, edge)));
  value = mix(value, gray_ + 0.06, sample.depth > 0.1 ? nuclei(x, y, pixel) : 0);
  value = mix(value, csf_, cover(sample.ventricle, std::max(0.02, edge)));
  sample.intensity = std::max(0.0, value * (1 + 0.02 * texture_(px, py)));
  return sample;
}

}  // namespace thor
