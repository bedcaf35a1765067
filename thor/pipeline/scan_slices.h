// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <vector>

#include "thor/image/image.h"
#include "thor/pipeline/model.h"
#include "thor/pipeline/open_slice.h"

namespace thor {

/// A scan as the network sees it.
struct ScanSlices {
  std::vector<OpenSlice> slices;  ///< a picture's one; of a volume, `unit` and `key` of those that show something
  nlohmann::json record;  ///< what the model's steps measured in a volume (PreparedVolume::record); null: a picture
};

/// Takes a scan the way `detect` takes it: a picture or single slice through `preprocess`, a volume through the model's
/// steps; of it the slices that the model examines and that are not blank. Throws Input and Unsupported as the readers
/// and the steps do, and where a volume shows nothing in the slices examined.
ScanSlices slices_of_scan(const CaseInput& input, const Model& model, Image scan);
ScanSlices slices_of_scan(const CaseInput& input, const Model& model);

/// True where fewer than one pixel in a hundred of a slice [H,W] is brighter than the volume's black by 5 % of its
/// window: nothing to see.
bool is_blank_slice(const Tensor& slice, const Window& window);

/// Throws Input where a volume was probably not registered, or shows another contrast than the template
/// (`check_registration`): its slices are then not of the kind that the network was trained on.
void check_registered(const ScanSlices& scan, const CaseInput& input);

}  // namespace thor
