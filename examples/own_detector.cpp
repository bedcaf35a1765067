// SPDX-License-Identifier: Apache-2.0
// A detector of one's own, in the same pipeline as those that ship: what the network makes of a noisy image, once.
//   own_detector brain-t1-axial scan.nii.gz thor
#include <ATen/ATen.h>

#include <cstdio>

#include "thor/base/error.h"
#include "thor/pipeline/examine.h"
#include "thor/pipeline/members.h"

namespace {

class OneStep : public thor::Detector {
 public:
  void describe(thor::Fields& fields) override { fields.add("timestep", &timestep_, "noise level, 0 to 999"); }
  int64_t network_calls(int64_t) const override { return 1; }
  void check(const thor::Diffusion&) const override {}
  thor::Detection detect(const thor::Context& context, const thor::Images& images) const override {
    const thor::Diffusion& d = context.diffusion;
    const at::Tensor eps = context.noise(images, {thor::Purpose::Step, timestep_});  // [N,1,S,S]
    const at::Tensor xt = d.add_noise(d.from_unit(images.pixels), eps, timestep_);
    const at::Tensor x0 = d.to_unit(d.x0_from_output(context.denoise(images, xt, timestep_), xt, timestep_));
    const at::Tensor map = (x0 - images.pixels).abs();
    return {map, x0, map.mean({1, 2, 3})};
  }

 private:
  int64_t timestep_ = 200;
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) return std::fprintf(stderr, "usage: own_detector MODEL SCAN [MEMBER]\n"), 2;
  const thor::Model model = thor::load_member(argv[1], argc > 3 ? argv[3] : "");
  const thor::Pipeline pipeline(model, std::make_unique<OneStep>(), {});
  std::printf("score %.4g\n", thor::examine(pipeline, thor::read_scan(argv[2])).score);
  return 0;
} catch (const thor::Error& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 1;
}
