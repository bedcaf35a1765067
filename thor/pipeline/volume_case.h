// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/data/volume_chain.h"
#include "thor/pipeline/open_case.h"
#include "thor/pipeline/scan_check.h"

namespace thor {

/// An axial slice of a volume at the end of its chain.
struct ExaminedSlice {
  int64_t index = 0;   ///< in the chain's whole volume
  double z_mm = 0;     ///< its height in the chain's space
  bool blank = false;  ///< nothing to see: map 0, no call of the network
  double score = 0;
};

/// A volume between its reading and its writing (docs/volumes.md). Holds the scan, the examined slices of the chain's
/// volume, which turn into the pseudo-healthy ones one by one, their map and their mask; nothing else of that size.
class VolumeCase : public ExaminedCase {
 public:
  /// Takes the scan through the model's chain. Throws as the steps do.
  VolumeCase(const CaseInput& input, const CaseSurroundings& with, Image scan);
  const CaseInput& input() const override { return input_; }
  int64_t slices() const override { return static_cast<int64_t>(seen_.size()); }
  Tensor unit(int64_t i) const override;
  ImageKey key(int64_t i) const override;
  void take(int64_t i, const SliceFinding& finding) override;
  uint64_t bytes() const override { return scan_.voxels.nbytes() + 3 * map_.nbytes(); }
  CaseOutput write() override;

 private:
  /// The results on the scan's own grid.
  struct Native {
    Tensor map, healthy, mask;  ///< float32, float32, bytes; no mask without a calibration that holds for the scan
    double seen_share = 0;      ///< of the voxels, in examined slices
  };
  /// The calibration, where the model has one and the scan is of its kind.
  const Calibration* calibration() const;
  Native bring_home();
  std::vector<Lesion> find(Native& native, nlohmann::json& about) const;
  void write_volumes(const Native& native, nlohmann::json& about) const;
  void write_dicom(const Native& native, nlohmann::json& about) const;
  void write_pictures(const Native& native, const std::vector<Lesion>& lesions, nlohmann::json& about) const;
  void add_scores(CaseOutput& output, nlohmann::json& about) const;
  nlohmann::json facts() const;
  Point3 point_to_show(const Native& native, const std::vector<Lesion>& lesions) const;
  Tensor native_values();
  std::string path(const std::string& file) const { return with_.folder.path(input_, file); }

  CaseInput input_;
  CaseSurroundings with_;
  Image scan_;
  ChainedVolume chained_;  ///< cut to the slices from the first to the last one
  Window window_;
  ScanCheck check_;
  uint64_t id_ = 0;
  std::vector<ExaminedSlice> slices_;  ///< of chained_, in order
  std::vector<size_t> seen_;           ///< those of them that are not blank
  Tensor map_, mask_;                  ///< on the chain's grid, float32 and bytes
};

/// Names a volume in random streams, whatever its file is called and in whatever orientation it stores the voxels: from
/// their number and values, not from their order.
uint64_t volume_id(const Tensor& voxels);

}  // namespace thor
