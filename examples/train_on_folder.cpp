// SPDX-License-Identifier: Apache-2.0
// Trains a small network on a folder of healthy pictures and saves a model that detection takes.
//   train_on_folder PICTURES RUN
#include <cstdio>
#include <filesystem>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/data/csv.h"
#include "thor/train/trainer.h"

int main(int argc, char** argv) try {
  if (argc != 3) return std::fprintf(stderr, "usage: train_on_folder PICTURES RUN\n"), 2;
  std::string list = "image\n";
  for (const auto& entry : std::filesystem::directory_iterator(argv[1]))
    list += thor::csv_cell(std::filesystem::absolute(entry.path()).string()) + "\n";
  thor::TrainPaths paths;
  paths.run = argv[2];
  paths.train_data = paths.run + "/healthy.csv";
  thor::make_folder(paths.run);
  thor::write_text_atomically(paths.train_data, list);

  thor::ExperimentConfig config;
  config.detector = thor::make_detector(config.detector_name, config.model.noise.kind);
  thor::Fields(config).read(  // what is not set here has its default
      "{model: {channels: [16, 32], attention: [false, false], head_channels: 16, norm_groups: 16}, preprocess: {size: "
      "32}}");
  config.train.steps = 20;  // enough to see that it runs; a good model takes many thousands
  config.train.batch = 4;
  thor::RunContext context([](thor::LogLevel, const std::string& text) { std::printf("%s\n", text.c_str()); },
                           [](const thor::ProgressState& state) {
                             if (state.finished)
                               std::printf("%s: %.0f s %s\n", state.task.c_str(), state.seconds, state.note.c_str());
                           });
  paths.context = &context;

  const thor::TrainResult result = thor::train(config, paths, false, "auto");
  std::printf("%s\n", result.model_path.c_str());
  return 0;
} catch (const thor::Error& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 1;
}
