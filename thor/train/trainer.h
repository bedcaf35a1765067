// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/run_context.h"
#include "thor/train/experiment.h"

namespace thor {

/// Where training reads, writes and reports.
struct TrainPaths {
  std::string train_data, val_data;  ///< CSV or prepared archive; val may be ""
  std::string run;  ///< folder: model.safetensors, checkpoint.safetensors, log.jsonl, TensorBoard events, samples/
  TemplatePlaces templates =
      {};                 ///< where the templates of the steps lie, unless the data are an archive that holds them
  std::string from = {};  ///< model whose weights a new training starts from; "" = random ones
  RunContext* context = nullptr;  ///< null = that of the calling thread
};

/// How a training ended.
struct TrainResult {
  int64_t step = 0;          ///< optimizer steps done, resumed ones included
  bool interrupted = false;  ///< the user asked to stop; the checkpoint is there
  std::string model_path;    ///< the EMA weights, ready for detection
};

/// Trains until the last step, `max_minutes` or an interrupt, and leaves model.safetensors (EMA weights) and
/// checkpoint.safetensors (all that exact resume needs) in the run folder. With `resume` it goes on from the checkpoint
/// there, to the same weights as an uninterrupted run. Throws Usage where the run folder already holds a checkpoint and
/// `resume` is false, or holds none and it is true. Two threads may train at once, in folders of their own.
TrainResult train(const ExperimentConfig& config, const TrainPaths& paths, bool resume, const std::string& device);

}  // namespace thor
