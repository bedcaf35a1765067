// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/random.h"
#include "thor/synth/xray_anatomy.h"

namespace thor {

/// A dense rod with round ends, in the frame of the subject.
struct Rod {
  Point from, to;
  double half = 0;     ///< half width
  double density = 0;  ///< attenuation of the beam at its axis

  double attenuation(Point at, double pixel) const;
};

/// One finding, the content of one box.
struct XrayFinding {
  std::vector<Rod> rods;
  std::vector<BrokenBone> broken;
};

/// Returns the labels of phantoms, as in GRAZPEDWRI-DX.
const std::vector<std::string>& xray_labels();

/// Draws one to three findings with the label in the wrist: metal (wires, or a plate with screws), fracture (of one
/// bone or of radius and ulna), foreignbody (a splinter or two). Throws Usage for another label.
std::vector<XrayFinding> draw_xray_findings(Random& random, const WristAnatomy& wrist, const std::string& label);

}  // namespace thor
