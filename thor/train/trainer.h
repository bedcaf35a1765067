// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/data/archive.h"
#include "thor/data/augment.h"
#include "thor/pipeline/model.h"

namespace thor {

/// The YAML section `train` (METHODS 9).
struct TrainConfig {
  int64_t seed = 0;
  int64_t steps = 43500;              ///< optimizer steps (paper: 1500 epochs of 465 slices in batches of 16)
  int64_t batch = 16;
  std::string optimizer = "adam";     ///< adam | adamw
  double learning_rate = 1e-4;
  double weight_decay = 0;            ///< adamw
  int64_t warmup = 200;               ///< steps of linear warm-up
  double clip = 1.0;                  ///< gradient norm, 0 = off
  double ema = 0.999;                 ///< decay of the averaged weights that detection uses, 0 = off
  std::string precision = "auto";     ///< auto (bf16 where the CPU has it) | bf16 | fp32
  int64_t t_max = 0;                  ///< train only on t < t_max; 0 = all
  int64_t validate_every = 500, checkpoint_every = 500, sample_every = 0;
  double max_minutes = 0;             ///< stop (with a checkpoint) after this long; 0 = never
  AugmentConfig augment;
  void describe(Fields& fields);
};

/// A whole experiment file: the model's sections plus `train` and `detector` (name and knobs).
struct ExperimentConfig {
  ModelConfig model;
  TrainConfig train;
};

struct TrainPaths {
  std::string train_data, val_data;  ///< CSV or archive; val may be ""
  std::string run;                   ///< folder: model.safetensors, checkpoint.safetensors, log.jsonl, events, samples/
};

/// Trains until the last step, `max_minutes` or an interrupt, and leaves model.safetensors (EMA weights) and
/// checkpoint.safetensors (all that exact resume needs) in the run folder.
void train(const ExperimentConfig& config, const TrainPaths& paths, bool resume, const std::string& device);

}  // namespace thor
