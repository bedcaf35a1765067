// SPDX-License-Identifier: Apache-2.0
// Pascal VOC annotations (Everingham et al., IJCV 2010): annotation > object > {name, bndbox > xmin, ymin, xmax, ymax}.
#include <cmath>
#include <pugixml.hpp>

#include "thor/base/error.h"
#include "thor/data/box_cells.h"
#include "thor/data/boxes.h"

namespace thor {
namespace {

constexpr int kMaxDepth = 8;  // an annotation has 4

struct DepthCheck : pugi::xml_tree_walker {
  bool for_each(pugi::xml_node&) override { return depth() < kMaxDepth; }
};

/// The parsed document; only what an annotation may hold.
void parse(const std::string& xml, pugi::xml_document& document) {
  const auto result =
      document.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_trim_pcdata | pugi::parse_doctype);
  if (!result) fail_input("it is not valid XML at byte {}: {}", result.offset, result.description());
  for (const pugi::xml_node node : document)
    if (node.type() == pugi::node_doctype)
      fail_input("it has a document type, which annotations do without; remove the DOCTYPE");
  DepthCheck check;
  if (!document.traverse(check)) fail_input("its elements are nested deeper than {}", kMaxDepth);
}

double coordinate(const pugi::xml_node& box, const char* name) { return box_number(name, box.child_value(name)); }

/// A side of the image, 0 where the annotation leaves it out.
int64_t side(const pugi::xml_node& annotation, const char* name) {
  const std::string text = annotation.child("size").child_value(name);
  const double pixels = text.empty() ? 0 : box_number(name, text);
  if (pixels < 0 || pixels != std::floor(pixels)) fail_input("its {} is '{}', expected whole pixels", name, text);
  return static_cast<int64_t>(pixels);
}

}  // namespace

BoxedImage parse_voc(const std::string& xml, const std::string& stem) {
  pugi::xml_document document;
  parse(xml, document);
  const pugi::xml_node annotation = document.child("annotation");
  if (!annotation) fail_input("it holds no <annotation>; expected a Pascal VOC annotation");
  BoxedImage image;
  image.image = image.name = stem;
  image.width = side(annotation, "width");
  image.height = side(annotation, "height");
  for (const pugi::xml_node object : annotation.children("object")) {
    const pugi::xml_node edges = object.child("bndbox");
    if (!edges) fail_input("object '{}' has no <bndbox>", object.child_value("name"));
    Box box{coordinate(edges, "xmin"), coordinate(edges, "ymin"), coordinate(edges, "xmax"), coordinate(edges, "ymax"),
            box_label(object.child_value("name"))};
    check_box(box);
    image.boxes.push_back(std::move(box));
  }
  return image;
}

}  // namespace thor
