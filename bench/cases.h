// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bench/world.h"

namespace thor::bench {

// The benchmarks, by what they measure. Names are WHAT/SETTING; those of the peer are the same.

/// What the machine gives: conv/... and gemm/... at the networks' shapes.
void peak_cases();
/// step/NETWORK/bBATCH/sSIZE/PRECISION
void step_cases(World& world);
/// train/NETWORK/bBATCH/PRECISION
void training_cases(World& world);
/// Single layers: layer/...
void layer_cases();
/// What surrounds the network: part/...
void part_cases();
/// One slice: thor/NETWORK/cCALLS/PRECISION, ddpm/..., and in fast settings fast/NETWORK/seedsN/PRECISION
void detection_cases(World& world);

}  // namespace thor::bench
