// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/sample_set.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/base/utf8.h"
#include "thor/base/version.h"
#include "thor/detect/head_mask.h"
#include "thor/image/image.h"
#include "thor/pipeline/device.h"
#include "thor/pipeline/model_place.h"
#include "thor/pipeline/network.h"

namespace thor {
namespace {

constexpr double kHeadFraction = 0.1;  // of the 98th percentile, as for maps of the head (scan_relative.h)

void check_start(const SampleConfig& config, bool with_start_image) {
  if (with_start_image && config.start_step < 0)
    fail_usage("a start image needs the timestep it is noised to, e.g. `sample.start_step=600`");
  if (!with_start_image && config.start_step >= 0)
    fail_usage("sample.start_step is {}, where an image is half noise: give that image with `start_image`, or leave it",
               config.start_step);
}

nlohmann::json description(const SampleJob& job, const Model& model, const std::vector<std::string>& files) {
  SampleConfig config = job.config;
  const std::string model_file = std::filesystem::path(find_model(job.model)).filename().string();
  nlohmann::json about{{"thor", version()},
                       {"note", "Drawn from a network: nobody's scan."},
                       {"model", {{"file", model_file}, {"sha256", model.hash}}},
                       {"seed", job.run.seed},
                       {"sample", Fields(config).to_json()},
                       {"precision", name_of(job.run.precision)},
                       {"images", files}};
  if (!job.start_image.empty())
    about["start_image"] = {{"file", std::filesystem::path(job.start_image).filename().string()},
                            {"sha256", sha256_of_file(job.start_image)}};
  return about;
}

}  // namespace

void check_can_sample(const Model& model, const SampleConfig& config, bool with_start_image) {
  if (model.is_ensemble())
    fail_usage("the model is an ensemble of {} networks; draw from a diffusion model that it was made of",
               model.members().size());
  model.config.check_takes_single_slices();
  if (model.config.diffusion.process != Process::Noise)
    fail_usage(
        "the model undoes corruption of an image that is there, so none can be drawn from it; take a diffusion model "
        "(diffusion.process: noise)");
  if (const int64_t patch = trained_with(model, "patch"); patch > 0)
    fail_usage(
        "the model was trained on noised patches of {0} x {0} pixels in clean images (train.patch) and cannot begin "
        "with "
        "noise everywhere; take a model trained on whole images",
        patch);
  check_start(config, with_start_image);
  const int64_t start = first_timestep(config, Diffusion(model.config.diffusion));
  if (const int64_t t_max = trained_with(model, "t_max"); t_max > 0 && start >= t_max)
    fail_usage(
        "the walk would begin at timestep {}, but the model was trained on those below {} only (train.t_max); give "
        "`start_image` and `sample.start_step={}` or less",
        start, t_max, t_max - 1);
}

std::string write_sample_set(const SampleJob& job) {
  const RunScope scope(job.run.context);
  if (job.count < 1) fail_usage("{} images are asked for, expected 1 or more", job.count);
  if (job.run.batch < 1) fail_usage("the batch is {}, expected 1 or more", job.run.batch);
  const at::NoGradGuard no_grad;
  const Model model = load_model(job.model);
  with_context("drawing from '" + job.model + "'",
               [&] { check_can_sample(model, job.config, !job.start_image.empty()); });
  const Diffusion diffusion(model.config.diffusion);
  const Network network(model.config.model, model.weights(), choose_device(job.run.device),
                        dtype_of(job.run.precision));
  SampleBatch batch{job.run.seed, 0, 0, model.config.preprocess.size, {}};
  if (!job.start_image.empty()) batch.start = preprocess(model.config.preprocess, read_image(job.start_image)).unit;
  make_folder(job.output);

  const auto calls = timestep_grid(first_timestep(job.config, diffusion), job.config.sampler, {}).size();
  Progress progress("drawing", job.count * static_cast<int64_t>(calls));
  const auto denoise = [&](const Tensor& xt, int64_t t) {
    const Tensor output = network.forward(xt.to(network.device()), t).cpu();
    progress.advance(xt.size(0));
    return output;
  };
  std::vector<std::string> files;
  for (int64_t first = 0; first < job.count; first += job.run.batch) {
    batch.first = static_cast<uint64_t>(first);
    batch.count = std::min(job.run.batch, job.count - first);
    Tensor images = draw_samples(diffusion, model.config.noise, job.config, batch, denoise);
    if (job.config.black_air) images = images * head_mask(images, kHeadFraction);
    for (int64_t i = 0; i < batch.count; ++i) {
      files.push_back(fmt::format("sample_{:04d}.png", first + i));
      write_png(job.output + "/" + files.back(), images[i][0], 8);
    }
  }
  write_text_atomically(job.output + "/index.json", dump_json(description(job, model, files), 2) + "\n");
  const std::string path = job.output + "/index.csv";
  write_text_atomically(path, fmt::format("image\n{}\n", fmt::join(files, "\n")));
  return path;
}

}  // namespace thor
