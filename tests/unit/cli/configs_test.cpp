// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "thor/base/file.h"
#include "thor/eval/ablation.h"
#include "thor/eval/healthy_rates.h"
#include "thor/train/experiment.h"

namespace thor {
namespace {

std::vector<std::string> ready_configs(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(THOR_SOURCE_DIR "/configs" + folder))
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path().string());
  return paths;
}

/// It varies one detector; a benchmark lists data sets.
bool is_ablation(const std::string& path) {
  return read_text_file(path, 1 << 20).find("\ndatasets:") == std::string::npos;
}

bool is_rates(const std::string& path) { return path.find("/rates") != std::string::npos; }

TEST(ReadyExperiments, AreAllAccepted) {
  ASSERT_GE(ready_configs("").size(), 4u);
  for (const auto& path : ready_configs("")) {
    SCOPED_TRACE(path);
    ExperimentConfig config = load_experiment(path, {});
    EXPECT_TRUE(config.detector);
    // Values that are fine on their own must also go into a Diffusion of that many steps.
    EXPECT_NO_THROW(config.check());
  }
}

TEST(ReadyComparisons, AreAllAccepted) {
  ASSERT_GE(ready_configs("/benchmark").size(), 1u);
  ASSERT_GE(ready_configs("/ablate").size(), 4u);
  std::vector<std::string> benchmarks = ready_configs("/benchmark"), ablations = ready_configs("/ablate");
  for (const auto& path : ready_configs("/results")) {
    if (is_rates(path))
      EXPECT_NO_THROW(load_healthy_rates(path)) << path;
    else
      (is_ablation(path) ? ablations : benchmarks).push_back(path);
  }
  for (const auto& path : benchmarks) EXPECT_NO_THROW(load_benchmark(path)) << path;
  for (const auto& path : ablations) {
    SCOPED_TRACE(path);
    AblationConfig config;
    ASSERT_NO_THROW(config = load_ablation(path));
    for (const AblationSetting& setting : settings_of(config)) {
      Model model;
      Diffusion diffusion(model.config.diffusion);
      EXPECT_NO_THROW(choose_detector(model, config.detector, setting.set).detector->check(diffusion)) << setting.name;
    }
  }
}

TEST(ReadyExperiments, PhantomNamesEveryKeyWithAComment) {
  const std::string text = read_text_file(THOR_SOURCE_DIR "/configs/phantom.yaml", 1 << 20);
  ExperimentConfig config = load_experiment(THOR_SOURCE_DIR "/configs/phantom.yaml", {});
  const Fields fields(config);
  for (const auto& field : fields.list()) {
    const std::string leaf = field.name.substr(field.name.rfind('.') + 1);
    EXPECT_NE(text.find("  " + leaf + ":"), std::string::npos) << field.name;
  }
}

TEST(ReadyExperiments, ThorBrainIsTheNetworkOfThePaper) {
  const ExperimentConfig config = load_experiment(THOR_SOURCE_DIR "/configs/thor-brain.yaml", {});
  int64_t parameters = 0;
  for (const auto& [name, shape] : config.model.model->shapes()) {
    int64_t count = 1;
    for (const int64_t side : shape) count *= side;
    parameters += count;
  }
  EXPECT_NEAR(static_cast<double>(parameters), 18.5e6, 0.1e6);
}

}  // namespace
}  // namespace thor
