// SPDX-License-Identifier: Apache-2.0
// Private to this room: from frames in any order to a volume.
#pragma once
#include <memory>
#include <vector>

#include "thor/image/dicom_instance.h"
#include "thor/image/image.h"

namespace thor {

/// One slice that a volume may be made of.
struct StackedFrame {
  std::shared_ptr<const DicomInstance> instance;
  int64_t frame = 0;  ///< from 0
  const DicomPlane& plane() const { return instance->frames[static_cast<size_t>(frame)].plane; }
};

/// Slices in the order of the z axis, which runs along the normal of the planes, and where they lie.
struct DicomStack {
  std::vector<StackedFrame> slices;
  Affine ras_from_voxel;
};

/// Sorts frames of one orientation and size by where they lie, not by their numbers. Copies of a slice are passed over;
/// several images at every place are told apart by `choice.frame`. Gantry tilt and steps that vary by 1 to 10 % are
/// warned about. Throws Input: missing slices, contradicting copies, several frames that are not placed; Unsupported:
/// several images at every place and none chosen.
DicomStack stack_of(std::vector<StackedFrame> frames, const ScanChoice& choice);

/// Decodes a stack into one image, with the files that its slices came from.
Image read_stack(const DicomStack& stack);

}  // namespace thor
