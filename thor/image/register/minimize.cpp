// SPDX-License-Identifier: Apache-2.0
#include "thor/image/register/minimize.h"

#include <algorithm>
#include <cmath>

namespace thor {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
double length(const Vector& a) { return std::sqrt(dot(a, a)); }
Vector plus(const Vector& a, double factor, const Vector& b) {
  Vector sum = a;
  for (size_t i = 0; i < a.size(); ++i) sum[i] += factor * b[i];
  return sum;
}

/// An estimate of the inverse of the second derivatives.
class InverseHessian {
 public:
  explicit InverseHessian(size_t size) : size_(size), entries_(size * size, 0) {}

  /// `factor` times the identity.
  void reset(double factor) {
    std::fill(entries_.begin(), entries_.end(), 0);
    for (size_t i = 0; i < size_; ++i) entries_[i * size_ + i] = factor;
    fresh_ = true;
  }
  Vector times(const Vector& v, double factor = 1) const {
    Vector product(size_, 0);
    for (size_t i = 0; i < size_; ++i)
      for (size_t j = 0; j < size_; ++j) product[i] += factor * entries_[i * size_ + j] * v[j];
    return product;
  }
  /// What a step and the change of the gradient along it say.
  void learn(const Vector& step, const Vector& change) {
    const double curvature = dot(step, change);
    if (curvature <= 1e-12 * length(step) * length(change)) return;
    if (fresh_) reset(curvature / dot(change, change));
    const Vector moved = times(change);
    const double stretch = (1 + dot(change, moved) / curvature) / curvature;
    for (size_t i = 0; i < size_; ++i)
      for (size_t j = 0; j < size_; ++j)
        entries_[i * size_ + j] += stretch * step[i] * step[j] - (moved[i] * step[j] + step[i] * moved[j]) / curvature;
    fresh_ = false;
  }
  /// It has learnt nothing since it was reset.
  bool fresh() const { return fresh_; }

 private:
  size_t size_;
  Vector entries_;
  bool fresh_ = true;
};

/// A point with what the function is there.
struct Point {
  Vector x;
  double value = 0;
  Vector gradient;
};

Point evaluated(const Objective& objective, Vector x) {
  Point point{std::move(x), 0, {}};
  point.gradient.resize(point.x.size());
  point.value = objective(point.x, point.gradient);
  return point;
}

/// The first of ever shorter steps downhill that gains enough; the same point where none does.
Point descended(const Objective& objective, const Point& from, const Vector& direction,
                const MinimizeOptions& options) {
  constexpr double kEnough = 1e-4;
  const double slope = dot(direction, from.gradient), whole = length(direction);
  if (!(slope < 0)) return from;
  for (double factor = std::min(1.0, options.longest_step / whole); factor * whole >= options.shortest_step / 8;
       factor /= 2) {
    Point next = evaluated(objective, plus(from.x, factor, direction));
    if (next.value <= from.value + kEnough * factor * slope) return next;
  }
  return from;
}

}  // namespace

double minimize(const Objective& objective, std::vector<double>& x, const MinimizeOptions& options) {
  Point best = evaluated(objective, x);
  InverseHessian hessian(x.size());
  const auto start_over = [&] { hessian.reset(options.longest_step / std::max(length(best.gradient), 1e-300)); };
  start_over();
  for (int64_t iteration = 0; iteration < options.iterations; ++iteration) {
    const Point next = descended(objective, best, hessian.times(best.gradient, -1), options);
    const Vector step = plus(next.x, -1, best.x);
    const bool was_fresh = hessian.fresh();
    hessian.learn(step, plus(next.gradient, -1, best.gradient));
    best = next;
    if (length(step) >= options.shortest_step) continue;
    if (was_fresh) break;
    start_over();
  }
  x = best.x;
  return best.value;
}

}  // namespace thor
