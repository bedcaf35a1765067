// SPDX-License-Identifier: Apache-2.0
#include "bench/measure.h"

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include <optional>

#include "thor/base/error.h"

namespace thor::bench {
namespace {

void count(benchmark::State& state, const Checked& checked) {
  if (checked.operations > 0) {
    state.counters["operations"] = checked.operations;
    state.counters["FLOPS"] = benchmark::Counter(checked.operations, benchmark::Counter::kIsIterationInvariantRate);
  }
  if (!std::isnan(checked.error)) state.counters["error"] = checked.error;
}

}  // namespace

void measure(const std::string& name, std::function<Checked()> make) {
  const auto checked = std::make_shared<std::optional<Checked>>();
  const auto body = [checked, make = std::move(make)](benchmark::State& state) {
    try {
      if (!*checked) *checked = make();
      for (auto _ : state) (*checked)->run();
      count(state, **checked);
    } catch (const Error& error) {
      state.SkipWithError(error.what());
    }
  };
  benchmark::RegisterBenchmark(name.c_str(), body)
      ->UseRealTime()
      ->MeasureProcessCPUTime()
      ->Unit(benchmark::kMillisecond);
}

double accepted(double error, double tolerance) {
  if (!(error <= tolerance))
    fail_input("the answer is off by {:.3g}, at most {:.3g} is accepted: not timed", error, tolerance);
  return error;
}

double agreement(const Tensor& found, const Tensor& expected, double tolerance) {
  const Tensor exact = expected.to(at::kDouble);
  return accepted(((found.to(at::kDouble) - exact).abs().max() / exact.std()).item<double>(), tolerance);
}

}  // namespace thor::bench
