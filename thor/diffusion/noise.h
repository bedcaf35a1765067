// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/base/config.h"
#include "thor/base/random.h"
#include "thor/base/tensor.h"

namespace thor {

enum class NoiseKind { Gaussian, Simplex };
inline Names names_of(NoiseKind) { return {"gaussian", "simplex"}; }

/// The noise kind of a model (METHODS 3); keys of the YAML section `noise`.
struct NoiseConfig {
  NoiseKind kind = NoiseKind::Gaussian;
  int64_t octaves = 6;
  double persistence = 0.8;
  double frequency = 64;     ///< wavelength of the first octave, pixels
  bool normalize = false;    ///< scale to unit variance
  int64_t fixed_plane = -1;  ///< >= 0: plane T of every field, as in the published training (1000)
  void describe(Fields& fields);
};

/// Draws one noise image from the stream `key` (key.t is also the simplex plane). -> float32 [1,channels,H,W]
Tensor draw_noise(const NoiseConfig& config, const StreamKey& key, int64_t channels, int64_t height, int64_t width);
/// Draws a batch of noise images, one for each key. -> float32 [N,channels,H,W]
Tensor draw_noise(const NoiseConfig& config, const std::vector<StreamKey>& keys, int64_t channels, int64_t height,
                  int64_t width);

}  // namespace thor
