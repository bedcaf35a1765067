// SPDX-License-Identifier: Apache-2.0
// Several images at every place of a stack: which of them belong together (echoes, time points, directions).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>

#include "thor/base/error.h"
#include "thor/image/dicom/dicom_stack.h"

namespace thor {
namespace {

constexpr size_t kDimensionRow = 14, kTriggerRow = 8, kReferenceTimeRow = 9;
constexpr size_t kStrongRows = 8;  // those before it say what an image is, not when or how it was made
constexpr size_t kMostDimensions = 8;

/// Something that images may be told apart by.
struct Mark {
  std::string name, unit;
  std::vector<std::vector<std::string>> values;  ///< by place and image
  bool strong = false;
};
/// Which frame every image is of, by place and image.
using Classes = std::vector<std::vector<size_t>>;

/// Numbers by their size, then words.
bool value_less(const std::string& a, const std::string& b) {
  char *a_end = nullptr, *b_end = nullptr;
  const double x = std::strtod(a.c_str(), &a_end), y = std::strtod(b.c_str(), &b_end);
  const bool both = !a.empty() && !b.empty() && *a_end == '\0' && *b_end == '\0';
  return both && x != y ? x < y : a < b;
}
struct ValueLess {
  bool operator()(const std::string& a, const std::string& b) const { return value_less(a, b); }
};

template <class ValueOf>
Mark mark_of(const std::vector<StackPlace>& places, std::string name, std::string unit, const ValueOf& value_of) {
  Mark mark{std::move(name), std::move(unit), {}, false};
  for (const StackPlace& place : places) {
    mark.values.emplace_back();
    for (const StackedFrame& image : place.images) mark.values.back().push_back(value_of(image));
  }
  return mark;
}

bool all_said(const Mark& mark) {
  for (const auto& place : mark.values)
    for (const std::string& value : place)
      if (value.empty()) return false;
  return true;
}

std::string part_of(const std::string& values, size_t index) {
  size_t from = 0;
  for (size_t i = 0; i < index; ++i) {
    const size_t bar = values.find('\\', from);
    if (bar == std::string::npos) return "";
    from = bar + 1;
  }
  return values.substr(from, values.find('\\', from) - from);
}

/// Those that every image says; each dimension of enhanced files is one.
std::vector<Mark> marks_of(const std::vector<StackPlace>& places) {
  std::vector<Mark> marks;
  const auto add = [&](Mark mark, bool strong) {
    mark.strong = strong;
    if (all_said(mark)) marks.push_back(std::move(mark));
  };
  const auto& rows = dicom_marks();
  for (size_t row = 0; row < rows.size(); ++row) {
    if (rows[row].use != DicomMarkRow::Use::Value) continue;
    const auto whole = [&](const StackedFrame& image) { return image.said().marks[row]; };
    if (row != kDimensionRow) {
      add(mark_of(places, rows[row].name, rows[row].unit, whole), row < kStrongRows);
      continue;
    }
    for (size_t i = 0; i < kMostDimensions; ++i)
      add(mark_of(places, fmt::format("{} {}", rows[row].name, i + 1), "",
                  [&](const StackedFrame& image) { return part_of(whole(image), i); }),
          false);
  }
  return marks;
}

/// How often each class and value occurs at each place.
using Counts = std::map<size_t, std::map<std::string, std::vector<size_t>, ValueLess>>;
Counts count(const Classes& classes, const Mark& mark) {
  Counts counts;
  for (size_t p = 0; p < mark.values.size(); ++p)
    for (size_t i = 0; i < mark.values[p].size(); ++i) {
      auto& at = counts[classes[p][i]][mark.values[p][i]];
      at.resize(mark.values.size());
      ++at[p];
    }
  return counts;
}

/// A division of the images and the names of its parts.
struct Division {
  Classes classes;
  std::vector<std::string> names;
};

/// Divides each class by a mark's values where every value is as frequent at every place; else leaves all as it was.
void divide(const Mark& mark, Division& division) {
  const Counts counts = count(division.classes, mark);
  std::map<size_t, std::map<std::string, size_t, ValueLess>> next;
  std::vector<std::string> names;
  for (const auto& [one, values] : counts)
    for (const auto& [value, at] : values) {
      if (std::adjacent_find(at.begin(), at.end(), std::not_equal_to<>()) != at.end()) return;
      next[one][value] = names.size();
      std::string name = division.names[one];
      if (values.size() > 1) name += fmt::format("{}{} {}{}", name.empty() ? "" : " and ", mark.name, value, mark.unit);
      names.push_back(name);
    }
  if (names.size() == division.names.size()) return;
  for (size_t p = 0; p < mark.values.size(); ++p)
    for (size_t i = 0; i < mark.values[p].size(); ++i)
      division.classes[p][i] = next[division.classes[p][i]][mark.values[p][i]];
  division.names = names;
}

Division undivided(const std::vector<StackPlace>& places) {
  Division division{{}, {""}};
  for (const StackPlace& place : places) division.classes.emplace_back(place.images.size(), 0);
  return division;
}

ToldFrames frames_of(const std::vector<StackPlace>& places, const Division& division) {
  ToldFrames told{division.names, {}};
  told.images.assign(division.names.size(), std::vector<StackedFrame>(places.size()));
  for (size_t p = 0; p < places.size(); ++p)
    for (size_t i = 0; i < places[p].images.size(); ++i) told.images[division.classes[p][i]][p] = places[p].images[i];
  return told;
}

/// True where both put the same images together.
bool agree(const Classes& a, const Classes& b) {
  std::map<size_t, size_t> partner;
  for (size_t p = 0; p < a.size(); ++p)
    for (size_t i = 0; i < a[p].size(); ++i)
      if (partner.emplace(a[p][i], b[p][i]).first->second != b[p][i]) return false;
  return true;
}

/// One thing is said twice where two marks tell all frames apart each by itself.
void check_agreement(const std::vector<StackPlace>& places, const std::vector<Mark>& marks, size_t most) {
  const Mark* first = nullptr;
  Division told;
  for (const Mark& mark : marks) {
    if (!mark.strong) continue;
    Division alone = undivided(places);
    divide(mark, alone);
    if (alone.names.size() != most) continue;
    if (first && !agree(told.classes, alone.classes))
      fail_input(
          "its {} and its {} contradict each other: they tell which images belong together differently; correct one of "
          "them, or sort the files into a folder for each scan",
          first->name, mark.name);
    if (!first) first = &mark, told = alone;
  }
}

size_t most_of(const std::vector<StackPlace>& places) {
  size_t most = 0;
  for (const StackPlace& place : places) most = std::max(most, place.images.size());
  return most;
}

/// Where places have different numbers of images: the one mark of as many values as the most, each once at a place.
std::optional<ToldFrames> incomplete_frames(const std::vector<StackPlace>& places, const std::vector<Mark>& marks) {
  for (const Mark& mark : marks) {
    const Counts counts = count(undivided(places).classes, mark);
    const auto& values = counts.at(0);
    const bool once = std::all_of(values.begin(), values.end(), [](const auto& value) {
      return std::all_of(value.second.begin(), value.second.end(), [](size_t n) { return n <= 1; });
    });
    if (!once || values.size() != most_of(places)) continue;
    Division division = undivided(places);
    division.names.clear();
    std::map<std::string, size_t> number;
    for (const auto& [value, at] : values) {
      number[value] = division.names.size();
      division.names.push_back(fmt::format("{} {}{}", mark.name, value, mark.unit));
    }
    for (size_t p = 0; p < places.size(); ++p)
      for (size_t i = 0; i < places[p].images.size(); ++i) division.classes[p][i] = number[mark.values[p][i]];
    return frames_of(places, division);
  }
  return std::nullopt;
}

/// A number for each image, to be sorted by; NaN where it says none.
using Order = std::vector<std::vector<double>>;

Order order_of(const Mark& mark) {
  Order order;
  for (const auto& place : mark.values) {
    order.emplace_back();
    for (const std::string& value : place) {
      char* end = nullptr;
      const double number = std::strtod(value.c_str(), &end);
      order.back().push_back(value.empty() || *end != '\0' ? NAN : number);
    }
  }
  return order;
}

struct Interval {
  double from = std::numeric_limits<double>::infinity(), to = -from;
  void take(double number) { from = std::min(from, number), to = std::max(to, number); }
};
bool are_apart(const std::map<size_t, Interval>& by_number) {
  std::vector<Interval> intervals;
  for (const auto& [number, interval] : by_number) intervals.push_back(interval);
  std::sort(intervals.begin(), intervals.end(), [](const Interval& a, const Interval& b) { return a.from < b.from; });
  for (size_t i = 1; i < intervals.size(); ++i)
    if (intervals[i].from <= intervals[i - 1].to) return false;
  return true;
}

/// Divides by the rank of each image among those of its class at its place. Sound where the numbers of one frame end
/// before those of the next begin (volume after volume), or those of one place before those of the next (place after
/// place); any other order tells nothing.
bool divide_by_rank(const Order& order, const std::string& name, Division& division) {
  Classes ranks = division.classes;
  std::map<size_t, std::map<size_t, Interval>> frames, at_places;  // by class, then by rank or place
  for (size_t p = 0; p < order.size(); ++p) {
    std::map<size_t, std::set<double>> seen;
    for (size_t i = 0; i < order[p].size(); ++i)
      if (!std::isfinite(order[p][i]) || !seen[division.classes[p][i]].insert(order[p][i]).second) return false;
    for (size_t i = 0; i < order[p].size(); ++i) {
      const size_t one = division.classes[p][i];
      ranks[p][i] = static_cast<size_t>(std::distance(seen[one].begin(), seen[one].find(order[p][i])));
      at_places[one][p].take(order[p][i]);
      frames[one][ranks[p][i]].take(order[p][i]);
    }
  }
  bool volume_by_volume = true, place_by_place = true;
  for (const auto& [one, intervals] : frames) volume_by_volume = volume_by_volume && are_apart(intervals);
  for (const auto& [one, intervals] : at_places) place_by_place = place_by_place && are_apart(intervals);
  if (!volume_by_volume && !place_by_place) return false;
  std::map<std::pair<size_t, size_t>, size_t> next;
  std::vector<std::string> names;
  for (const auto& [one, intervals] : frames)
    for (const auto& [rank, interval] : intervals) {
      next[{one, rank}] = names.size();
      const std::string from = fmt::format("{:.10g}", interval.from), to = fmt::format("{:.10g}", interval.to);
      std::string text = division.names[one].empty() ? "" : division.names[one] + " and ";
      if (volume_by_volume)
        text += fmt::format("{} {}{}", name, from, from == to ? "" : " to " + to);
      else
        text += fmt::format("number {} of its place by {}", rank + 1, name);
      names.push_back(text);
    }
  for (size_t p = 0; p < order.size(); ++p)
    for (size_t i = 0; i < order[p].size(); ++i) division.classes[p][i] = next[{division.classes[p][i], ranks[p][i]}];
  division.names = names;
  return true;
}

bool same_number(const std::vector<StackPlace>& places) {
  return std::all_of(places.begin(), places.end(),
                     [&](const StackPlace& place) { return place.images.size() == places[0].images.size(); });
}

}  // namespace

int64_t ToldFrames::places_of_frame(size_t frame) const {
  return std::count_if(images[frame].begin(), images[frame].end(),
                       [](const StackedFrame& image) { return image.instance != nullptr; });
}

std::optional<ToldFrames> told_by_values(const std::vector<StackPlace>& places) {
  const std::vector<Mark> marks = marks_of(places);
  if (!same_number(places)) return incomplete_frames(places, marks);
  const size_t most = most_of(places);
  check_agreement(places, marks, most);
  Division division = undivided(places);
  for (const Mark& mark : marks)
    if (division.names.size() < most) divide(mark, division);
  if (division.names.size() < most) return std::nullopt;
  return frames_of(places, division);
}

std::optional<ToldFrames> told_by_order(const std::vector<StackPlace>& places) {
  if (!same_number(places)) return std::nullopt;
  Division division = undivided(places);
  for (const Mark& mark : marks_of(places)) divide(mark, division);
  const auto& rows = dicom_marks();
  std::vector<Mark> orders;
  const auto add = [&](size_t row) {
    orders.push_back(
        mark_of(places, rows[row].name, rows[row].unit, [&](const StackedFrame& f) { return f.said().marks[row]; }));
  };
  for (const size_t row : {kTriggerRow, kReferenceTimeRow}) add(row);
  for (size_t row = 0; row < rows.size(); ++row)
    if (rows[row].use == DicomMarkRow::Use::Order) add(row);
  orders.push_back(mark_of(places, "instance number", "",
                           [](const StackedFrame& f) { return std::to_string(f.instance->instance_number); }));
  orders.push_back(mark_of(places, "frame number", "", [](const StackedFrame& f) {
    return f.instance->frames.size() > 1 ? std::to_string(f.frame + 1) : std::string();
  }));
  for (const Mark& mark : orders)
    if (divide_by_rank(order_of(mark), mark.name, division)) return frames_of(places, division);
  return std::nullopt;
}

}  // namespace thor
