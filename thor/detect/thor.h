// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/detect/anomaly_map.h"
#include "thor/detect/detector.h"
#include "thor/diffusion/sampler.h"

namespace thor {

/// The paper as described, or as the public code computes.
enum class Profile { Paper, Published };
inline Names names_of(Profile) { return {"paper", "published"}; }
/// One deviation of the public code: as the profile has it, on, or off.
enum class Quirk { AsProfile, On, Off };
inline Names names_of(Quirk) { return {"profile", "true", "false"}; }

/// The deviations of the public code from the paper, each with its own switch.
struct ThorQuirks {
  Quirk lpips_scaled_twice = Quirk::AsProfile;       ///< LPIPS input taken to [-1,1] a second time
  Quirk clip_harmonized_to_unit = Quirk::AsProfile;  ///< harmonized image clipped to [0,1] in any model range
  Quirk renoise_to_t = Quirk::AsProfile;             ///< re-noised to the level of t instead of the next step
  void describe(Fields& fields);
};

struct ThorConfig {
  int64_t start_step = 350;                         ///< t0
  std::vector<int64_t> harmonize_at{300, 150, 50};  ///< timesteps with implicit guidance
  int64_t map_every = 50;                           ///< maps are computed at multiples of this ...
  std::vector<int64_t> map_at;                      ///< ... or, if given, at these timesteps
  PerceptualKind perceptual = PerceptualKind::Lpips;
  Profile profile = Profile::Paper;
  ThorQuirks quirks;
  MapConfig map;
  int64_t median = 1;  ///< side of the median filter of the final map, pixels, odd; 1 = off
  SamplerConfig sampler;
  void describe(Fields& fields);
};

/// Temporal Harmonization for Optimal Restoration (Bercea et al., MICCAI 2024, arXiv 2403.08464; METHODS 7): a reverse
/// chain that is guided back to the patient's image wherever the intermediate anomaly map is low.
class Thor : public Detector {
 public:
  explicit Thor(const ThorConfig& config) : config_(config) {}
  void describe(Fields& fields) override { config_.describe(fields); }
  PerceptualKind perceptual() const override { return config_.perceptual; }
  bool perceptual_scaled_twice() const override { return has_quirk(config_.quirks.lpips_scaled_twice); }
  int64_t network_calls(int64_t) const override { return static_cast<int64_t>(grid().size()); }
  void check(const Diffusion& diffusion) const override;
  Detection detect(const Context& context, const Images& images) const override;

 private:
  bool has_quirk(Quirk setting) const;
  bool keeps_map_at(int64_t t) const;
  bool harmonizes_at(int64_t t) const;
  std::vector<int64_t> grid() const;
  Tensor map_of(const Context& context, const Tensor& pixels, const Tensor& x0) const;
  Tensor harmonize(const Context& context, const Tensor& x, const Tensor& x0, const Tensor& region) const;

  ThorConfig config_;
};

}  // namespace thor
