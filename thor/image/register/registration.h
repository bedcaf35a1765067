// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/image/image.h"

namespace thor {

struct RegistrationOptions {
  bool affine = true;        ///< also scale and shear after the rigid stage (12 parameters); else rigid only (6)
  double sampled = 0.2;      ///< fraction of the template's voxels in (0,1], at least 20,000, selected by a fixed seed
  int64_t iterations = 200;  ///< largest number for each resolution
  double coarsest_mm = 8;    ///< voxel size of the lowest resolution; each next one is half
};
struct Registration {
  Affine scan_from_template;  ///< RAS mm -> RAS mm
  double similarity_before =
      0;  ///< mutual information (Mattes, 50 bins, nats; larger is better) after alignment of centres of mass
  double similarity = 0;  ///< mutual information after registration
  double contrast = 0;    ///< contrast of the scan between tissues of the template; see kLeastContrast
};
/// The similarity below which a registration is doubtful. Correct registrations of T1-weighted heads within the brain
/// mask reach 0.18 to 0.30, wrong ones 0.06 (docs/decisions/0090).
inline constexpr double kDoubtfulSimilarity = 0.1;
/// The contrast below which a scan hardly shows the tissues of the template: the median where the template is in its
/// brightest third minus the median in its middle third, relative to the range of the scan there. T1-weighted heads of
/// many scanners reach 0.09 to 0.29 (white over grey matter), a FLAIR image 0, T2-weighted ones less
/// (docs/decisions/0199).
inline constexpr double kLeastContrast = 0.05;

/// Linear registration of a scan to a template by mutual information: centres of mass, a coarse search, rigid, then
/// affine, from coarse to fine (Mattes et al. 2003). `mask` [D,H,W] on the template's grid selects the voxels that
/// count; undefined = all. A stripped template needs its brain mask, otherwise its outline is aligned with the scalp;
/// the scan should be corrected with bias_field first (docs/decisions/0090). The result is independent of the number of
/// threads. Warns if the similarity is below kDoubtfulSimilarity. Throws Input for a scan without contrast or with one
/// layer of voxels, an empty mask, and an anatomically impossible result; Usage for options out of range.
Registration register_to(const Image& scan, const Image& template_, const Tensor& mask = {},
                         const RegistrationOptions& options = {});

struct BiasFieldOptions {
  int64_t shrink = 4;       ///< voxels for estimation are n times the finest spacing, or as thick as they are
  int64_t iterations = 50;  ///< iterations at each level
  int64_t levels = 3;       ///< B-spline levels, each twice as fine
};
/// Estimates the multiplicative bias field by N4 (Tustison et al. 2010), float32 [D,H,W] > 0; the scan is divided by
/// it. The foreground is above Otsu's threshold, or `mask` [D,H,W]; values of 0 and below are excluded. Throws Input
/// for a single layer of voxels and an empty foreground; Usage for options out of range.
Tensor bias_field(const Image& scan, const Tensor& mask = {}, const BiasFieldOptions& options = {});

}  // namespace thor
