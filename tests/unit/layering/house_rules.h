// SPDX-License-Identifier: Apache-2.0
// The rules of ARCHITECTURE.md that a machine can check, as functions of one file's path and text.
#pragma once
#include <string>
#include <vector>

namespace thor::test {

/// A source file; `path` is relative to the root of the project.
struct SourceFile {
  std::string path, text;
};

/// All sources under `folders` of the project's root, sorted by path.
std::vector<SourceFile> sources(const std::string& root, const std::vector<std::string>& folders);

/// Each of these returns one line per breach, "path:line: what is wrong"; none when all is well.
using Breaches = std::vector<std::string>;
/// Includes go downwards: never to a higher room, never to another room of the same storey.
Breaches wrong_includes(const SourceFile& file);
/// Headers of inner rooms (image/dicom...) stay in their outer room, but for those that the list names.
Breaches private_includes(const SourceFile& file);
/// ITK appears in thor/image/*.cpp alone, and headers stay light: no ATen/ATen.h, no torch/torch.h.
Breaches foreign_includes(const SourceFile& file);
/// Headers of data, pipeline, results, synth and eval pass JSON on as `JsonText` and include no JSON library.
Breaches json_in_headers(const SourceFile& file);
/// Only thor/cli prints or ends the process.
Breaches prints_or_exits(const SourceFile& file);
/// Messages of the library name settings, not options of the program, which only thor/cli knows.
Breaches names_options(const SourceFile& file);
/// SPDX line first, at most kMaxLines lines, no notes about work left undone.
Breaches untidy(const SourceFile& file);

inline constexpr int kMaxLines = 400;

}  // namespace thor::test
