// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/image/image.h"

namespace thor {

/// Templates by the name that steps call them; what a model keeps of them, so that detection needs no other file.
using Templates = std::map<std::string, Image>;

/// A scan at the end of its chain, and the way back.
struct ChainedVolume {
  Image volume;              ///< on the grid of the last step; axial slices along z
  Affine native_from_chain;  ///< RAS mm of the chain's space -> RAS mm of the native scan; identity unless registered
  Grid native;               ///< the scan's own grid
  Geometry native_geometry;  ///< as its file said it
  std::optional<Affine> template_from_native;  ///< RAS mm -> RAS mm of the template, where it was registered
  nlohmann::json record;                       ///< a list: each step, its parameters, what it measured, seconds
};

/// Takes a native scan through the named steps, in order. Each item of `steps` is a mapping with `step: NAME` and that
/// step's parameters. Throws Usage: an unknown step or parameter, a template that is not there; Input as the steps do.
ChainedVolume run_chain(const std::vector<YamlText>& steps, const Templates& templates, const Image& scan);

/// Reads the template files that the steps name (`template: PATH`), by those names. Throws Input.
Templates load_templates(const std::vector<YamlText>& steps);

/// Values on the chain's grid brought to the native one: float32 [D,H,W]. A chain grid thinner than a native slice
/// still reaches the native slice it lies in (each chain slice stands for at least half a native slice on either side).
Tensor to_native_scan(const ChainedVolume& chained, const Tensor& voxels, bool mask);

/// Index of the slice nearest to a height in the chain's space, mm RAS; nothing where that is outside the volume.
std::optional<int64_t> slice_at(const ChainedVolume& chained, double z_mm);

}  // namespace thor
