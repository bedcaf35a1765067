// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/config.h"
#include "thor/base/random.h"
#include "thor/base/tensor.h"

namespace thor {

enum class CorruptionKind { CoarseNoise, Texture, Both };
inline Names names_of(CorruptionKind) { return {"coarse_noise", "texture", "both"}; }

/// Parameters of the corruption of healthy images for a restorer (`diffusion.process: corruption`); keys
/// `train.corruption.*`. Pixels refer to the 128 grid and are scaled with the shorter side on others.
struct CorruptionConfig {
  CorruptionKind kind = CorruptionKind::Both;
  double noise_share = 0.3;               ///< fraction of images with coarse noise, with `both`
  double lesion_share = 0.8;              ///< fraction of images with lesions, with `both` and `texture`
  double sigma = 0.2;                     ///< standard deviation of the coarse noise, white = 1
  int64_t grid = 16;                      ///< cells of the coarse noise along a side
  int64_t lesions = 3;                    ///< largest number in an image with lesions; the smallest is one
  double area_min = 5, area_max = 2000;   ///< area of a lesion, pixels, log-uniform
  double alpha_min = 0.3, alpha_max = 1;  ///< opacity of a lesion
  double edge = 3;                        ///< widest soft edge, pixels
  double foreign = 0.5;                   ///< fraction of lesions with texture from elsewhere; the others are uniform
  double weight = 4;                      ///< weight of painted pixels in the loss; that of others is 1
  void describe(Fields& fields);
  /// Throws Usage if a minimum exceeds its maximum.
  void check() const;
};

/// A healthy image and the material of its corruption.
struct CorruptionSource {
  Tensor image;   ///< float32 [H,W] in [0,1]
  Tensor inside;  ///< bool [H,W], the head; only this is changed
  Tensor donors;  ///< sources of texture, float32 [M,H,W] in [0,1]
};

struct Corrupted {
  Tensor image;    ///< float32 [H,W] in [0,1]
  Tensor painted;  ///< float32 [H,W], 1 where a lesion was painted, else 0
};

/// Corrupts a healthy image by coarse noise (Kascenas et al., MIDL 2022: normal numbers on a coarse grid, upsampled
/// bilinearly, shifted at random) and by painted lesions: irregular blobs with soft edges, filled with a darker or
/// brighter intensity or with the texture of another position or image, blended in (after DISYRE, Naval Marimont et
/// al., ISBI 2024, arXiv 2311.15453). It is a pure function of its arguments; an image without a head is returned
/// unchanged.
Corrupted corrupt(const CorruptionConfig& config, const CorruptionSource& source, const StreamKey& key);

}  // namespace thor
