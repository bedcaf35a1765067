// SPDX-License-Identifier: Apache-2.0
#include "thor/synth/xray_anomaly.h"

#include <algorithm>
#include <array>

#include "thor/base/error.h"
#include "thor/synth/shading.h"

namespace thor {
namespace {

using Findings = std::vector<XrayFinding>;

/// A place beside a bone's axis.
Point beside(const LongBone& bone, double along, double across) {
  const Point axis = bone.direction();
  return bone.joint + along * axis + across * Point{-axis.y, axis.x};
}

double either_sign(Random& random) { return random.uniform() < 0.5 ? -1 : 1; }

/// Kirschner wires: drilled from the side of the radius's end through both of its walls.
Findings wires(Random& random, const LongBone& radius) {
  const uint64_t count = 2 + random.below(2);
  const double side = either_sign(random);
  Findings findings;
  for (uint64_t i = 0; i < count; ++i) {
    const Point entry = beside(radius, random.uniform(-0.3, -0.1), side * random.uniform(0.12, 0.24));
    const Point tip = beside(radius, random.uniform(0.45, 0.8), -side * random.uniform(0.02, 0.08));
    findings.push_back({{{entry, tip, random.uniform(0.015, 0.021), random.uniform(1.8, 2.6)}}, {}});
  }
  return findings;
}

/// A plate along the shaft of the radius, held by screws.
Findings plate(Random& random, const LongBone& radius) {
  const double first = random.uniform(0.10, 0.2), last = first + random.uniform(0.34, 0.5);
  const double off = random.uniform(-0.02, 0.02), half = random.uniform(0.028, 0.038);
  XrayFinding finding;
  finding.rods.push_back({beside(radius, first, off), beside(radius, last, off), half, random.uniform(1.0, 1.5)});
  for (double along = first + 0.02; along < last; along += 0.09) {
    const double reach = radius.shaft + random.uniform(0.01, 0.03), tilt = random.uniform(-0.02, 0.02);
    finding.rods.push_back({beside(radius, along - tilt, off - reach), beside(radius, along + tilt, off + reach), 0.012,
                            random.uniform(0.9, 1.2)});
  }
  return {finding};
}

BrokenBone broken(Random& random, const WristAnatomy& wrist, size_t bone) {
  const bool forearm = bone < WristAnatomy::kFirstMetacarpal;
  const LongBone& shape = wrist.long_bones()[bone];
  const double near = forearm ? 2.0 * shape.joint_end : 0.3 * length(shape.far - shape.joint);
  const double place = near + random.uniform(0, forearm ? 0.28 : 0.12);
  return {bone,
          {place, random.uniform(-0.45, 0.45), either_sign(random) * random.uniform(0.3, 0.65) * shape.shaft,
           random.uniform(0.012, 0.022)}};
}

Findings metal(Random& random, const WristAnatomy& wrist) {
  const LongBone& radius = wrist.long_bones()[WristAnatomy::kRadius];
  return random.uniform() < 0.5 ? wires(random, radius) : plate(random, radius);
}

Findings fracture(Random& random, const WristAnatomy& wrist) {
  const double kind = random.uniform();
  if (kind < 0.3)
    return {{{}, {broken(random, wrist, WristAnatomy::kRadius)}}, {{}, {broken(random, wrist, WristAnatomy::kUlna)}}};
  const size_t metacarpal = WristAnatomy::kFirstMetacarpal + random.below(WristAnatomy::kMetacarpals);
  return {{{}, {broken(random, wrist, kind < 0.8 ? WristAnatomy::kRadius : metacarpal)}}};
}

Findings splinters(Random& random, const WristAnatomy& wrist) {
  Findings findings;
  const uint64_t count = 1 + random.below(2);
  for (uint64_t i = 0; i < count; ++i) {
    const size_t bone = random.below(WristAnatomy::kFirstMetacarpal + WristAnatomy::kMetacarpals);
    const Point place = beside(wrist.long_bones()[bone], random.uniform(0.05, 0.4), random.uniform(-0.14, 0.14));
    const double turn = random.uniform(0, M_PI), reach = random.uniform(0.015, 0.05);
    const Point way{reach * std::cos(turn), reach * std::sin(turn)};
    findings.push_back({{{place - way, place + way, random.uniform(0.014, 0.03), random.uniform(0.8, 1.6)}}, {}});
  }
  return findings;
}

struct Kind {
  const char* label;
  Findings (*draw)(Random& random, const WristAnatomy& wrist);
};
/// Every label; a row here is all a new one needs.
constexpr std::array<Kind, 3> kKinds{{{"metal", metal}, {"fracture", fracture}, {"foreignbody", splinters}}};

}  // namespace

double Rod::attenuation(Point at, double pixel) const {
  const Point whole = to - from, start = at - from;
  const double squared_length = std::max(whole.x * whole.x + whole.y * whole.y, 1e-12);
  const double along = std::clamp((start.x * whole.x + start.y * whole.y) / squared_length, 0.0, 1.0);
  return density * cover(length(start - along * whole) - half, pixel);
}

const std::vector<std::string>& xray_labels() {
  static const std::vector<std::string> labels = [] {
    std::vector<std::string> names;
    for (const Kind& kind : kKinds) names.emplace_back(kind.label);
    return names;
  }();
  return labels;
}

std::vector<XrayFinding> draw_xray_findings(Random& random, const WristAnatomy& wrist, const std::string& label) {
  for (const Kind& kind : kKinds)
    if (label == kind.label) return kind.draw(random, wrist);
  fail_usage("a radiograph's label '{}' is not one of {}", label, fmt::join(xray_labels(), ", "));
}

}  // namespace thor
