// SPDX-License-Identifier: Apache-2.0
#include "thor/results/detect_files.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/data/case_list.h"
#include "thor/pipeline/slice_queue.h"
#include "thor/results/prefetch.h"
#include "thor/results/result_case.h"
#include "thor/results/result_folder.h"
#include "thor/results/write_queue.h"

namespace thor {
namespace {

/// Above this the slices of a case do not wait for the next case to fill their batch.
constexpr uint64_t kMaxWaitingBytes = uint64_t{1} << 30;

/// A case, and how much of it is back from the network.
struct Examined {
  std::unique_ptr<ExaminedCase> one;
  int64_t open = 0;  ///< slices that are not back yet
  bool finite = true;
  uint64_t waiting_bytes = 0;  ///< memory held while it waits
};

/// One run over a list of inputs. Slices wait until a batch is full, whatever cases they belong to; a case is written
/// when its last slice is back. The next cases are read and the last ones written while the network runs.
class FolderRun {
 public:
  FolderRun(const CaseSurroundings& with, int64_t batch, const std::vector<CaseInput>& cases)
      : with_(with),
        cases_(cases),
        progress_("detecting", static_cast<int64_t>(cases.size()) * calls_of_slice()),
        queue_(with.pipeline, batch, [this](int64_t count) { progress_.advance(count); }),
        ahead_(cases.size(), [this](size_t index) { return examine_case(cases_[index], with_); },
               {static_cast<size_t>(batch)}),
        behind_([this](uint64_t bytes) { ahead_.release(bytes); }) {}

  void examine_all() {
    for (const CaseInput& input : cases_) {
      throw_if_interrupted();
      if (waiting_bytes_ > kMaxWaitingBytes) queue_.flush();
      examine(input);
    }
    queue_.flush();
    behind_.finish();
  }

  /// What is written and what failed.
  FolderResult result() {
    behind_.finish();  // a failure to write must not be lost where an interrupt came after it
    result_.done = behind_.outputs();
    return std::move(result_);
  }

 private:
  int64_t calls_of_slice() const { return std::max<int64_t>(1, with_.pipeline.network_calls()); }

  void examine(const CaseInput& input) {
    const std::shared_ptr<Examined> examined = open(input);
    if (!examined) return;
    progress_.extend((examined->open - 1) * calls_of_slice());
    if (examined->open == 0) return close(*examined);
    examined->waiting_bytes = examined->one->bytes();
    waiting_bytes_ += examined->waiting_bytes;
    for (int64_t slice = 0, count = examined->open; slice < count; ++slice)
      queue_.add(examined->one->slice(slice),
                 [this, examined, slice](const SliceFinding* finding) { give_back(*examined, slice, finding); });
  }

  /// The next case, if it can be used: a bad one does not stop the others.
  std::shared_ptr<Examined> open(const CaseInput& input) {
    try {
      auto one = ahead_.next();
      const int64_t slices = one->slices();
      return std::make_shared<Examined>(Examined{std::move(one), slices});
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Internal || error.kind() == ErrorKind::Usage) throw;
      result_.failed.push_back({input.path, error.what()});
      progress_.advance(calls_of_slice());
      return nullptr;
    }
  }

  void give_back(Examined& examined, int64_t slice, const SliceFinding* finding) {
    examined.finite = examined.finite && finding;
    if (finding) examined.one->take(slice, *finding);
    if (--examined.open > 0) return;
    waiting_bytes_ -= examined.waiting_bytes;
    close(examined);
  }

  void close(Examined& examined) {
    if (examined.finite) return behind_.write(std::move(examined.one));
    const std::string input = examined.one->input().path;
    result_.failed.push_back(
        {input, fmt::format("the network's result for '{}' is not finite; the model may be broken", input)});
    ahead_.release(examined.one->bytes());
    examined.one.reset();
  }

  CaseSurroundings with_;
  const std::vector<CaseInput>& cases_;
  FolderResult result_;
  Progress progress_;
  SliceQueue queue_;
  uint64_t waiting_bytes_ = 0;  ///< of cases with slices that are not back
  Prefetch ahead_;
  WriteQueue behind_;  // after what it reports to
};

}  // namespace

FolderResult detect_files(const Pipeline& pipeline, const DetectOptions& options, const RunConfig& run) {
  const RunScope scope(run.context);
  options.volume.check();
  const std::vector<CaseInput> cases = list_cases(options.inputs, {options.choice, options.participants});
  const ResultFolder folder(pipeline, options, run);
  folder.check_inputs(cases);
  FolderRun work({pipeline, options, folder}, run.batch, cases);
  bool stopped = false;
  try {
    work.examine_all();
  } catch (const Interrupted&) {
    stopped = true;
  }
  FolderResult result = work.result();
  if (stopped) warn("stopped on request: {} of {} inputs are finished", result.done.size(), cases.size());
  return result;
}

}  // namespace thor
