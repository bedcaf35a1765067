// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/phantom_lesion.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "thor/base/error.h"
#include "thor/synth/blob.h"

namespace thor {
namespace {

constexpr double kGrid = 128;           // the grid lesion sizes are stated on

bool tissue(const HeadSample& sample) { return sample.depth > 0.01 && sample.ventricle > 0; }

double centre_of(int64_t pixel, int64_t size) {
  return 2 * (static_cast<double>(pixel) + 0.5) / static_cast<double>(size) - 1;
}

/// A place well inside the tissue. -> pixel index
size_t draw_centre(Random& random, const std::vector<HeadSample>& head) {
  for (int attempt = 0; attempt < 10000; ++attempt) {
    const size_t place = random.below(head.size());
    if (head[place].depth > 0.07 && head[place].ventricle > 0.04) return place;
  }
  return static_cast<size_t>(
      std::max_element(head.begin(), head.end(), [](const auto& a, const auto& b) { return a.depth < b.depth; }) -
      head.begin());
}

/// The piece of {field >= level} that holds its highest place.
std::vector<float> main_piece(const std::vector<double>& field, double level, int64_t size) {
  std::vector<float> mask(field.size(), 0);
  std::vector<int64_t> open{std::max_element(field.begin(), field.end()) - field.begin()};
  mask[static_cast<size_t>(open[0])] = 1;
  while (!open.empty()) {
    const int64_t place = open.back(), row = place / size, column = place % size;
    open.pop_back();
    const auto visit = [&](int64_t r, int64_t c) {
      const auto next = static_cast<size_t>(r * size + c);
      if (r < 0 || r >= size || c < 0 || c >= size || mask[next] > 0 || field[next] < level) return;
      mask[next] = 1;
      open.push_back(r * size + c);
    };
    visit(row - 1, column), visit(row + 1, column), visit(row, column - 1), visit(row, column + 1);
  }
  return mask;
}

bool touches(const std::vector<float>& mask, int64_t place, int64_t size) {
  const int64_t row = place / size, column = place % size;
  for (int64_t r = std::max<int64_t>(row - 1, 0); r <= std::min(row + 1, size - 1); ++r)
    for (int64_t c = std::max<int64_t>(column - 1, 0); c <= std::min(column + 1, size - 1); ++c)
      if (mask[static_cast<size_t>(r * size + c)] > 0) return true;
  return false;
}

}  // namespace

LesionSize lesion_size(const std::string& group) {
  if (group == "small") return {3, 71};
  if (group == "medium") return {71, 570};
  if (group == "large") return {570, 10000};
  fail_usage("lesion '{}' is not one of small, medium, large", group);
}

std::vector<float> paint_lesion(Random& random, int64_t size, const LesionSize& range,
                                const std::vector<HeadSample>& head, std::vector<float>& image) {
  const double low = std::log(1.15 * static_cast<double>(range.above) + 4);
  const double high = std::log(std::min(0.92 * static_cast<double>(range.up_to), kLargestDrawn));
  const double pixels128 = std::exp(random.uniform(low, high)), pixel = 2 / static_cast<double>(size);
  const double radius = std::sqrt(pixels128 / M_PI) * 2 / kGrid;
  const bool dark = random.uniform() < 0.6;
  const double tone = dark ? random.uniform(0.22, 0.36) : random.uniform(0.97, 1.05);
  const auto middle = static_cast<int64_t>(draw_centre(random, head));
  const Blob blob(random, {centre_of(middle % size, size), centre_of(middle / size, size), radius});
  const SmoothNoise texture(random, 40);

  constexpr double kOutside = -1e9;
  std::vector<double> field(head.size(), kOutside);
  for (int64_t i = 0; i < static_cast<int64_t>(field.size()); ++i)
    if (tissue(head[static_cast<size_t>(i)]))
      field[static_cast<size_t>(i)] = blob(centre_of(i % size, size), centre_of(i / size, size));
  // The level that leaves as many pixels as were drawn.
  const double scale = static_cast<double>(size) / kGrid;
  const int64_t wanted = std::max<int64_t>(1, std::llround(pixels128 * scale * scale));
  std::vector<double> sorted = field;
  const auto rank = sorted.begin() + std::min(wanted, static_cast<int64_t>(sorted.size())) - 1;
  std::nth_element(sorted.begin(), rank, sorted.end(), std::greater<>());
  const double level = std::max(*rank, kOutside / 2);

  const std::vector<float> mask = main_piece(field, level, size);
  for (int64_t i = 0; i < static_cast<int64_t>(field.size()); ++i) {
    const auto place = static_cast<size_t>(i);
    if (field[place] == kOutside || !touches(mask, i, size)) continue;
    // Half way over at the mask's border: the edge is as soft as the anatomy's.
    const double share = std::clamp(0.5 + (field[place] - level) * radius / (1.5 * pixel), 0.0, 1.0);
    const double value = tone * (1 + 0.05 * texture(centre_of(i % size, size), centre_of(i / size, size)));
    image[place] += static_cast<float>((value - image[place]) * 0.92 * share);
  }
  return mask;
}

}  // namespace thor
