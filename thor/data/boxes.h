// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/tensor.h"

namespace thor {

/// A labelled rectangle on an image's grid. Coordinates count pixels from the outer edge of the first one, so that a
/// box from 0 to the width covers every column; a pixel belongs to the box that holds its centre.
struct Box {
  double x_min = 0, y_min = 0, x_max = 0, y_max = 0;
  std::string label;  ///< never empty: "unlabelled" where the table says nothing
};

/// The boxes of one image; an image without boxes is healthy.
struct BoxedImage {
  std::string image;              ///< path of the image, or of its annotation, which has its stem
  std::string name;               ///< name of the case in results, as written in the table
  int64_t height = 0, width = 0;  ///< image size according to the table, 0 if not stated
  std::vector<Box> boxes;
};

/// A remark about one image of a table.
struct BoxRemark {
  std::string name, text;
};

struct BoxTable {
  std::vector<BoxedImage> images;
  std::vector<BoxRemark> refused;  ///< excluded images, e.g. because of an inverted box
  std::vector<BoxRemark> notes;    ///< remarks about used images, e.g. an annotation without boxes
};

/// Reads the boxes of many images, in native pixels. `path` is a CSV (columns image,xmin,ymin,xmax,ymax[,label], one
/// row per box, a row without coordinates is a healthy image), a Pascal VOC annotation NAME.xml, or a folder of those;
/// an annotation belongs to the image with its stem. An image with an empty, inverted or unreadable box is excluded,
/// and the others are read. Throws Input if no image is usable or the CSV is not such a table.
BoxTable read_boxes(const std::string& path);

/// Parses one Pascal VOC annotation; `stem` names the image. Throws Input for text that is not XML or no annotation, a
/// document type, elements nested deeper than in annotations, a coordinate that is not a number, and an empty or
/// inverted box.
BoxedImage parse_voc(const std::string& xml, const std::string& stem);

/// Throws Input if a box is empty, inverted or beyond the largest image.
void check_box(const Box& box);

/// Clips the boxes to their image and adds a remark to `notes` for each clipped box. Throws Input for a box entirely
/// outside the image and for an image whose size differs from the table.
std::vector<Box> fit_boxes(const BoxedImage& image, int64_t height, int64_t width, std::vector<BoxRemark>& notes);

/// Transforms a box of an image of this size by the padding and resizing of `preprocess`.
Box box_on_network_grid(const Box& native, int64_t height, int64_t width, int64_t size);

/// Rasterizes the union of the boxes. Every box marks at least the pixel that contains its centre. -> bool
/// [height,width]
Tensor box_mask(const std::vector<Box>& boxes, int64_t height, int64_t width);

}  // namespace thor
