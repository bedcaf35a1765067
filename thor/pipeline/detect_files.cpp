// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/pipeline/case_list.h"
#include "thor/pipeline/case_writer.h"
#include "thor/pipeline/pipeline.h"

namespace thor {
namespace {

/// One run over a list of images: never more than a batch of them in memory.
struct FolderRun {
  const Pipeline& pipeline;
  const CaseWriter& writer;
  Progress progress;
  FolderResult result;

  FolderRun(const Pipeline& with, const CaseWriter& to, size_t images)
      : pipeline(with), writer(to), progress("detecting", static_cast<int64_t>(images) * of_one_image()) {}

  int64_t of_one_image() const { return std::max<int64_t>(1, pipeline.network_calls()); }

  void fail_case(const CaseInput& input, const std::string& message) {
    result.failed.push_back({input.path, message});
    progress.advance(of_one_image());
  }

  /// The image of one case, if it can be used: a bad one does not stop the others.
  void open(const CaseInput& input, std::vector<OpenCase>& batch) {
    try {
      batch.push_back(open_case(input, pipeline.model().config.preprocess));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Internal || error.kind() == ErrorKind::Usage) throw;
      fail_case(input, error.what());
    }
  }

  Detection detect(const std::vector<OpenCase>& batch) {
    return pipeline.detect(stacked(batch), [&](int64_t count) { progress.advance(count); });
  }

  void examine(const std::vector<OpenCase>& batch) {
    if (batch.empty()) return;
    const Detection found = detect(batch);
    for (size_t i = 0; i < batch.size(); ++i) {
      const int64_t n = static_cast<int64_t>(i);
      const CaseFinding finding{found.map[n][0], found.pseudo_healthy[n][0], found.score[n].item<double>()};
      if (at::isfinite(finding.map).all().item<bool>() && at::isfinite(finding.pseudo_healthy).all().item<bool>())
        result.done.push_back(writer.write(batch[i], finding));
      else
        result.failed.push_back(
            {batch[i].input.path, fmt::format("the network's result for '{}' is not finite; the model "
                                              "may be broken",
                                              batch[i].input.path)});
    }
  }
};

}  // namespace

FolderResult detect_files(const Pipeline& pipeline, const DetectOptions& options, const RunConfig& run) {
  const std::vector<CaseInput> cases = list_cases(options.inputs);
  const CaseWriter writer(pipeline, options, run);
  writer.check_inputs(cases);
  FolderRun work(pipeline, writer, cases.size());
  try {
    for (size_t next = 0; next < cases.size();) {
      std::vector<OpenCase> batch;
      while (next < cases.size() && static_cast<int64_t>(batch.size()) < run.batch) {
        throw_if_interrupted();
        work.open(cases[next++], batch);
      }
      work.examine(batch);
    }
  } catch (const Interrupted&) {
    warn("stopped on request: {} of {} images are finished", work.result.done.size(), cases.size());
  }
  return std::move(work.result);
}

}  // namespace thor
