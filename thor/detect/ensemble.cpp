// SPDX-License-Identifier: Apache-2.0
#include "thor/detect/ensemble.h"

#include <ATen/ATen.h>

#include "thor/base/error.h"
#include "thor/detect/anomaly_map.h"
#include "thor/detect/chain.h"
#include "thor/detect/scan_relative.h"

namespace thor {

void EnsembleConfig::describe(Fields& fields) {
  fields.add("smooth", &smooth, "blur of the summed evidence, pixels", between(0, 64));
}

Detection Ensemble::detect(const Context& context, const Images& images) const {
  if (context.members.empty()) fail(ErrorKind::Internal, "an ensemble without members");
  Detection found;
  for (const MemberView& member : context.members) {
    Detection one = member.detect(images);
    const Tensor evidence_of_one = evidence(member.reference, one.map, images.z_mm);
    found.map = found.map.defined() ? found.map + evidence_of_one : evidence_of_one;
    if (!found.pseudo_healthy.defined()) found.pseudo_healthy = one.pseudo_healthy;
  }
  found.map = gaussian_blur(found.map, config_.smooth);
  found.score = mean_score(found.map);
  return found;
}

std::unique_ptr<Detector> make_ensemble() {
  return std::make_unique<ScanRelative>(std::make_unique<Ensemble>(EnsembleConfig()));
}

}  // namespace thor
