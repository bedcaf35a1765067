// SPDX-License-Identifier: Apache-2.0
#include "thor/report/markup.h"

#include <fmt/format.h>

#include "thor/base/utf8.h"

namespace thor {
namespace {

std::string base64(const std::string& bytes) {
  static const char* const kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) group = group << 8 | (i + j < bytes.size() ? static_cast<uint8_t>(bytes[i + j]) : 0);
    for (size_t j = 0; j < 4; ++j) out += i + j <= bytes.size() ? kDigits[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

}  // namespace

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : utf8_text(text)) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  return out;
}

std::string shortened(const std::string& name, size_t most) {
  if (name.size() <= most) return name;
  size_t end = most - 1;
  while (end > 0 && (name[end] & 0xc0) == 0x80) --end;  // never through a UTF-8 character
  return name.substr(0, end) + "…";
}

std::string embedded(const std::string& png) { return "data:image/png;base64," + base64(png); }

std::string svg_text(const SvgText& place, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", place.x, place.y,
                     place.anchor, place.more, escaped(text));
}

std::string svg_opened(const std::string& title, double width, double height) {
  return fmt::format(
             "<svg class=\"chart\" viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\" aria-label=\"{2}\" font-size=\"12\" "
             "fill=\"#1b2230\">\n<rect width=\"{0:.0f}\" height=\"{1:.0f}\" fill=\"#ffffff\"/>\n",
             width, height, escaped(title)) +
         svg_text({width / 2, 20, "middle", "font-size=\"14\" font-weight=\"600\""}, title);
}

}  // namespace thor
