// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "thor/data/case_list.h"
#include "thor/pipeline/calibration.h"
#include "thor/results/detect_files.h"
#include "thor/results/sidecar.h"

namespace thor {

/// The folder that results go to: what their files are called, what all sidecars of a run say, and which old files give
/// way. A sidecar is written last; an old one goes first, so that one never stands beside the map of another run.
/// The functions of different cases may be called by several threads at once: one reads ahead, one writes.
class ResultFolder {
 public:
  /// Makes the folder. Throws Usage: an unknown layout, a rate for the mask that is none, or that the model's
  /// calibration does not have, for BIDS a folder that another dataset is described in; Input where the folder cannot
  /// be written.
  ResultFolder(const Pipeline& pipeline, const DetectOptions& options, const RunConfig& run);
  /// Throws Usage where a result would take the place of an input, of another result or of a sidecar, mask or
  /// segmentation that no earlier run wrote, or be taken for an input by the next run.
  void check_inputs(const std::vector<CaseInput>& cases) const;

  /// NAME_kind.ending, or as BIDS names it: the name within the case's own folder.
  std::string file(const CaseInput& input, const std::string& kind, const std::string& ending) const;
  /// Of the results page of a volume.
  std::string page(const CaseInput& input) const;
  /// Of what goes to DICOM viewers: the segmentation, and the folder of the map's series.
  std::string segmentation(const CaseInput& input) const { return input.name + "_seg.dcm"; }
  std::string map_series(const CaseInput& input) const { return input.name + "_map_dicom"; }
  /// Where a file of a case lies.
  std::string path(const CaseInput& input, const std::string& file) const;
  /// The sidecar of a case begins with what all of them say; removes an old one with the mask and the DICOM results of
  /// its run, makes the case's folder.
  Sidecar begin(const CaseInput& input) const;
  /// Writes the sidecar: the case is complete.
  void finish(const CaseInput& input, Sidecar about) const;

  /// Of this detector and setting, where the model has one.
  const std::optional<Calibration>& calibration() const { return calibration_; }
  /// The map value above which the mask is set; only where there is a calibration.
  double threshold() const { return calibration_->threshold(options_.point); }
  /// What a sidecar says of it.
  SidecarCalibration calibrated(double p_value, std::string p_value_of = {}) const;

 private:
  bool bids() const { return options_.layout == ResultLayout::Bids; }
  std::string sidecar(const CaseInput& input) const;
  std::string source(const CaseInput& input) const;
  void check_is_ours(const CaseInput& input) const;
  void remove_old(const CaseInput& input) const;
  void describe_dataset();

  DetectOptions options_;
  std::optional<Calibration> calibration_;
  Sidecar common_;   ///< what the sidecars of a run share
  std::string raw_;  ///< BIDS: the dataset that inputs lie in, "" where they lie in none
};

}  // namespace thor
