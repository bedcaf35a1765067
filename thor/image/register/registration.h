// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/image/image.h"

namespace thor {

struct RegistrationOptions {
  bool affine = true;        ///< after the rigid stage also scale and shear (12 parameters); else rigid only (6)
  double sampled = 0.2;      ///< share of the template's voxels looked at, in (0,1], at least 20,000; by a fixed seed
  int64_t iterations = 200;  ///< at most, for each resolution
  double coarsest_mm = 8;    ///< voxel size at the lowest of the resolutions, each half of the one before
};
struct Registration {
  Affine scan_from_template;  ///< RAS mm -> RAS mm
  double similarity_before =
      0;                  ///< mutual information (Mattes, 50 bins, nats), larger is better; by centres of mass alone
  double similarity = 0;  ///< after
  double contrast = 0;    ///< how much brighter the scan is where the template is bright; see kLeastContrast
};
/// Below this similarity a scan hardly looks like the template where it was laid: right registrations of T1-weighted
/// heads within the brain mask end at 0.18 to 0.30, wrong ones at 0.06 (docs/decisions/0090).
inline constexpr double kDoubtfulSimilarity = 0.1;
/// Below this contrast (median where the template is in its brightest third minus the median in its middle third, over
/// the scan's range there) a scan hardly shows the template's tissues: T1-weighted heads of many scanners reach 0.09
/// to 0.29 (white over grey matter), a FLAIR image 0, T2-weighted ones less (docs/decisions/0199).
inline constexpr double kLeastContrast = 0.05;

/// Linear registration of a scan to a template by mutual information: centres of mass, a coarse search, rigid, then
/// affine, from coarse to fine (Mattes et al. 2003). `mask` [D,H,W] on the template's grid: where it counts; undefined
/// = everywhere. For a stripped template give its brain mask, else its outline is drawn to the scalp; correct the scan
/// with bias_field first (docs/decisions/0090). The same for any number of threads. Warns where the
/// similarity stays below kDoubtfulSimilarity. Throws Input: a scan without
/// contrast or with one layer of voxels, an empty mask, a result that no head could have; Usage: options out of range.
Registration register_to(const Image& scan, const Image& template_, const Tensor& mask = {},
                         const RegistrationOptions& options = {});

struct BiasFieldOptions {
  int64_t shrink = 4;       ///< the field is estimated on voxels n times the finest spacing, or as thick as they are
  int64_t iterations = 50;  ///< at each of the levels
  int64_t levels = 3;       ///< B-spline levels, each twice as fine
};
/// Multiplicative bias field by N4 (Tustison et al. 2010), float32 [D,H,W] > 0; divide by it. The foreground is what
/// Otsu's threshold finds, or `mask` [D,H,W]; values of 0 and below are left out. Throws Input: a single layer of
/// voxels, no foreground; Usage: options out of range.
Tensor bias_field(const Image& scan, const Tensor& mask = {}, const BiasFieldOptions& options = {});

}  // namespace thor
