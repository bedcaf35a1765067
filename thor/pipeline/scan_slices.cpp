// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/scan_slices.h"

#include "thor/base/error.h"
#include "thor/data/archive.h"
#include "thor/pipeline/scan_check.h"
#include "thor/pipeline/scan_exam.h"

namespace thor {

void check_registered(const ScanSlices& scan, const CaseInput& input) {
  const std::vector<std::string> findings = check_registration(scan.record).findings;
  if (!findings.empty()) fail_input("'{}': {}; look at it, or leave it out", input.path, fmt::join(findings, "; "));
}

ScanSlices slices_of_scan(const CaseInput& input, const Model& model, Image scan) {
  const auto open = [&] {
    const auto exam = open_exam(model, {}, std::move(scan));
    if (exam->slices() == 0) fail_input("it has nothing to see in the {} slices examined", exam->examined_slices());
    ScanSlices found;
    for (int64_t i = 0; i < exam->slices(); ++i) found.slices.push_back(exam->slice(i));
    found.withheld = !exam->check().allows_claims();
    found.record = exam->steps();
    return found;
  };
  return scan.voxels.size(0) == 1 ? open() : with_context(fmt::format("examining '{}'", input.path), open);
}

ScanSlices slices_of_scan(const CaseInput& input, const Model& model) {
  if (is_archive(input.path))
    fail(ErrorKind::Unsupported, "'{}' is an archive of prepared slices; name the scans it was made of", input.path);
  return slices_of_scan(input, model, read_scan(input.path, input.choice));
}

}  // namespace thor
