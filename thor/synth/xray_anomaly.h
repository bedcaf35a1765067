// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/random.h"
#include "thor/synth/xray_anatomy.h"

namespace thor {

/// A dense rod with round ends, in the subject's frame.
struct Rod {
  Point from, to;
  double half = 0;     ///< half width
  double density = 0;  ///< what the beam loses in its middle

  double attenuation(Point at, double pixel) const;
};

/// What one box is drawn around.
struct XrayFinding {
  std::vector<Rod> rods;
  std::vector<BrokenBone> broken;
};

/// The labels that a phantom can have, as in GRAZPEDWRI-DX.
const std::vector<std::string>& xray_labels();

/// One to three findings with that label in this wrist: metal (wires, or a plate with screws), fracture (of one bone or
/// of radius and ulna), foreignbody (a splinter or two). Throws Usage for another label.
std::vector<XrayFinding> draw_xray_findings(Random& random, const WristAnatomy& wrist, const std::string& label);

}  // namespace thor
