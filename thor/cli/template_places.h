// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/cli/command.h"
#include "thor/data/templates.h"

namespace thor {

/// The option `--template NAME=FILE` of commands that read the templates of preprocessing steps.
Option template_option(std::vector<std::string>& named);
/// Where they are looked for: what the option named, the current folder, THOR_HOME. Throws Usage: no NAME=FILE.
TemplatePlaces template_places(const std::vector<std::string>& named);

}  // namespace thor
