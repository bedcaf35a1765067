// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/data/archive.h"
#include "thor/diffusion/diffusion.h"
#include "thor/train/experiment.h"

namespace thor {

/// The healthy slices of a training, as an `Archive` has them.
struct TrainingSlices {
  TrainingSlices(Tensor of, Tensor heights = {}, Tensor brains = {})
      : slices(std::move(of)), z_mm(std::move(heights)), brain(std::move(brains)) {}
  TrainingSlices(const Archive& archive) : TrainingSlices(archive.slices, archive.z_mm, archive.brain) {}
  Tensor slices;  ///< float32 [N,S,S] in [0,1]
  Tensor z_mm;    ///< float32 [N], NaN = unknown; undefined = all unknown
  Tensor brain;   ///< uint8 [N,S,S], 0 or 1; undefined = not known
};

/// One training batch, a pure function of (seed, data, optimizer step).
struct Batch {
  Tensor xt;       ///< noised images in model range, float32 [N,1,H,W]
  Tensor t;        ///< int64 [N]
  Tensor target;   ///< what the network should output, float32 [N,1,H,W]
  Tensor z_mm;     ///< heights of the slices, float32 [N]; NaN where the network is not told
  Tensor counted;  ///< how much each pixel counts in the loss, [N,1,H,W]; undefined = all alike. 0 outside a patch
};

/// The batch of optimizer step `step` (from 0): epochs are permutations of the data, each image is augmented, gets its
/// timestep and its noise from streams named by (seed, image, epoch). With `train.patch` only one window of the grid of
/// such patches is noised, which one is drawn in the same way; the rest of the image stays clean. For a model that
/// undoes corruption the image is corrupted instead (corruption.h), t is 0 and the target is the healthy image or what
/// was added to it.
Batch training_batch(const ExperimentConfig& config, const Diffusion& diffusion, const TrainingSlices& data,
                     int64_t step);

/// Images first..first+count of a validation set with noise and timesteps that never change; timesteps are spread
/// evenly over the images, patches are taken in turn.
Batch validation_batch(const ExperimentConfig& config, const Diffusion& diffusion, const TrainingSlices& data,
                       int64_t first, int64_t count);

}  // namespace thor
