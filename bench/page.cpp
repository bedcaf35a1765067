// SPDX-License-Identifier: Apache-2.0
// bench_page FOLDER: FOLDER/bench.json as FOLDER/index.html, and its tables in Markdown on standard output.
#include "thor/report/page.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>

#include "bench/targets.h"
#include "thor/base/error.h"
#include "thor/report/chart.h"

namespace thor::bench {
namespace {

/// Both sides' seconds an image, over what `name_of` varies.
template <class NameOf>
std::string growth_chart(const Results& results, const std::string& network, const std::vector<double>& at,
                         NameOf name_of, bool by_image) {
  Chart chart{fmt::format("{} network, seconds {}", network, by_image ? "an image" : "a step"),
              {by_image ? "images in a batch" : "side of the image, pixels", NAN, NAN, true},
              {"seconds", NAN, NAN, true},
              {}};
  for (const bool ours : {true, false})
    for (const char* precision : {"fp32", "bf16"}) {
      Series series{fmt::format("{}, {}", ours ? "ours" : "peer", precision), {}, {}};
      for (double x : at) {
        const std::string name = fmt::format("step/{}/{}/{}", network, name_of(x), precision);
        const double seconds = (ours ? results.ours(name) : results.peer(name)).seconds;
        if (std::isnan(seconds)) continue;
        series.x.push_back(x);
        series.y.push_back(by_image ? seconds / x : seconds);
      }
      if (!series.x.empty()) chart.series.push_back(std::move(series));
    }
  return line_chart(chart);
}

PageSection growth_section(const Results& results) {
  PageSection section{"Against batch and size", "A line without a jump is a network without a cliff.", {}, {}, {}};
  for (const std::string network : {"paper", "small"}) {
    section.charts.push_back(growth_chart(
        results, network, {1, 2, 4, 8, 16}, [](double b) { return fmt::format("b{:g}/s128", b); }, true));
    section.charts.push_back(growth_chart(
        results, network, {64, 128, 256}, [](double s) { return fmt::format("b1/s{:g}", s); }, false));
  }
  return section;
}

std::string introduction(const Results& results) {
  const auto& e = results.environment();
  const std::string quick = e.at("quick").get<bool>() ? "\n\nA quick run: one round, few cases." : "";
  return fmt::format(
      "The program and its peer, {}, took turns on the same cores with the same weights and inputs; an answer was "
      "compared "
      "before it was timed. fp32 of the peer is what the published implementation does, bf16 the best that PyTorch "
      "offers. "
      "Ratios are the result; the published implementation's own 1.18 s a step was measured elsewhere.\n\n"
      "{}, {} cores, {}; {}; {} ({}); {}; load at the start {:.2f}.{}",
      e.at("peer").get<std::string>(), e.at("processor").at("name").get<std::string>(),
      e.at("processor").at("cores").get<int>(),
      fmt::join(e.at("processor").at("vector units").get<std::vector<std::string>>(), " "),
      e.at("system").get<std::string>(), e.at("thor").get<std::string>(), e.at("commit").get<std::string>(),
      e.at("date").get<std::string>(), e.at("load at the start").get<double>(), quick);
}

void write(const std::string& folder) {
  const Results results(folder + "/bench.json");
  const std::vector<std::pair<std::string, Rows>> tables{{"Targets", target_rows(results)},
                                                         {"The floor of a step", floor_rows(results)},
                                                         {"Around the network", part_rows(results)},
                                                         {"Every case", case_rows(results)}};
  Page page{"Close to the machine's limit", introduction(results), {}, {}, {}};
  for (const auto& [title, rows] : tables) {
    page.sections.push_back({title, "", {{"", rows, {}}}, {}, {}});
    if (title == "Targets") page.sections.push_back(growth_section(results));
    fmt::print("## {}\n{}\n", title, markdown(rows));
  }
  write_page(folder + "/index.html", page);
}

}  // namespace
}  // namespace thor::bench

int main(int argc, char** argv) {
  try {
    thor::bench::write(argc > 1 ? argv[1] : "build/bench");
    return 0;
  } catch (const thor::Error& error) {
    fmt::print(stderr, "bench_page: error: {}\n", error.what());
    return thor::exit_code(error.kind());
  }
}
