// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/data/box_cells.h"
#include "thor/data/boxes.h"
#include "thor/data/csv.h"
#include "thor/data/split.h"

namespace fs = std::filesystem;

namespace thor {
namespace {

constexpr uint64_t kMaxBoxTable = 64u << 20, kMaxAnnotation = 1u << 20;
constexpr size_t kMaxLabel = 64;

/// What one row of the table says.
struct BoxRow {
  int64_t line;
  std::string image, label;
  std::array<std::string, 4> edges;  ///< xmin, ymin, xmax, ymax

  bool without_box() const {
    return label.empty() && std::all_of(edges.begin(), edges.end(), [](const auto& edge) { return edge.empty(); });
  }
};

constexpr std::array<const char*, 4> kEdges{"xmin", "ymin", "xmax", "ymax"};

std::vector<BoxRow> box_rows(const std::vector<CsvRecord>& records) {
  if (records.size() < 2) fail_input("expected a header image,xmin,ymin,xmax,ymax,label and one row per box");
  const CsvRecord& header = records[0];
  const size_t label = find_column(header, "label");
  std::array<size_t, 5> places{find_column(header, "image")};
  if (places[0] == kNoColumn) places[0] = find_column(header, "filename");
  for (size_t i = 0; i < kEdges.size(); ++i) places[i + 1] = find_column(header, kEdges[i]);
  if (std::find(places.begin(), places.end(), kNoColumn) != places.end())
    fail_input("a table of boxes has the columns image,xmin,ymin,xmax,ymax,label; columns found: {}",
               fmt::join(header.cells, ", "));
  std::vector<BoxRow> rows;
  for (size_t i = 1; i < records.size(); ++i) {
    const auto cell = [&](size_t place) {
      return place < records[i].cells.size() ? records[i].cells[place] : std::string();
    };
    rows.push_back({records[i].line,
                    cell(places[0]),
                    cell(label),
                    {cell(places[1]), cell(places[2]), cell(places[3]), cell(places[4])}});
    if (records[i].cells.size() > header.cells.size())
      fail_input("line {} has {} cells, the header {}; numbers take a decimal point, names with commas quotes",
                 records[i].line, records[i].cells.size(), header.cells.size());
    if (rows.back().image.empty()) fail_input("line {} names no image", records[i].line);
  }
  return rows;
}

Box box_of(const BoxRow& row) {
  return with_context(fmt::format("reading line {}", row.line), [&] {
    Box box{box_number(kEdges[0], row.edges[0]), box_number(kEdges[1], row.edges[1]),
            box_number(kEdges[2], row.edges[2]), box_number(kEdges[3], row.edges[3]), box_label(row.label)};
    check_box(box);
    return box;
  });
}

BoxedImage image_of(const std::string& csv_path, const std::vector<const BoxRow*>& rows) {
  const std::string& name = rows[0]->image;
  const std::string found = find_listed_file(csv_path, name);
  BoxedImage image{found.empty() ? name : found, name, 0, 0, {}};
  for (const BoxRow* row : rows) {
    if (!row->without_box())
      image.boxes.push_back(box_of(*row));
    else if (rows.size() > 1)
      fail_input("line {} says that it is healthy, but it has other rows", row->line);
  }
  return image;
}

/// Reads one image; where that fails the image is refused and the rest goes on.
template <class F>
void add_image(BoxTable& table, const std::string& name, F&& read) {
  try {
    table.images.push_back(read());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Input) throw;
    table.refused.push_back({name, error.what()});
  }
}

BoxTable read_box_csv(const std::string& path) {
  const auto rows = box_rows(parse_csv(read_text_file(path, kMaxBoxTable)));
  std::vector<std::string> order;
  std::map<std::string, std::vector<const BoxRow*>> by_image;
  for (const BoxRow& row : rows) {
    auto& members = by_image[row.image];
    if (members.empty()) order.push_back(row.image);
    members.push_back(&row);
  }
  BoxTable table;
  for (const auto& name : order) add_image(table, name, [&] { return image_of(path, by_image[name]); });
  return table;
}

BoxedImage read_annotation(const fs::path& path) {
  BoxedImage image = parse_voc(read_text_file(path.string(), kMaxAnnotation), path.stem().string());
  image.image = path.string();  // stands for the image, which is found by its stem
  return image;
}

std::vector<fs::path> annotations_in(const std::string& folder) {
  std::error_code ec;
  std::vector<fs::path> files;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
    if (it->path().extension() == ".xml" && it->is_regular_file(ec)) files.push_back(it->path());
  if (ec) fail_input("it cannot be listed: {}", ec.message());
  if (files.empty()) fail_input("the folder holds no annotations NAME.xml");
  std::sort(files.begin(), files.end());
  return files;
}

BoxTable read_annotations(const std::vector<fs::path>& files) {
  BoxTable table;
  for (const auto& file : files) add_image(table, file.stem().string(), [&] { return read_annotation(file); });
  for (const auto& image : table.images)
    if (image.boxes.empty()) table.notes.push_back({image.name, "its annotation has no box: it counts as healthy"});
  return table;
}

}  // namespace

double box_number(const std::string& field, const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !(value > -1e9 && value < 1e9))
    fail_input("{} is '{}', expected a number of pixels", field, text.substr(0, kMaxLabel));
  return value;
}

std::string box_label(const std::string& text) {
  if (text.empty()) return "unlabelled";
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (text.size() > kMaxLabel || std::any_of(text.begin(), text.end(), control))
    fail_input("a label has {} bytes or more than one line; it is at most {} bytes of plain text", text.size(),
               kMaxLabel);
  return text;
}

BoxTable read_boxes(const std::string& path) {
  return with_context(fmt::format("reading '{}'", path), [&] {
    std::error_code ec;
    const BoxTable table = fs::is_directory(path, ec)             ? read_annotations(annotations_in(path))
                           : fs::path(path).extension() == ".xml" ? read_annotations({path})
                                                                  : read_box_csv(path);
    if (table.images.empty())
      fail_input("none of its {} images can be used, e.g. '{}': {}", table.refused.size(), table.refused[0].name,
                 table.refused[0].text);
    return table;
  });
}

}  // namespace thor
