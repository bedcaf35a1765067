// SPDX-License-Identifier: Apache-2.0
#include "thor/image/register/registration.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/image/quantile.h"
#include "thor/image/register/foreground.h"
#include "thor/image/register/minimize.h"
#include "thor/image/register/mutual_information.h"
#include "thor/image/register/smooth.h"
#include "thor/image/register/transform.h"
#include "thor/image/resample.h"

namespace thor {
namespace {

constexpr double kFewestSamples = 20'000;
constexpr double kLeastOverlap = 0.2;
constexpr uint32_t kSeed = 20240522;
constexpr double kWithoutScalp =
    0.95;  // quantile of a scan above which lie scalp and fat, beside a surface coil far above

/// One resolution: the similarity at voxels of about `mm`.
struct Level {
  double mm;
  MutualInformation similarity;
};

ValueRange range_of(const Tensor& values, double highest = 0.998) {
  constexpr int64_t kEnough = 1'000'000;
  const Tensor flat = values.flatten();
  const Tensor some = flat.slice(0, 0, flat.numel(), 1 + flat.numel() / kEnough).contiguous();
  // A few bright vessels must not leave the tissues a handful of bins.
  return {quantile_of(some, 0.001, Between::Lower), quantile_of(some, highest, Between::Lower)};
}

/// Bins of the template at a fixed random choice of its voxels, all within `mask` [D,H,W].
TemplateSamples samples_of(const Image& image, const Tensor& mask, double share) {
  const Tensor inside = mask.flatten().nonzero().flatten();
  if (inside.numel() == 0) fail_input("the mask of the template is empty");
  share = std::min(1.0, std::max(share, kFewestSamples / static_cast<double>(inside.numel())));
  const Tensor values = image.voxels.flatten().index_select(0, inside);
  const ValueRange range = range_of(values);
  const Grid grid = grid_of(image);
  const float* value = values.data_ptr<float>();
  const int64_t* index = inside.data_ptr<int64_t>();
  std::mt19937 random(kSeed);
  TemplateSamples samples;
  for (int64_t i = 0; i < inside.numel(); ++i) {
    if (static_cast<double>(random()) >= share * 4294967296.0) continue;
    const int64_t x = index[i] % grid.size[0], y = index[i] / grid.size[0] % grid.size[1],
                  z = index[i] / grid.size[0] / grid.size[1];
    samples.places.push_back(
        grid.ras_from_voxel({static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)}));
    const double place = (value[i] - range.low) / std::max(range.high - range.low, 1e-30) * kHistogramBins;
    samples.bins.push_back(static_cast<uint8_t>(std::clamp(place, 0.0, kHistogramBins - 1.0)));
  }
  return samples;
}

/// Mean place of the voxels in `mask`, RAS mm.
Point3 centre_of(const Tensor& mask, const Affine& ras_from_voxel) {
  const Tensor places = mask.nonzero().to(at::kDouble);  // [N,3] z, y, x
  if (places.size(0) == 0) fail_input("nothing of it stands out from the background");
  const Tensor mean = places.mean(0);
  return ras_from_voxel({mean[2].item<double>(), mean[1].item<double>(), mean[0].item<double>()});
}

Point3 foreground_centre(const Image& image) {
  return centre_of(image.voxels > otsu_threshold(image.voxels), image.geometry.ras_from_voxel);
}

/// From coarse to fine.
std::vector<Level> levels_of(Image scan, Image template_, const Tensor& mask, const RegistrationOptions& options,
                             double highest = 0.998) {
  const Grid mask_grid = grid_of(template_);
  const Point3 spacing = spacing_mm(mask_grid.ras_from_voxel);
  double mm = options.coarsest_mm;
  while (mm / 2 >= *std::min_element(spacing.begin(), spacing.end()) * 0.99) mm /= 2;
  std::vector<Level> levels;
  for (; mm <= options.coarsest_mm; mm *= 2) {
    scan = coarser(scan, mm);
    template_ = coarser(template_, mm);
    const Grid grid = grid_of(template_);
    const Tensor inside = mask.defined()
                              ? resample(mask, mask_grid.ras_from_voxel, grid, {{}, Interpolation::Nearest}) > 0.5
                              : at::ones_like(template_.voxels, at::kBool);
    for (const int64_t size : grid_of(scan).size)
      if (size < 2) fail_input("its {} voxels are too few to register", shape_text(scan.voxels.sizes()));
    const ValueRange range = range_of(scan.voxels, highest);
    if (!(range.high > range.low)) fail_input("it has no contrast");
    levels.insert(levels.begin(), {mm, MutualInformation(samples_of(template_, inside, options.sampled), scan.voxels,
                                                         scan.geometry.ras_from_voxel, range)});
  }
  return levels;
}

/// Gives the bins to the tissues that the samples now meet: a bright scalp outside the mask must not take most of them.
void focus(Level& level, const Affine& scan_from_template) {
  const std::vector<float> values = level.similarity.scan_values(scan_from_template);
  if (values.empty()) return;
  const ValueRange range = range_of(at::tensor(values));
  if (range.high > range.low) level.similarity.set_range(range);
}

/// Moves x uphill on one level.
void climb(const Level& level, const Transform& transform, int64_t iterations, std::vector<double>& x) {
  const auto objective = [&](const std::vector<double>& at, std::vector<double>& gradient) {
    const Similarity similarity = level.similarity.at(transform.map_of(at));
    gradient = transform.gradient(at, similarity.gradient);
    for (double& entry : gradient) entry = -entry;
    return similarity.overlap < kLeastOverlap ? std::numeric_limits<double>::infinity() : -similarity.nats;
  };
  minimize(objective, x, {iterations, level.mm / 2, level.mm / 100});
}

/// A place in parameter space and how good it looks.
struct Candidate {
  std::vector<double> x;
  double score = -1;
};

/// The best of many shifts about a start: a neck or a stripped skull puts the centres of mass centimetres apart.
Candidate shifted(const Level& level, const Transform& transform, const std::vector<double>& start) {
  const size_t offset = transform.parameters() - 3;
  Candidate best;
  for (double up = -75; up <= 75; up += 15)
    for (double forward = -30; forward <= 30; forward += 15) {
      std::vector<double> x = start;
      x[offset + 1] += forward, x[offset + 2] += up;
      const Similarity similarity = level.similarity.at(transform.map_of(x));
      if (similarity.nats * similarity.overlap > best.score) best = {x, similarity.nats * similarity.overlap};
    }
  return best;
}

/// Rigid parameters near enough to climb from. Heads are nodded by tens of degrees; which nod is right shows when every
/// one has been followed to where it leads, with all parameters.
std::vector<double> searched(const Level& level, const Transform& rigid, const std::vector<double>& start,
                             bool affine) {
  constexpr int64_t kIterations = 50;
  Candidate best;
  for (const double nod : {-0.35, 0.0, 0.35}) {
    std::vector<double> x = start;
    x[0] += nod * kReach_mm;
    x = shifted(level, rigid, x).x;
    climb(level, rigid, kIterations, x);
    std::vector<double> led_to = affine ? Transform::affine_from_rigid(x) : x;
    const Transform transform{rigid.centre, affine};
    if (affine) climb(level, transform, kIterations, led_to);
    const Similarity similarity = level.similarity.at(transform.map_of(led_to));
    if (similarity.nats * similarity.overlap > best.score) best = {x, similarity.nats * similarity.overlap};
  }
  return best.x;
}

/// Affine parameters whose map stretches the template along the body before all else.
std::vector<double> stretched(std::vector<double> x, double stretch) {
  for (size_t row = 0; row < 3; ++row) {
    const double one = row == 2 ? kReach_mm : 0;
    x[3 * row + 2] = (x[3 * row + 2] + one) * stretch - one;
  }
  return x;
}

/// The affine map that is reached without a rigid stage, from starts that are stretched along the body as well: the
/// spacing of thick slices may be wrong by a third. The best few of them are followed to the end.
Affine fitted_from_stretches(std::vector<Level>& levels, const Transform& rigid, const std::vector<double>& start,
                             int64_t iterations) {
  constexpr int64_t kIterations = 50;
  constexpr size_t kFollowed = 4;
  const Transform affine{rigid.centre, true};
  const auto better = [](const Candidate& a, const Candidate& b) { return a.score > b.score; };
  std::vector<Candidate> candidates;
  for (const double stretch : {0.6, 0.75, 1.0, 1.3})
    for (const double nod : {-0.35, 0.0, 0.35}) {
      std::vector<double> x = start;
      x[0] += nod * kReach_mm;
      x = shifted(levels.front(), affine, stretched(Transform::affine_from_rigid(x), stretch)).x;
      climb(levels.front(), affine, kIterations, x);
      const Similarity similarity = levels.front().similarity.at(affine.map_of(x));
      candidates.push_back({x, similarity.nats * similarity.overlap});
    }
  std::stable_sort(candidates.begin(), candidates.end(), better);
  candidates.resize(std::min(kFollowed, candidates.size()));
  const MutualInformation& finest = levels.back().similarity;
  for (Candidate& one : candidates) {
    for (Level& level : levels) {
      focus(level, affine.map_of(one.x));
      climb(level, affine, iterations, one.x);
    }
    const Similarity similarity = finest.at(affine.map_of(one.x));
    one.score = similarity.nats * similarity.overlap;
  }
  return affine.map_of(std::min_element(candidates.begin(), candidates.end(), better)->x);
}

/// A map and how well it fits at the finest level.
struct Fit {
  Registration registration;
  double overlap = 0;
};
Fit fit_of(const MutualInformation& finest, const Affine& map, const Affine& start_map) {
  const Similarity reached = finest.at(map);
  return {{map, finest.at(start_map).nats, reached.nats, finest.contrast(map)}, reached.overlap};
}

/// Throws Input where no head could have been moved like this.
void check_plausible(const Affine& map, double overlap) {
  const Point3 scales = spacing_mm(map);
  const auto [least, most] = std::minmax_element(scales.begin(), scales.end());
  if (!(overlap >= kLeastOverlap) || !(*least > 0.5 && *most < 2) || shear_of(map) > 0.5)
    fail_input(
        "it could not be registered to the template: {:.0f} % of the template would lie in the scan, stretched {:.2f} "
        "to {:.2f} times; look whether its orientation and spacing are right and it shows the whole head",
        100 * overlap, *least, *most);
}

void warn_where_doubtful(const Image& scan, const Registration& found) {
  if (found.similarity >= kDoubtfulSimilarity) return;
  warn(
      "'{}' is probably not registered: its similarity to the template is {:.3f} nats ({:.3f} before), heads that fit "
      "reach 0.18 and more; look at it, check its orientation and contrast, and correct its bias field (n4) first",
      scan.path, found.similarity, found.similarity_before);
}

void check(const Image& template_, const Tensor& mask, const RegistrationOptions& options) {
  if (mask.defined() && mask.sizes() != template_.voxels.sizes())
    fail_input("a mask of {} does not lie on a template of {}", shape_text(mask.sizes()),
               shape_text(template_.voxels.sizes()));
  if (!(options.sampled > 0 && options.sampled <= 1) || options.iterations < 1 || !(options.coarsest_mm > 0))
    fail_usage("registration with sampled {}, iterations {}, coarsest_mm {}; sampled is in (0,1], the others above 0",
               options.sampled, options.iterations, options.coarsest_mm);
}

}  // namespace

Registration register_to(const Image& scan, const Image& template_, const Tensor& mask,
                         const RegistrationOptions& options) {
  check(template_, mask, options);
  std::vector<Level> levels = levels_of(scan, template_, mask, options);
  Transform transform{mask.defined() ? centre_of(mask > 0.5, template_.geometry.ras_from_voxel)
                                     : foreground_centre(template_)};
  const Point3 centre = foreground_centre(scan);
  const std::vector<double> start{
      0, 0, 0, centre[0] - transform.centre[0], centre[1] - transform.centre[1], centre[2] - transform.centre[2]};
  std::vector<double> x = searched(levels.front(), transform, start, options.affine);
  const auto climb_all = [&] {
    for (Level& level : levels) {
      focus(level, transform.map_of(x));
      climb(level, transform, options.iterations, x);
    }
  };
  climb_all();
  const Affine start_map = transform.map_of(start);
  if (options.affine) {
    x = Transform::affine_from_rigid(x);
    transform.affine = true;
    climb_all();
  }
  Fit fit = fit_of(levels.back().similarity, transform.map_of(x), start_map);
  if (options.affine && fit.registration.similarity < kDoubtfulSimilarity) {
    levels = levels_of(scan, template_, mask, options, kWithoutScalp);
    const Affine map = fitted_from_stretches(levels, {transform.centre, false}, start, options.iterations);
    const Fit other = fit_of(levels.back().similarity, map, start_map);
    if (other.registration.similarity * other.overlap > fit.registration.similarity * fit.overlap) fit = other;
  }
  const Registration& result = fit.registration;
  check_plausible(result.scan_from_template, fit.overlap);
  warn_where_doubtful(scan, result);
  return result;
}

}  // namespace thor
