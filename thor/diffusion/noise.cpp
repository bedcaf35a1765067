// SPDX-License-Identifier: Apache-2.0
#include "thor/diffusion/noise.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "thor/diffusion/simplex.h"

namespace thor {
namespace {

// Mean 0 and variance 1 over the field: the octave sum's own variance depends on the plane it is cut at.
Tensor standardized(const Tensor& field) {
  return (field - field.mean()) / field.std(/*unbiased=*/false).clamp_min(1e-12);
}

// [channels,H,W]; every channel is an OpenSimplex instance of its own, seeded by the stream.
void fill_simplex(const NoiseConfig& config, const StreamKey& key, Tensor out) {
  Random random(key);
  const int64_t plane = config.fixed_plane >= 0 ? config.fixed_plane : static_cast<int64_t>(key.t);
  for (int64_t c = 0; c < out.size(0); ++c) {
    const uint64_t high = random.bits();
    const OpenSimplex simplex(static_cast<int64_t>((high << 32) | random.bits()));
    const Tensor field =
        simplex_octaves(simplex, out.size(1), out.size(2), plane, config.octaves, config.persistence, config.frequency);
    out[c].copy_(config.normalize ? standardized(field) : field);
  }
}

void fill(const NoiseConfig& config, const StreamKey& key, Tensor out) {
  if (config.kind == NoiseKind::Simplex)
    fill_simplex(config, key, out);
  else
    Random(key).fill_normal(out.data_ptr<float>(), static_cast<size_t>(out.numel()));
}

}  // namespace

void NoiseConfig::describe(Fields& fields) {
  fields.add("kind", &kind, "noise the model is trained and used with");
  fields.add("octaves", &octaves, "simplex: number of octaves", between(1, 16));
  fields.add("persistence", &persistence, "simplex: amplitude of an octave relative to the one before", between(0, 1));
  fields.add("frequency", &frequency, "simplex: feature size of the first octave, pixels", between(1, 4096));
  fields.add("normalize", &normalize, "simplex: mean 0 and variance 1 in every field (published: false)");
  fields.add("fixed_plane", &fixed_plane, "simplex: cut every field at this T; -1 = at t (published training: 1000)",
             between(-1, 1e6));
}

Tensor draw_noise(const NoiseConfig& config, const StreamKey& key, int64_t channels, int64_t height, int64_t width) {
  return draw_noise(config, std::vector<StreamKey>{key}, channels, height, width);
}

Tensor draw_noise(const NoiseConfig& config, const std::vector<StreamKey>& keys, int64_t channels, int64_t height,
                  int64_t width) {
  Tensor out = at::empty({static_cast<int64_t>(keys.size()), channels, height, width}, at::kFloat);
  at::parallel_for(0, out.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) fill(config, keys[i], out[i]);
  });
  return out;
}

}  // namespace thor
