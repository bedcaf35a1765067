// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/base/utf8.h"
#include "thor/cli/command.h"
#include "thor/eval/localization.h"

namespace thor {
namespace {

struct EvaluateBoxesOptions {
  LocalizationOptions protocol;
  bool json = false;
};

int run(const EvaluateBoxesOptions& options) {
  const Localization result = localize(options.protocol);
  for (const BoxRemark& note : result.notes) info("{}: {}", note.name, note.text);
  for (const BoxRemark& one : result.left_out) warn("{}: {}", one.name, one.text);
  if (options.json)
    fmt::print("{}\n", dump_json(parse(result.to_json()), 2));
  else
    fmt::print("{}", result.table());
  return result.left_out.empty() ? 0 : kExitSomeFailed;
}

}  // namespace

Command evaluate_boxes_command() {
  const auto o = std::make_shared<EvaluateBoxesOptions>();
  return {
      "evaluate boxes",
      CommandGroup::Study,
      "recall, precision and F1 of maps against boxes, as for X-rays",
      "The protocol of the paper for wrist X-rays. The threshold comes from maps of healthy images alone: no\n"
      "more than --fpr of their pixels are above it. An image is found if more than a tenth of the pixels in\n"
      "its boxes are. Boxes are in the images' own pixels: a CSV (columns image,xmin,ymin,xmax,ymax,label, a\n"
      "row without coordinates is a healthy image), a Pascal VOC file NAME.xml, or a folder of those. One row\n"
      "per pathology. What cannot be used is listed, and the exit code is 3.",
      {{"evaluate boxes --maps maps --truth phantoms/boxes.csv --healthy maps-healthy", "a table"},
       {"evaluate boxes --maps maps --truth annotations --healthy maps-healthy --ignore text --fpr 0.01 --json",
        "stricter, without the side markers, with every image, for programs"}},
      {{"--maps", "DIR", "folder that `thor detect` wrote", &o->protocol.maps, true},
       {"--truth", "BOXES", "boxes of the images: CSV, Pascal VOC file, or folder of those", &o->protocol.boxes, true},
       {"--healthy", "DIR", "folder that `thor detect` wrote of healthy images", &o->protocol.healthy, true},
       {"--fpr", "RATE", "share of healthy pixels above the threshold (default: 0.05)", &o->protocol.rate},
       {"--ignore", "LABEL", "boxes that mark nothing abnormal, again for each", &o->protocol.ignore},
       {"--native", "", "compare on each image's own grid", &o->protocol.native},
       json_option(o->json)},
      [o] { return run(*o); }};
}

}  // namespace thor
