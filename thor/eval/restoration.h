// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "thor/nn/perceptual.h"

namespace thor {

/// How well one case was restored outside its lesions; NaN where it was not measured.
struct CaseRestoration {
  double mae = 0;            ///< mean absolute difference over the healthy pixels
  double ssim = 0;           ///< mean SSIM over the healthy pixels whose 7x7 window holds no lesion pixel
  double lpips_alex = 0;     ///< spatial LPIPS averaged over the healthy pixels
  double changed_share = 0;  ///< healthy pixels of the head that changed by more than kChangeThatShows
};

/// Change of unit intensity above which tissue counts as changed.
inline constexpr double kChangeThatShows = 0.1;
/// Unit intensity up to which a pixel that hangs together with the border is background, not head.
inline constexpr double kBackground = 0.05;

/// All but the dark pixels that hang together with the image's border. [H,W] in [0,1] -> bool [H,W]
Tensor inside_dark_border(const Tensor& image);

/// Share of the healthy pixels inside the dark border that changed by more than kChangeThatShows; NaN where there are
/// none. image, pseudo_healthy [H,W] in [0,1]; lesion [H,W], above 0 inside.
double changed_share(const Tensor& image, const Tensor& pseudo_healthy, const Tensor& lesion);

/// Measures restorations. Uses the imported LPIPS weights `lpips-alex` where they are; says once where they are not.
/// Its const functions may be called by several threads at once.
class RestorationMeter {
 public:
  RestorationMeter();
  /// image, pseudo_healthy [H,W] in [0,1]; lesion [H,W], above 0 inside. All NaN where the lesion is everywhere.
  CaseRestoration measure(const Tensor& image, const Tensor& pseudo_healthy, const Tensor& lesion) const;

 private:
  std::shared_ptr<const Lpips> lpips_;
};

}  // namespace thor
