// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "thor/detect/detector.h"
#include "thor/diffusion/diffusion.h"
#include "thor/nn/perceptual.h"
#include "thor/pipeline/network.h"

namespace thor {

/// A perceptual distance and what it is called.
struct PerceptualChoice {
  std::string name;  ///< lpips | ssim | unet | none
  Perceptual distance;
};

/// What a detector asks for.
struct PerceptualRequest {
  PerceptualKind kind = PerceptualKind::None;
  bool scaled_twice = false;
  std::string lpips_file;  ///< "" = the imported one
};

/// The distance that was asked for; without LPIPS weights the features of the diffusion network take its place
/// (docs/decisions/0020), which is said once. Throws Input where a named weights file cannot be used.
PerceptualChoice choose_perceptual(const PerceptualRequest& request, std::shared_ptr<const Network> network,
                                   const Diffusion& diffusion);

}  // namespace thor
