// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/examine.h"

#include <algorithm>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/pipeline/scan_exam.h"
#include "thor/pipeline/slice_queue.h"

namespace thor {

std::vector<Finding> examine(const Pipeline& pipeline, std::vector<Image> scans, const FindingOptions& options,
                             int64_t batch, RunContext* context) {
  const RunScope scope(context);
  std::vector<std::unique_ptr<ScanExam>> exams;
  int64_t calls = 0;
  for (Image& scan : scans) {
    exams.push_back(open_exam(pipeline.model(), options, std::move(scan)));
    calls += exams.back()->slices() * std::max<int64_t>(1, pipeline.network_calls());
  }
  Progress progress("examining", calls);
  SliceQueue queue(pipeline, batch, [&](int64_t more) {
    progress.advance(more);
    throw_if_interrupted();
  });
  for (const auto& exam : exams)
    for (int64_t slice = 0; slice < exam->slices(); ++slice)
      queue.add(exam->slice(slice), [&exam, slice](const SliceFinding* finding) {
        if (!finding) fail_input("the network's result is not finite; the model may be broken");
        exam->take(slice, *finding);
      });
  queue.flush();
  std::vector<Finding> findings;
  for (auto& exam : exams) {
    findings.push_back(exam->finish());
    exam.reset();
  }
  return findings;
}

Finding examine(const Pipeline& pipeline, Image scan, const FindingOptions& options, int64_t batch,
                RunContext* context) {
  std::vector<Image> one;
  one.push_back(std::move(scan));
  return std::move(examine(pipeline, std::move(one), options, batch, context).front());
}

}  // namespace thor
