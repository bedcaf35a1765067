// SPDX-License-Identifier: Apache-2.0
// TIFF files of every kind, written by libtiff itself.
#pragma once
#include <ATen/ATen.h>

#include <string>
#include <vector>

namespace thor::test {

/// A page; `samples` are [H,W] or [H,W,C] as they are stored.
struct TiffSpec {
  at::Tensor samples;
  int bits = 8, format = 1;  ///< 1 unsigned, 2 signed, 3 float
  int orientation = 1, compression = 1, predictor = 1;
  int colours = 1;      ///< 0 white is zero, 1 black is zero, 2 RGB, 3 palette of [256,3] `palette`
  int tile = 0;         ///< side of tiles, 0 = strips of three rows
  bool planes = false;  ///< channels one behind the other
  int alpha = 0;        ///< 0 none, 1 associated, 2 not
  int subfile = 0;      ///< NewSubfileType
  std::string description = {};
  at::Tensor palette = {};
};
/// Mode "w" or "w8" (BigTIFF), with "b" at the end for big-endian samples.
void write_tiff(const std::string& path, const std::vector<TiffSpec>& pages, const char* mode = "w");

}  // namespace thor::test
