// SPDX-License-Identifier: Apache-2.0
// What a model finds in a scan, in memory: its score, the lesions, and where the map is largest.
//   detect_volume brain-t1-axial scan.nii.gz
#include <ATen/ATen.h>

#include <cstdio>

#include "thor/base/error.h"
#include "thor/pipeline/detector_choice.h"
#include "thor/pipeline/examine.h"

int main(int argc, char** argv) try {
  if (argc != 3) return std::fprintf(stderr, "usage: detect_volume MODEL SCAN\n"), 2;
  const thor::Model model = thor::load_model(argv[1]);
  thor::DetectorChoice choice = thor::choose_detector(model, "", {});  // the one that the model recommends
  const thor::Pipeline pipeline(model, std::move(choice.detector), {});
  thor::FindingOptions options;
  options.calibration = thor::find_calibration(model, {choice.name, choice.config, pipeline.perceptual()});

  const thor::Finding found = thor::examine(pipeline, thor::read_scan(argv[2]), options);

  std::printf("score %.4g, largest map value %.4g\n", found.score, found.map.max().item<double>());
  if (found.p_value) std::printf("p = %.3g\n", *found.p_value);
  if (!found.check.passed()) std::printf("%s\n", thor::describe(found.check).c_str());
  for (const thor::Lesion& lesion : found.lesions)
    std::printf("%.2f ml at (%.0f, %.0f, %.0f) mm\n", lesion.ml, lesion.centre_mm[0], lesion.centre_mm[1],
                lesion.centre_mm[2]);
  return 0;
} catch (const thor::Error& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 1;
}
