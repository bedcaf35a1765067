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

/// The boxes of one image; none = healthy.
struct BoxedImage {
  std::string image;              ///< path of the image, or of its annotation, which has its stem
  std::string name;               ///< as written: how results name the case
  int64_t height = 0, width = 0;  ///< of the image as the table states it, 0 where it does not
  std::vector<Box> boxes;
};

/// Something to be told about one image of a table.
struct BoxRemark {
  std::string name, text;
};

struct BoxTable {
  std::vector<BoxedImage> images;
  std::vector<BoxRemark> refused;  ///< images left out whole, e.g. for an inverted box
  std::vector<BoxRemark> notes;    ///< about images that are used, e.g. an annotation without any box
};

/// Reads the boxes of many images, in native pixels. `path` is
/// a CSV (columns image,xmin,ymin,xmax,ymax[,label], one row per box, a row without coordinates is a healthy image),
/// a Pascal VOC annotation NAME.xml, or a folder of those; an annotation belongs to the image with its stem.
/// Throws Input: no usable image in it, a CSV that is not such a table. An image with an empty, inverted or unreadable
/// box is refused, not the table.
BoxTable read_boxes(const std::string& path);

/// One Pascal VOC annotation; `stem` names the image. Throws Input: not XML, a document type, elements nested deeper
/// than annotations have, no annotation, a coordinate that is not a number, an empty or inverted box.
BoxedImage parse_voc(const std::string& xml, const std::string& stem);

/// Throws Input where a box is empty, inverted or has coordinates beyond any image.
void check_box(const Box& box);

/// The boxes, cut to their image; what had to be cut is added to `notes`. Throws Input: a box wholly outside the image,
/// an image of another size than the table states.
std::vector<Box> fit_boxes(const BoxedImage& image, int64_t height, int64_t width, std::vector<BoxRemark>& notes);

/// A box of an image of this size after the padding and resizing of `preprocess`.
Box box_on_network_grid(const Box& native, int64_t height, int64_t width, int64_t size);

/// 1 in the union of the boxes; even the smallest box keeps the pixel that holds its centre. -> bool [height,width]
Tensor box_mask(const std::vector<Box>& boxes, int64_t height, int64_t width);

}  // namespace thor
