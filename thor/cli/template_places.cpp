// SPDX-License-Identifier: Apache-2.0
#include "thor/cli/template_places.h"

#include "thor/base/error.h"
#include "thor/pipeline/pipeline.h"

namespace thor {

Option template_option(std::vector<std::string>& named) {
  return {"--template", "NAME=FILE", "file of a template or mask that preprocess.steps name; again for each", &named};
}

TemplatePlaces template_places(const std::vector<std::string>& named) {
  TemplatePlaces places;
  for (const std::string& one : named) {
    const auto equals = one.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == one.size())
      fail_usage("--template '{}' is not of the form NAME=FILE", one);
    places.files[one.substr(0, equals)] = one.substr(equals + 1);
  }
  places.folders = {thor_home()};
  return places;
}

}  // namespace thor
