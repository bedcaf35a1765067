// SPDX-License-Identifier: Apache-2.0
// Private to this room: from frames in any order to a volume.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thor/image/dicom/dicom_instance.h"
#include "thor/image/image.h"

namespace thor {

/// One slice that a volume may be made of.
struct StackedFrame {
  std::shared_ptr<const DicomInstance> instance;
  int64_t frame = 0;                             ///< from 0
  std::optional<Point3> assumed = std::nullopt;  ///< where it lies, in place of what its header says
  const DicomFrame& said() const { return instance->frames[static_cast<size_t>(frame)]; }
  const DicomPlane& plane() const { return said().plane; }
  const Point3& origin() const { return assumed ? *assumed : plane().origin; }
};

/// All images at one place along the normal, by instance and frame number.
struct StackPlace {
  double height = 0;
  std::vector<StackedFrame> images;
};
/// Sorts frames of one orientation by height. Throws Input where two lie side by side in one plane.
std::vector<StackPlace> places_of(std::vector<StackedFrame> frames, const Point3& normal);
/// True for at least three places in even steps on a straight line, each with equally many images.
bool are_regular(const std::vector<StackPlace>& places);
/// Its file and, in a file of several, its frame from 1; for messages.
std::string name_of(const StackedFrame& frame);

/// Images at the same places told apart by what they say of themselves.
struct ToldFrames {
  std::vector<std::string> names;  ///< of each frame, "echo time 5 ms"
  /// Of each frame an image for each place; an image of no instance where there is none.
  std::vector<std::vector<StackedFrame>> images;
  int64_t places_of_frame(size_t frame) const;
};
/// By echo times, time points and the like, which are the same in all images of a frame; none where they do not tell.
/// Throws Input where two of them tell differently.
std::optional<ToldFrames> told_by_values(const std::vector<StackPlace>& places);
/// By times and numbers that grow from frame to frame; none where there is no such order.
std::optional<ToldFrames> told_by_order(const std::vector<StackPlace>& places);

/// Slices in the order of the z axis, which runs along the normal of the planes, and where they lie.
struct DicomStack {
  std::vector<StackedFrame> slices;
  Affine ras_from_voxel;
};

/// Sorts frames of one orientation and size by where they lie, not by their numbers. Copies of a slice are passed over;
/// several images at every place are told apart by what they say of themselves, and `choice.frame` chooses. Images that
/// say a Slice Location only are placed by it, with a warning. Gantry tilt and steps that vary by 1 to 10 % are warned
/// about. Throws Input: missing slices, contradicting copies, several images at one place that nothing tells apart;
/// Unsupported: several frames and none chosen, several images that are not placed.
DicomStack stack_of(std::vector<StackedFrame> frames, const ScanChoice& choice);

/// Decodes a stack into one image, with the files that its slices came from; warns about what in them is not as it
/// should be.
Image read_stack(const DicomStack& stack);

}  // namespace thor
