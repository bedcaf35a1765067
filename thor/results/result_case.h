// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "thor/pipeline/open_slice.h"
#include "thor/results/detect_files.h"
#include "thor/results/result_folder.h"

namespace thor {

/// A case between its reading and its writing: slices go out to the network, findings come back, in any batches.
/// One thread at a time uses a case; it moves from the thread that reads to the one that examines and the one that
/// writes.
class ExaminedCase {
 public:
  virtual ~ExaminedCase() = default;
  virtual const CaseInput& input() const = 0;
  /// How many slices the network has to see; may be 0.
  virtual int64_t slices() const = 0;
  /// Slice i as the network takes it.
  virtual NetworkSlice slice(int64_t i) const = 0;
  /// What it found there.
  virtual void take(int64_t i, const SliceFinding& finding) = 0;
  /// Memory held, about.
  virtual uint64_t bytes() const = 0;
  /// Writes the results once all slices are back; called once. Throws Input where the folder cannot be written.
  virtual CaseOutput write() = 0;
};

/// What cases need beside their image; all of it outlives them.
struct CaseSurroundings {
  const Pipeline& pipeline;
  const DetectOptions& options;
  const ResultFolder& folder;
};
/// What is to be found in every scan of a run.
FindingOptions finding_options(const CaseSurroundings& with);
/// Warns of what the check of a case finds.
void warn_of(const ScanCheck& check, const CaseInput& input);
/// Reads one input: a picture or single slice, a volume, or a prepared archive. Throws Input and Unsupported as the
/// readers and the model's steps do.
std::unique_ptr<ExaminedCase> examine_case(const CaseInput& input, const CaseSurroundings& with);
std::unique_ptr<ExaminedCase> examine_picture(const CaseInput& input, const CaseSurroundings& with, const Image& image);
std::unique_ptr<ExaminedCase> examine_volume(const CaseInput& input, const CaseSurroundings& with, Image scan);

}  // namespace thor
