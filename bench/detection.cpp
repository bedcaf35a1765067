// SPDX-License-Identifier: Apache-2.0
// Whole slices, from the image on the network's grid to the map.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include "bench/cases.h"
#include "bench/measure.h"
#include "thor/image/image.h"
#include "thor/pipeline/detector_choice.h"

namespace thor::bench {
namespace {

struct DetectionCase {
  std::string name, network, detector;
  std::vector<std::string> sets;
};

/// Full chains of the paper's network take minutes: the page estimates them from a step.
const std::vector<DetectionCase> kCases{
    {"thor/small/c351", "small", "thor", {"detector.speed=full"}},
    {"ddpm/small/c351", "small", "ddpm", {"detector.speed=full"}},
    {"fast/small/seeds1", "small", "thor", {"detector.speed=fastest"}},
    {"fast/small/seeds4", "small", "thor", {"detector.speed=fast"}},
    {"fast/paper/seeds1", "paper", "thor", {"detector.speed=fastest"}},
    {"fast/paper/seeds4", "paper", "thor", {"detector.speed=fast"}},
};

Pipeline pipeline_of(World& world, const DetectionCase& c, const std::string& precision) {
  const Model& model = world.model(c.network);
  DetectorChoice choice = choose_detector(model, c.detector, c.sets);
  RunConfig run;
  run.device = "cpu";
  run.precision = value_called<thor::Precision>(precision).value();
  return Pipeline(model, std::move(choice.detector), run);
}

/// A run as long as a chain cannot be done twice; its answer is checked while it is timed.
void examine(const Pipeline& pipeline, const Images& images) {
  int64_t calls = 0;
  const Detection found = pipeline.detect(images, [&](int64_t count) { calls += count; });
  accepted(std::abs(static_cast<double>(calls - pipeline.network_calls())), 0);
  accepted(found.map.amax().item<double>(), 1e6);
}

Checked detection(World& world, const DetectionCase& c, const std::string& precision) {
  const auto pipeline = std::make_shared<Pipeline>(pipeline_of(world, c, precision));
  const Images images{world.head(), {ImageKey{1, 0}}};
  pipeline_of(world, {c.name, c.network, c.detector, {"detector.start_step=2"}}, precision).detect(images);
  Checked checked;
  checked.run = [pipeline, images] { examine(*pipeline, images); };
  return checked;
}

}  // namespace

void detection_cases(World& world) {
  for (const DetectionCase& c : kCases)
    for (const std::string precision : {"fp32", "bf16"})
      measure(c.name + "/" + precision, [&world, c, precision] { return detection(world, c, precision); });
}

}  // namespace thor::bench
