// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/eval/evaluation.h"
#include "thor/image/image.h"
#include "thor/results/map_folder.h"

namespace thor {

/// Which voxels of a scan's grid lie in slices that the network saw, as the sidecar of its map says: examined, and not
/// blank. -> bool [D,H,W]; undefined where the sidecar does not say. Throws Input where it cannot be understood.
Tensor examined_voxels(const MapEntry& entry, const Grid& scan);

/// Millilitres of one voxel.
double voxel_ml(const Affine& ras_from_voxel);

/// Fills in the map of a volume and its truth (float32 [D,H,W] on the map's grid), cut to the smallest box around the
/// examined voxels, and how large the lesion is. Where the sidecar does not say what was examined all voxels count, and
/// the note says so.
void compare_volume(const Image& map, const Tensor& truth, const MapEntry& entry, ScoredCase& one);

}  // namespace thor
