// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/config.h"
#include "thor/base/random.h"
#include "thor/base/tensor.h"

namespace thor {

/// How healthy images are corrupted for a restorer (`diffusion.process: corruption`); keys `train.corruption.*`. Pixels
/// are those of the 128 grid; on other grids they are scaled with the shorter side.
struct CorruptionConfig {
  std::string kind = "both";              ///< coarse_noise | texture | both
  double noise_share = 0.3;               ///< of the images that get coarse noise, with `both`
  double lesion_share = 0.8;              ///< of the images that get lesions, with `both` and `texture`
  double sigma = 0.2;                     ///< of the coarse noise, in units of white
  int64_t grid = 16;                      ///< cells of the coarse noise along a side
  int64_t lesions = 3;                    ///< at most so many in an image, at least one where it gets any
  double area_min = 5, area_max = 2000;   ///< of a lesion, pixels, log-uniform
  double alpha_min = 0.3, alpha_max = 1;  ///< how much of the image a lesion covers
  double edge = 3;                        ///< widest soft edge, pixels
  double foreign = 0.5;  ///< share of lesions filled with another place's texture; the others get one tone
  double weight = 4;     ///< of painted pixels in the loss; the others count 1
  void describe(Fields& fields);
  /// Throws Usage where a smallest value is above its largest.
  void check() const;
};

/// A healthy image and what its corruption is made of.
struct CorruptionSource {
  Tensor image;   ///< float32 [H,W] in [0,1]
  Tensor inside;  ///< bool [H,W], the head: nothing else is touched
  Tensor donors;  ///< float32 [M,H,W] in [0,1], whose texture may be taken
};

struct Corrupted {
  Tensor image;    ///< float32 [H,W] in [0,1]
  Tensor painted;  ///< float32 [H,W], 1 where a lesion was painted, else 0
};

/// Coarse noise (Kascenas et al., MIDL 2022: normal numbers on a coarse grid, enlarged bilinearly, shifted at random)
/// and painted lesions: irregular blobs with soft edges, filled with a darker or brighter tone or with the texture of
/// another place or image, blended in (after DISYRE, Naval Marimont et al., ISBI 2024, arXiv 2311.15453). A pure
/// function of its arguments; an image without a head stays as it is.
Corrupted corrupt(const CorruptionConfig& config, const CorruptionSource& source, const StreamKey& key);

}  // namespace thor
