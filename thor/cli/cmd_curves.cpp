// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "thor/base/ending.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/cli/command.h"
#include "thor/report/curves_page.h"

namespace thor {
namespace {

struct CurvesOptions {
  std::vector<std::string> runs;
  std::string output;
};

int run(const CurvesOptions& options) {
  std::vector<LearningCurve> curves;
  for (const std::string& run : options.runs) curves.push_back(read_learning_curve(run));
  if (has_ending(options.output, ".svg")) {
    const std::string chart = validation_chart(curves);
    if (chart.empty())
      fail_input("none of the runs has a validation loss; write a page (.html) of the training losses");
    write_text_atomically(options.output, as_svg_file(chart));
  } else {
    write_page(options.output, curves_page(curves));
  }
  fmt::print("{}\n", options.output);
  return 0;
}

}  // namespace

Command curves_command() {
  const auto o = std::make_shared<CurvesOptions>();
  return {"curves",
          CommandGroup::Build,
          "learning curves: the losses of one or several trainings as a page",
          "RUN is a folder that `thor train` writes to, while it trains too, or a file of lines as in its log.jsonl.",
          {{"curves run -o curves.html", "one training"},
           {"curves runs/gaussian runs/simplex -o curves.svg", "the validation losses of two, as a picture"}},
          {{"RUN", "", "training folders or logs", &o->runs, true},
           {"-o,--out", "FILE", "page (.html) or picture (.svg) to write", &o->output, true}},
          [o] { return run(*o); }};
}

}  // namespace thor
