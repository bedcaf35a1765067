// SPDX-License-Identifier: Apache-2.0
// Private to this room: sorting frames into a volume.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thor/image/dicom/dicom_instance.h"
#include "thor/image/image.h"

namespace thor {

/// One candidate slice of a volume.
struct StackedFrame {
  std::shared_ptr<const DicomInstance> instance;
  int64_t frame = 0;                             ///< from 0
  std::optional<Point3> assumed = std::nullopt;  ///< assumed position, which replaces that of the header
  const DicomFrame& said() const { return instance->frames[static_cast<size_t>(frame)]; }
  const DicomPlane& plane() const { return said().plane; }
  const Point3& origin() const { return assumed ? *assumed : plane().origin; }
};

/// All images at one position along the normal, ordered by instance and frame number.
struct StackPlace {
  double height = 0;
  std::vector<StackedFrame> images;
};
/// Sorts frames of one orientation by height. Throws Input if two are side by side in one plane.
std::vector<StackPlace> places_of(std::vector<StackedFrame> frames, const Point3& normal);
/// Returns true for at least three equidistant positions on a straight line with equal numbers of images.
bool are_regular(const std::vector<StackPlace>& places);
/// Returns the file and, in a multi-frame file, the frame number from 1, for messages.
std::string name_of(const StackedFrame& frame);

/// Images at equal positions, separated into frames by their attributes.
struct ToldFrames {
  std::vector<std::string> names;  ///< name of each frame, "echo time 5 ms"
  /// For each frame one image per position; an image without instance if it is missing.
  std::vector<std::vector<StackedFrame>> images;
  int64_t places_of_frame(size_t frame) const;
};
/// Separates frames by attributes that are equal in all images of a frame (echo time, time point, ...); none if they do
/// not distinguish the images. Throws Input if two attributes contradict each other.
std::optional<ToldFrames> told_by_values(const std::vector<StackPlace>& places);
/// Separates frames by times and numbers that increase from frame to frame; none if there is no such order.
std::optional<ToldFrames> told_by_order(const std::vector<StackPlace>& places);

/// Slices in the order of the z axis, which is the normal of the planes, with their geometry.
struct DicomStack {
  std::vector<StackedFrame> slices;
  Affine ras_from_voxel;
};

/// Sorts frames of one orientation and size by position, independent of their numbers. Copies of a slice are ignored.
/// Several images at every position are separated by their attributes, and `choice.frame` selects one. Images with only
/// a Slice Location are placed by it, with a warning. Gantry tilt and steps that vary by 1 to 10 % give warnings.
/// Throws Input for missing slices, contradictory copies, and indistinguishable images at one position; Unsupported for
/// several frames if none is chosen, and for several images without position.
DicomStack stack_of(std::vector<StackedFrame> frames, const ScanChoice& choice);

/// Decodes a stack into one image with the sources of its slices, and warns about irregularities.
Image read_stack(const DicomStack& stack);

}  // namespace thor
