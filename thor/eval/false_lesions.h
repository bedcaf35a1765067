// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "thor/eval/map_set.h"

namespace thor {

/// A connected piece of a mask on the network's grid counts as a lesion from so many pixels on.
inline constexpr int64_t kLeastLesionPixels = 5;

/// Expected numbers of false lesions in a healthy scan that every calibration has a threshold for, and `asked`, in
/// ascending order; 0 asks for none. Throws Usage where `asked` is negative or not finite.
std::vector<double> false_lesion_limits(double asked);

/// Number of pieces of a scan's map above a threshold, of at least kLeastLesionPixels pixels. Pixels meet at edges and
/// corners, also those of neighbouring slices. `slices` are the scan's, in order.
int64_t lesions_above(const MapSet& set, const std::vector<size_t>& slices, double threshold);

/// The number that counts where `most` are expected at most: one scan counts for 5 * most and no more.
double counted_lesions(int64_t lesions, double most);

/// The smallest threshold, of a fixed grid of values, that keeps the expected number of false lesions that count in the
/// next healthy scan at or below `most` (conformal risk control, Angelopoulos et al. 2022; METHODS 13): the sum over
/// the scans, and one more scan with 5 * most, is at most `most` times the scans and one. A scan's number at a
/// threshold is its largest at this one or any higher one. It holds for a scan exchangeable with these, whatever the
/// maps. None for fewer than 4 scans.
std::optional<double> false_lesion_threshold(const MapSet& healthy, double most);

}  // namespace thor
