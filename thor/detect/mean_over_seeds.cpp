// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/mean_over_seeds.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace thor {
namespace {

/// Rows begin .. begin + count of the images when each is repeated for all its chains, an image's chains side by side.
Images chains_of(const Images& images, int64_t seeds, int64_t begin, int64_t count) {
  Images rows;
  std::vector<int64_t> of_image;
  for (int64_t row = begin; row < begin + count; ++row) {
    of_image.push_back(row / seeds);
    rows.keys.push_back(images.keys[static_cast<size_t>(row / seeds)]);
    rows.keys.back().chain = static_cast<uint64_t>(row % seeds);
  }
  const Tensor index = at::tensor(of_image, at::kLong).to(images.pixels.device());
  rows.pixels = images.pixels.index_select(0, index);
  if (images.z_mm.defined()) rows.z_mm = images.z_mm.index_select(0, index.to(images.z_mm.device()));
  return rows;
}

/// [N * seeds, ...] -> [N, ...]. Summed chain by chain: a reduction may round differently with the size of the batch.
Tensor mean_of_chains(const std::vector<Tensor>& parts, int64_t seeds) {
  const Tensor rows = at::cat(parts);
  std::vector<int64_t> shape = rows.sizes().vec();
  shape[0] /= seeds;
  shape.insert(shape.begin() + 1, seeds);
  const Tensor chains = rows.reshape(shape);  // [N,seeds,...]
  Tensor sum = chains.select(1, 0);
  for (int64_t chain = 1; chain < seeds; ++chain) sum = sum + chains.select(1, chain);
  return sum / static_cast<double>(seeds);
}

}  // namespace

void MeanOverSeeds::describe(Fields& fields) {
  fields.add("seeds", &seeds_, "independent chains through every image; their maps are averaged", between(1, 1024));
  of_->describe(fields);
}

Detection MeanOverSeeds::detect(const Context& context, const Images& images) const {
  if (seeds_ == 1) return of_->detect(context, images);
  check_images(images.pixels, "the images");
  const int64_t rows = images.pixels.size(0) * seeds_;
  const int64_t at_once = context.batch > 0 ? context.batch : rows;
  std::vector<Tensor> maps, healthy, scores;
  for (int64_t begin = 0; begin < rows; begin += at_once) {
    const Detection found = of_->detect(context, chains_of(images, seeds_, begin, std::min(at_once, rows - begin)));
    maps.push_back(found.map);
    healthy.push_back(found.pseudo_healthy);
    scores.push_back(found.score);
  }
  return {mean_of_chains(maps, seeds_), mean_of_chains(healthy, seeds_), mean_of_chains(scores, seeds_)};
}

}  // namespace thor
