// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/image/image.h"
#include "thor/pipeline/calibration.h"
#include "thor/pipeline/case_list.h"
#include "thor/pipeline/pipeline.h"

namespace thor {

/// A decoded image on its way through the pipeline: as little of the native image as its outputs need.
struct OpenCase {
  CaseInput input;
  ImageKey key;
  Tensor unit;                  ///< float32 [size,size] in [0,1], for the network
  Tensor gray;                  ///< uint8 [H,W], the native image as the overlay shows it
  double black = 0, white = 1;  ///< native values of 0 and 1
  Geometry geometry;
  bool medical = false;
};
/// Reads and preprocesses one image. Throws Input and Unsupported as `read_image` and `preprocess` do.
OpenCase open_case(const CaseInput& input, const PreprocessConfig& config);

/// The cases of a batch as a detector takes them, [N,1,size,size].
Images stacked(const std::vector<OpenCase>& batch);

/// What the network found in one case, on the network's grid.
struct CaseFinding {
  Tensor map, pseudo_healthy;  ///< float32 [size,size]
  double score = 0;
};

/// Writes the files of a case, each whole or absent, the sidecar last; an old sidecar goes first, so that one never
/// stands beside the map of another run. Throws Input where the folder cannot be written.
class CaseWriter {
 public:
  /// Throws Usage: a rate for the mask that is none, or that the model's calibration does not have.
  CaseWriter(const Pipeline& pipeline, const DetectOptions& options, const RunConfig& run);
  CaseOutput write(const OpenCase& one, const CaseFinding& finding) const;
  /// Throws Usage where a result would take the place of an input or of a mask that no earlier run wrote, or be taken
  /// for an input by the next run.
  void check_inputs(const std::vector<CaseInput>& cases) const;

 private:
  std::string path(const std::string& file) const { return options_.output + "/" + file; }
  std::string write_map(const OpenCase& one, const Tensor& map, double full_scale) const;
  std::string write_pseudo_healthy(const OpenCase& one, const Tensor& unit) const;
  std::string write_overlay(const OpenCase& one, const Tensor& map) const;
  std::string write_mask(const OpenCase& one, const Tensor& network_map) const;
  nlohmann::json calibrated(double score) const;
  void check_masks(const std::vector<CaseInput>& cases) const;
  void remove_old(const std::string& name) const;

  DetectOptions options_;
  std::optional<Calibration> calibration_;  ///< of this detector and setting, where the model has it
  nlohmann::json common_;                   ///< what the sidecars of a run share
};

}  // namespace thor
