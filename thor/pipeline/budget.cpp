// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/budget.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>

#include "thor/base/error.h"
#include "thor/base/run_context.h"
#include "thor/pipeline/detector_choice.h"

namespace thor {
namespace {

constexpr int64_t kGpuBatches[] = {8, 32, 128};

/// A model in one precision, and what a call of its network costs an image in the best batch.
struct Timed {
  Pipeline pipeline;
  int64_t batch;
  double call;
};

Pipeline pipeline_in(const Model& model, const std::string& detector, Precision precision, RunConfig run) {
  run.precision = precision;
  return Pipeline(model, choose_detector(model, detector, {}).detector, run);
}

Timed timed(Pipeline pipeline, int64_t batch) {
  if (pipeline.device() == "cpu") {
    const double call = pipeline.seconds_of_call(1);
    return {std::move(pipeline), batch, call};
  }
  Timed best{std::move(pipeline), 1, 0};
  best.call = best.pipeline.seconds_of_call(1);
  for (const int64_t images : kGpuBatches) try {
      const double call = best.pipeline.seconds_of_call(images);
      if (call >= best.call) break;
      best.batch = images;
      best.call = call;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Unsupported) throw;
      break;  // does not fit into the device's memory
    }
  return best;
}

std::string seconds_text(double seconds) {
  return seconds < 1 ? fmt::format("{:.0f} ms", std::ceil(1000 * seconds)) : fmt::format("{:.3g} s", seconds);
}

/// Takes the speeds one after the other through both precisions.
struct BudgetSearch {
  const Model& model;
  const BudgetRequest& request;
  const RunConfig& run;
  std::map<Precision, Timed> in_precision;
  BudgetChoice cheapest;

  Timed& network(const std::string& detector, Precision precision) {
    const auto known = in_precision.find(precision);
    if (known != in_precision.end()) return known->second;
    Timed measured = timed(pipeline_in(model, detector, precision, run), run.batch);
    return in_precision.emplace(precision, std::move(measured)).first->second;
  }

  /// What a speed takes; the rest is measured only where the calls alone leave time for it.
  std::optional<BudgetChoice> tried(const std::string& speed, Precision precision) {
    std::vector<std::string> sets = request.sets;
    sets.push_back("detector.speed=" + speed);
    DetectorChoice choice = choose_detector(model, request.detector, sets);
    const Timed& with = network(choice.name, precision);
    const Pipeline pipeline = with.pipeline.with_detector(std::move(choice.detector));
    const auto calls = static_cast<double>(pipeline.network_calls());
    BudgetChoice one{speed, precision, with.batch, calls * with.call, {}};
    if (one.seconds > request.seconds && !cheapest.speed.empty() && one.seconds > cheapest.seconds) return {};
    one.seconds += pipeline.seconds_beside_network();
    one.reason = fmt::format("{} in {}: {} network calls of {} and {} for the rest are {} an image", speed,
                             name_of(precision), calls, seconds_text(with.call),
                             seconds_text(one.seconds - calls * with.call), seconds_text(one.seconds));
    if (cheapest.speed.empty() || one.seconds < cheapest.seconds) cheapest = one;
    return one;
  }
};

}  // namespace

double parse_duration(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const std::string unit = end;
  const double factor = unit == "ms" ? 1e-3 : unit == "s" ? 1 : unit == "m" ? 60 : 0;
  if (end == text.c_str() || factor == 0 || !std::isfinite(number) || !(number > 0))
    fail_usage("the time '{}' cannot be read, expected a number and ms, s or m: 500ms, 10s, 2m", text);
  return number * factor;
}

BudgetChoice fit_budget(const Model& model, const BudgetRequest& request, const RunConfig& run) {
  const RunScope scope(run.context);
  for (const std::string& set : request.sets)
    if (set.rfind("detector.speed=", 0) == 0)
      fail_usage("a budget chooses the speed, and `{}` does too; give one of them", set);
  const std::string detector = choose_detector(model, request.detector, {}).name;
  std::vector<Precision> precisions{Precision::Fp32, Precision::Bf16};
  if (run.precision == Precision::Bf16) precisions = {Precision::Bf16};

  BudgetSearch search{model, request, run, {}, {}};
  for (const DetectorSpeed& speed : detector_row(detector).speeds)
    for (const Precision precision : precisions)
      if (const auto one = search.tried(speed.name, precision); one && one->seconds <= request.seconds) return *one;
  fail_usage("a budget of {} an image is too small for {} on this machine; the cheapest setting takes more: {}",
             seconds_text(request.seconds), detector, search.cheapest.reason);
}

}  // namespace thor
