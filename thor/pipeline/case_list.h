// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

namespace thor {

/// One image to examine and the stem of its outputs.
struct CaseInput {
  std::string path, name;
};

/// File name without folders and ending; ".nii.gz", in any case, counts as one ending.
std::string stem_of(const std::string& path);

/// The images that files, folders (their images in order of name, not deeper) and CSV splits stand for, each once, with
/// names unique among them: the file's stem; where two are equal the folder's name goes in front, then a number behind.
/// Throws Input: a path that does not exist, a folder without images.
std::vector<CaseInput> list_cases(const std::vector<std::string>& inputs);

}  // namespace thor
