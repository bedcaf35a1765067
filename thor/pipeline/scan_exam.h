// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "thor/base/json_text.h"
#include "thor/detect/detector.h"
#include "thor/image/image.h"
#include "thor/pipeline/finding.h"
#include "thor/pipeline/model.h"
#include "thor/pipeline/slice_queue.h"

namespace thor {

/// One scan between its reading and its finding: slices go out to the network and come back in any batches, together
/// with those of other scans. For one thread at a time.
class ScanExam {
 public:
  virtual ~ScanExam() = default;
  /// How many slices the network has to see; may be 0.
  virtual int64_t slices() const = 0;
  /// How many slices are examined: these and blank ones.
  virtual int64_t examined_slices() const = 0;
  /// Slice i as the network takes it.
  virtual NetworkSlice slice(int64_t i) const = 0;
  /// What it found there.
  virtual void take(int64_t i, const SliceFinding& finding) = 0;
  /// Memory held, about, in bytes.
  virtual uint64_t bytes() const = 0;
  /// Whether the scan is of the model's kind; known from the start.
  virtual const ScanCheck& check() const = 0;
  /// What the model's steps measured in a volume; null of a single slice.
  virtual const JsonText& steps() const = 0;
  /// The scan itself.
  virtual const Image& scan() const = 0;
  /// Once all slices are back; called once.
  virtual Finding finish() = 0;
};

/// Takes a scan through the model's steps: a volume, or a single slice, which takes none of them. `model` outlives the
/// exam. Throws Input as the steps and `preprocess` do; Usage: a rate that the calibration does not have.
std::unique_ptr<ScanExam> open_exam(const Model& model, const FindingOptions& options, Image scan);
std::unique_ptr<ScanExam> open_volume_exam(const Model& model, const FindingOptions& options, Image scan);
std::unique_ptr<ScanExam> open_slice_exam(const Model& model, const FindingOptions& options, Image scan);

}  // namespace thor
