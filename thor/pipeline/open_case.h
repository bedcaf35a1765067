// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "thor/data/preprocess.h"
#include "thor/detect/detector.h"
#include "thor/image/image.h"
#include "thor/image/resample.h"
#include "thor/pipeline/case_list.h"
#include "thor/pipeline/detect_files.h"
#include "thor/pipeline/finding.h"
#include "thor/pipeline/result_folder.h"

namespace thor {

/// A decoded picture on its way through the pipeline: as little of the native image as its outputs need.
struct OpenCase {
  CaseInput input;
  ImageKey key;
  Tensor unit;                    ///< float32 [size,size] in [0,1], for the network
  Tensor gray;                    ///< uint8 [H,W], the native image as the overlay shows it
  AxisOrder order;                ///< that turned it in its plane to lie as the model's slices do (slice_orientation.h)
  int64_t height = 0, width = 0;  ///< once turned
  double black = 0, white = 1;    ///< native values of 0 and 1
  Geometry geometry;
  bool medical = false;
};
/// Reads and preprocesses one image. Throws Input and Unsupported as `read_image` and `preprocess` do.
OpenCase open_case(const CaseInput& input, const PreprocessConfig& config);
/// The same of an image that is read already; it has a single slice.
OpenCase open_case(const CaseInput& input, const PreprocessConfig& config, const Image& image);

/// The cases of a batch as a detector takes them, [N,1,size,size].
Images stacked(const std::vector<OpenCase>& batch);

/// What was found in a case's one slice, brought back to lie as its file stores it.
struct StoredSlice {
  Tensor map;             ///< float32 [H,W]
  Tensor pseudo_healthy;  ///< float32 [H,W] in [0,1]: of the window from black to white
  Tensor mask;            ///< float32 [H,W], 0 or 1: the map's values above a threshold; undefined without one
};
StoredSlice as_stored(const OpenCase& one, const SliceFinding& finding, std::optional<double> threshold);

/// A case between its reading and its writing: slices go out to the network, findings come back, in any batches.
class ExaminedCase {
 public:
  virtual ~ExaminedCase() = default;
  virtual const CaseInput& input() const = 0;
  /// How many slices the network has to see; may be 0.
  virtual int64_t slices() const = 0;
  /// What it sees of slice i, [size,size] in [0,1], and which random streams belong to it.
  virtual Tensor unit(int64_t i) const = 0;
  virtual ImageKey key(int64_t i) const = 0;
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
/// readers and the model's chain do.
std::unique_ptr<ExaminedCase> examine_case(const CaseInput& input, const CaseSurroundings& with);
std::unique_ptr<ExaminedCase> examine_picture(const CaseInput& input, const CaseSurroundings& with, const Image& image);
std::unique_ptr<ExaminedCase> examine_volume(const CaseInput& input, const CaseSurroundings& with, Image scan);

}  // namespace thor
