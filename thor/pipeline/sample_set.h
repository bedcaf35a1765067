// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/diffusion/sample.h"
#include "thor/pipeline/pipeline.h"

namespace thor {

/// What is drawn, from which model, and where the images go.
struct SampleJob {
  std::string model;        ///< path or name
  std::string output;       ///< folder
  std::string start_image;  ///< a picture that takes the model's way in; "" = from noise alone
  int64_t count = 16;
  SampleConfig config;
  RunConfig run;  ///< the perceptual distance is not used
};

/// Throws Usage where no image of the model's world can be drawn this way: an ensemble, a model that undoes corruption,
/// one trained on patches, a start step that it was not trained on, a start image without a step or the other way
/// round.
void check_can_sample(const Model& model, const SampleConfig& config, bool with_start_image);

/// Draws images 0 .. count - 1 of the seed on the network's grid and writes sample_0000.png (8 bit), ..., index.csv
/// (image), as `thor detect` takes it, and index.json with all that decided them. -> the path of index.csv, which is
/// written last. An image does not depend on batch and count. Throws as above, Input for files that cannot be read or
/// written, Interrupted.
std::string write_sample_set(const SampleJob& job);

}  // namespace thor
