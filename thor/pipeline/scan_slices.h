// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/json_text.h"
#include "thor/data/case_list.h"
#include "thor/image/image.h"
#include "thor/pipeline/model.h"
#include "thor/pipeline/slice_queue.h"

namespace thor {

/// A scan as the network sees it.
struct ScanSlices {
  std::vector<NetworkSlice> slices;  ///< a picture's one; of a volume, those that show something
  bool withheld = false;             ///< it is of another kind (scan_check.h); looks are compared elsewhere
  JsonText record;                   ///< what the model's steps measured in a volume; null of a single slice
};

/// Takes a scan the way `examine` takes it (`open_exam`), and gives the slices that the network would see. Throws Input
/// and Unsupported as the readers and the steps do, and where a volume shows nothing in the slices examined.
ScanSlices slices_of_scan(const CaseInput& input, const Model& model, Image scan);
ScanSlices slices_of_scan(const CaseInput& input, const Model& model);

/// Throws Input where a volume was probably not registered, or shows another contrast than the template
/// (`check_registration`): its slices are then not of the kind that the network was trained on.
void check_registered(const ScanSlices& scan, const CaseInput& input);

}  // namespace thor
