// SPDX-License-Identifier: Apache-2.0
// One call of the network.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include "bench/cases.h"
#include "bench/measure.h"
#include "bench/work.h"

namespace thor::bench {
namespace {

struct StepCase {
  std::string network, precision;
  int64_t batch, size;
};

std::string name_of(const StepCase& c) {
  return fmt::format("step/{}/b{}/s{}/{}", c.network, c.batch, c.size, c.precision);
}

/// float32 may differ by rounding; bfloat16 keeps 8 bits through some sixty layers of random weights.
double tolerance_of(const StepCase& c) { return c.precision == "fp32" ? 1e-3 : 0.2; }

Checked step(World& world, const StepCase& c) {
  const at::NoGradGuard no_grad;
  const Network& network = world.network(c.network, c.precision);
  const Tensor x = world.images(c.size, c.batch);
  const Tensor expected = world.answer(fmt::format("{}.{}", c.network, c.size));
  const Tensor repeated = expected.repeat({(c.batch + 1) / 2, 1, 1, 1}).narrow(0, 0, c.batch);
  const double error = agreement(network.forward(x, kStep), repeated, tolerance_of(c));
  const auto run = [&network, x] {
    const at::NoGradGuard in_inference;
    network.forward(x, kStep);
  };
  return {run, work_of(network_config(c.network), c.batch, c.size).operations(), error};
}

}  // namespace

void step_cases(World& world) {
  for (const std::string network : {"paper", "small"})
    for (const std::string precision : {"fp32", "bf16"}) {
      std::vector<StepCase> cases;
      for (int64_t batch : {1, 2, 4, 8, 16}) cases.push_back({network, precision, batch, 128});
      for (int64_t size : {64, 256}) cases.push_back({network, precision, 1, size});
      for (const StepCase& c : cases) measure(name_of(c), [&world, c] { return step(world, c); });
    }
}

}  // namespace thor::bench
