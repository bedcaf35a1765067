// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

namespace thor {

/// Folders in which models are found by name, the first wins: $THOR_HOME/models (or its default), then where the
/// program is installed, then the source tree it was built in.
std::vector<std::string> model_folders();

/// The file of a model. A path is taken as it is; a name ("brain-t1-axial") is looked up as NAME.safetensors in
/// `folders`. Throws Input, with the names there are, where a name is not found.
std::string find_model(const std::string& path_or_name, const std::vector<std::string>& folders = model_folders());

}  // namespace thor
