// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace thor {

/// Text as it may stand in HTML or SVG, in attributes too; bytes that are no UTF-8 as `utf8_text` writes them.
std::string escaped(const std::string& text);

/// At most so many bytes of UTF-8 text; what is cut off is replaced by an ellipsis. `most` > 0.
std::string shortened(const std::string& text, size_t most);

/// The bytes of a PNG as an address, for the source of a picture.
std::string embedded(const std::string& png);

/// A line of text in an SVG drawing, in pixels.
struct SvgText {
  double x = 0, y = 0;
  const char* anchor = "middle";  ///< start | middle | end
  std::string more = {};          ///< other attributes, as they stand
};
std::string svg_text(const SvgText& place, const std::string& text);

/// The beginning of a drawing of this size with its title at the top; "</svg>" ends it.
std::string svg_opened(const std::string& title, double width, double height);

}  // namespace thor
