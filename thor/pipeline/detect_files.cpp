// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/detect_files.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/pipeline/case_list.h"
#include "thor/pipeline/open_case.h"
#include "thor/pipeline/result_folder.h"

namespace thor {
namespace {

/// Above this the slices of a case do not wait for the next case to fill their batch.
constexpr uint64_t kMaxWaitingBytes = uint64_t{1} << 30;

/// A case, and how much of it is back from the network.
struct Examined {
  std::unique_ptr<ExaminedCase> one;
  int64_t open = 0;  ///< slices that are not back yet
  bool finite = true;
};

/// One run over a list of inputs. Slices wait until a batch is full, whatever cases they belong to; a case is written
/// when its last slice is back.
class FolderRun {
 public:
  FolderRun(const CaseSurroundings& with, int64_t batch, size_t cases)
      : with_(with), batch_(batch), progress_("detecting", static_cast<int64_t>(cases) * calls_of_slice()) {}

  void examine(const CaseInput& input) {
    if (waiting_bytes() > kMaxWaitingBytes) flush();
    const std::shared_ptr<Examined> examined = open(input);
    if (!examined) return;
    progress_.extend((examined->open - 1) * calls_of_slice());
    if (examined->open == 0) write(*examined);
    for (int64_t slice = 0, count = examined->open; slice < count; ++slice) {
      waiting_.push_back({examined, slice});
      if (static_cast<int64_t>(waiting_.size()) == batch_) flush();
    }
  }

  /// Examines what waits.
  void flush() {
    if (waiting_.empty()) return;
    const std::vector<Waiting> batch = std::move(waiting_);
    waiting_.clear();
    const Detection found = detect(batch);
    for (size_t i = 0; i < batch.size(); ++i) give_back(batch[i], found, static_cast<int64_t>(i));
  }

  FolderResult result;

 private:
  struct Waiting {
    std::shared_ptr<Examined> of;
    int64_t slice = 0;
  };

  int64_t calls_of_slice() const { return std::max<int64_t>(1, with_.pipeline.network_calls()); }

  uint64_t waiting_bytes() const {
    uint64_t bytes = 0;
    for (size_t i = 0; i < waiting_.size(); ++i)
      if (i == 0 || waiting_[i].of != waiting_[i - 1].of) bytes += waiting_[i].of->one->bytes();
    return bytes;
  }

  /// The case, if it can be used: a bad one does not stop the others.
  std::shared_ptr<Examined> open(const CaseInput& input) {
    try {
      auto one = examine_case(input, with_);
      const int64_t slices = one->slices();
      return std::make_shared<Examined>(Examined{std::move(one), slices, true});
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Internal || error.kind() == ErrorKind::Usage) throw;
      result.failed.push_back({input.path, error.what()});
      progress_.advance(calls_of_slice());
      return nullptr;
    }
  }

  Detection detect(const std::vector<Waiting>& batch) {
    Images images;
    std::vector<Tensor> units;
    for (const Waiting& waiting : batch) {
      units.push_back(waiting.of->one->unit(waiting.slice));
      images.keys.push_back(waiting.of->one->key(waiting.slice));
    }
    images.pixels = at::stack(units).unsqueeze(1);  // [N,1,size,size]
    return with_.pipeline.detect(images, [&](int64_t count) { progress_.advance(count); });
  }

  void give_back(const Waiting& waiting, const Detection& found, int64_t i) {
    Examined& examined = *waiting.of;
    const SliceFinding finding{found.map[i][0], found.pseudo_healthy[i][0], found.score[i].item<double>()};
    const bool finite =
        at::isfinite(finding.map).all().item<bool>() && at::isfinite(finding.pseudo_healthy).all().item<bool>();
    examined.finite = examined.finite && finite;
    if (finite) examined.one->take(waiting.slice, finding);
    if (--examined.open == 0) write(examined);
  }

  void write(Examined& examined) {
    const std::string input = examined.one->input().path;
    if (examined.finite)
      result.done.push_back(examined.one->write());
    else
      result.failed.push_back(
          {input, fmt::format("the network's result for '{}' is not finite; the model may be broken", input)});
    examined.one.reset();
  }

  CaseSurroundings with_;
  int64_t batch_;
  Progress progress_;
  std::vector<Waiting> waiting_;
};

}  // namespace

FolderResult detect_files(const Pipeline& pipeline, const DetectOptions& options, const RunConfig& run) {
  options.volume.check();
  const std::vector<CaseInput> cases = list_cases(options.inputs, {options.choice, options.participants});
  const ResultFolder folder(pipeline, options, run);
  folder.check_inputs(cases);
  FolderRun work({pipeline, options, folder}, run.batch, cases.size());
  try {
    for (const CaseInput& one : cases) {
      throw_if_interrupted();
      work.examine(one);
    }
    work.flush();
  } catch (const Interrupted&) {
    warn("stopped on request: {} of {} inputs are finished", work.result.done.size(), cases.size());
  }
  return std::move(work.result);
}

}  // namespace thor
