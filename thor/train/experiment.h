// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "thor/data/augment.h"
#include "thor/detect/detector.h"
#include "thor/pipeline/model.h"
#include "thor/synth/corruption.h"
#include "thor/synth/scanner_variation.h"

namespace thor {

enum class Optimizer { Adam, AdamW };
inline Names names_of(Optimizer) { return {"adam", "adamw"}; }
/// The precision of the network's activations in training; Auto is bf16 where the hardware multiplies it.
enum class TrainPrecision { Auto, Bf16, Fp32 };
inline Names names_of(TrainPrecision) { return {"auto", "bf16", "fp32"}; }
/// The error of the predicted quantity: mean square or mean absolute.
enum class LossKind { Mse, L1 };
inline Names names_of(LossKind) { return {"mse", "l1"}; }

/// The YAML section `train` (METHODS 9).
struct TrainConfig {
  int64_t seed = 0;
  int64_t steps = 43500;  ///< optimizer steps (paper: 1500 epochs of 465 slices in batches of 16)
  int64_t batch = 16;     ///< images per optimizer step
  Optimizer optimizer = Optimizer::Adam;
  double learning_rate = 1e-4;
  double weight_decay = 0;  ///< of adamw
  int64_t warmup = 200;     ///< optimizer steps over which the learning rate rises linearly
  double clip = 1.0;        ///< gradient norm; 0 = off
  double ema = 0.999;       ///< decay of the averaged weights that detection uses; 0 = off
  TrainPrecision precision = TrainPrecision::Auto;
  LossKind loss = LossKind::Mse;
  int64_t patch = 0;  ///< pixels; > 0: one such patch of an image is noised and counts, the rest is clean
  int64_t t_max = 0;  ///< train on t < t_max only; 0 = all
  int64_t validate_every = 500, checkpoint_every = 500, sample_every = 2000;  ///< optimizer steps; 0 = never
  double max_minutes = 0;  ///< stop, with a checkpoint, after this much training time; 0 = never
  double z_share = 0.9;    ///< share of images of which the network is told the height, with model.z_condition
  double strip_share = 0;  ///< share of images whose skull is taken away, in full or in part
  AugmentConfig augment;
  ScannerVariation scanner;
  CorruptionConfig corruption;  ///< where the model's process is corruption
  void describe(Fields& fields);
};

/// A whole experiment file: sections model, diffusion, noise, preprocess, train, detector.
struct ExperimentConfig {
  ModelConfig model;
  TrainConfig train;
  std::string detector_name = "thor";
  std::shared_ptr<Detector> detector;  ///< with its knobs read; becomes the model's recommended detector
  void describe(Fields& fields);
  void check() const;
};

/// Reads the YAML file and then applies `sets` ("train.batch=8"). Throws Usage: unknown keys, wrong types, numbers out
/// of range or that do not fit each other.
ExperimentConfig load_experiment(const std::string& yaml_path, const std::vector<std::string>& sets);

}  // namespace thor
