// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "thor/report/page.h"

namespace thor {

/// What all parts of the demo are told.
struct DemoOptions {
  std::string output, config = "configs/phantom.yaml", device = "auto";
  std::vector<std::string> sets;
  uint64_t seed = 0;
};

/// What the model that ships finds in the brains that ship beside it: detects them into OUT/maps-brains. `folders` are
/// where models are found by name (model_place.h). Nothing, and one line in the log, where model or brains are absent.
/// Throws Interrupted.
std::optional<PageSection> demo_brains(const DemoOptions& options, const std::vector<std::string>& folders);

/// The whole way on phantoms: makes them, trains a small model, lets THOR and DDPM look for the lesions. Throws
/// Interrupted.
PageSection demo_phantoms(const DemoOptions& options);

}  // namespace thor
