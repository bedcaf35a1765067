// SPDX-License-Identifier: Apache-2.0
#include "thor/results/result_case.h"

#include "thor/base/log.h"

namespace thor {

FindingOptions finding_options(const CaseSurroundings& with) {
  return {with.folder.calibration(), with.options.point, with.options.ignore_check, with.options.volume};
}

void warn_of(const ScanCheck& check, const CaseInput& input) {
  if (!check.passed()) warn("'{}': {}", input.path, describe(check));
}

}  // namespace thor
