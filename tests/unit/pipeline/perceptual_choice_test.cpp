// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/perceptual_choice.h"

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_model.h"
#include "thor/nn/weights/safetensors.h"

namespace thor {
namespace {

/// LPIPS with made-up weights, as a detector gets it.
class ChosenLpips : public ::testing::Test {
 protected:
  ChosenLpips() {
    Safetensors file;
    for (const auto& [name, shape] : lpips_shapes(LpipsNet::Squeeze)) file.tensors[name] = 0.1 * at::rand(shape);
    write_safetensors(folder / "lpips.safetensors", file);
    const Model model = test::tiny_model();
    const auto network = std::make_shared<Network>(model.config.model, model.weights(), at::kCPU, at::kFloat);
    chosen = choose_perceptual({PerceptualKind::Lpips, false, folder / "lpips.safetensors"}, network,
                               Diffusion(model.config.diffusion));
  }
  test::TemporaryFolder folder;
  PerceptualChoice chosen;
};

TEST_F(ChosenLpips, IsWhatLpipsSaysWhateverItWasComparedWithBefore) {
  const at::NoGradGuard no_grad;
  ASSERT_EQ(chosen.name, "lpips");
  const Lpips lpips = load_lpips(folder / "lpips.safetensors");
  const Tensor x = at::rand({3, 1, 40, 40}), other = x + 0.001, y = at::rand({3, 1, 40, 40});
  for (const Tensor& of : {x, x, other, x.narrow(0, 0, 1), x})
    for (const Tensor& to : {y, of}) {
      const Tensor same = to.narrow(0, 0, of.size(0));
      EXPECT_TRUE(at::equal(chosen.distance(of, same), lpips.spatial(of, same)));
    }
}

TEST_F(ChosenLpips, SeesThatAnImageWasChangedInItsPlace) {
  const at::NoGradGuard no_grad;
  const Tensor x = at::rand({1, 1, 40, 40}), y = at::rand({1, 1, 40, 40});
  chosen.distance(x, y);
  x.mul_(0.5);
  EXPECT_TRUE(at::equal(chosen.distance(x, y), load_lpips(folder / "lpips.safetensors").spatial(x, y)));
}

}  // namespace
}  // namespace thor
