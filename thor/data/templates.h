// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <vector>

#include "thor/base/config.h"
#include "thor/image/image.h"
#include "thor/nn/weights/safetensors.h"

namespace thor {

/// A template head or mask that preprocessing steps refer to, small enough to be stored in a model file.
struct Template {
  Image image;  ///< whole numbers from 0 to 255, at about 2 mm if the file was finer
  Grid grid;    ///< grid of its file, the target of resampling
};
/// Templates by their names in the steps.
using Templates = std::map<std::string, Template>;

/// The places to search for template files, in this order.
struct TemplatePlaces {
  std::map<std::string, std::string> files;  ///< files by template name
  std::vector<std::string> folders;          ///< NAME, NAME.nii.gz or NAME.nii in one of these; "." is always the first
};

/// Reads every template and mask that the steps name. Voxels are averaged to about 2 mm and scaled so that the minimum
/// becomes 0 and the 99.9th percentile 255: what a model keeps is what was used to prepare its data. Throws Usage: a
/// name without a file, with what to do; Input: a file that cannot be read.
Templates load_templates(const std::vector<YamlText>& steps, const TemplatePlaces& places = {});

/// The same as load_templates, but where a file is missing nothing is loaded, and it is said that a model without them
/// takes ready slices only.
Templates load_templates_if_there(const std::vector<YamlText>& steps, const TemplatePlaces& places);

/// Returns a hash of the content of templates.
std::string sha256_of(const Templates& templates);

/// Puts templates into a file, as tensors "template.NAME" (uint8) and metadata "thor.templates", and takes them out of
/// one again. Files are hostile: names, sizes and numbers are checked. Throws Input.
void store_templates(const Templates& templates, Safetensors& file);
Templates take_templates(Safetensors& file);

}  // namespace thor
