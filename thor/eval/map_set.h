// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <set>
#include <string>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/data/case_list.h"
#include "thor/data/split.h"
#include "thor/pipeline/detector_choice.h"
#include "thor/pipeline/pipeline.h"
#include "thor/pipeline/scan_looks.h"
#include "thor/pipeline/slice_queue.h"

namespace thor {

/// What one method found in one list of images, on the network's grid: what metrics are computed from.
struct MapSet {
  std::vector<std::string> names;   ///< N, as the list names them; of slices of one volume the same N times
  Tensor images;                    ///< float32 [N,S,S] in [0,1], what the network saw
  Tensor maps;                      ///< float32 [N,S,S] >= 0
  Tensor pseudo_healthy;            ///< float32 [N,S,S] in [0,1]
  Tensor region;                    ///< bool [N,S,S], pixels that the maps are about; undefined = all
  std::vector<double> scores;       ///< N, image scores
  std::vector<double> z_mm;         ///< N, heights of the slices
  std::vector<ScanLooks> looks;     ///< N, of the slices; not stored
  std::vector<CaseFailure> failed;  ///< images that could not be used
  std::set<std::string> withheld;   ///< names of scans of another kind (scan_check.h), where slices_of_scan opened them
  int64_t network_calls = 0;        ///< that one image costs
  double seconds = 0;               ///< wall clock per image, without decoding
  JsonText about;                   ///< detector, config, perceptual, seed, precision, model hash, version
};

/// Detects every row's image. A bad image is recorded in `failed`, the rest goes on; the set may end empty. Throws
/// Interrupted. Shows its progress, unless `after_call` is given to count the images of every pass through the network.
MapSet detect_set(const Pipeline& pipeline, const DetectorSetting& detector, const std::vector<SplitRow>& rows,
                  const RunConfig& run, const Pipeline::NetworkCallback& after_call = {});

/// The same of pictures and volumes: of a volume, every slice that the model examines and that shows something becomes
/// one of the set, all under the volume's name. With `registered_only` a volume whose registration failed is one that
/// could not be used.
MapSet detect_slices(const Pipeline& pipeline, const DetectorSetting& detector, const std::vector<CaseInput>& inputs,
                     const RunConfig& run, bool registered_only = true);

/// The same of slices that are ready for the network; they have no names.
MapSet detect_opened(const Pipeline& pipeline, const DetectorSetting& detector, const std::vector<NetworkSlice>& slices,
                     const RunConfig& run);

/// The detector, its knobs and the perceptual distance that the maps were made with. Throws Input where the set does
/// not say.
CalibrationSetting setting_of(const MapSet& set);

/// The run that made a set of maps, for tables; "" where the set does not say.
struct MadeBy {
  std::string detector, settings, perceptual, device, precision, model_sha256;
};
MadeBy made_by(const JsonText& about);

/// The rows of a list as cases, named as it names them.
std::vector<CaseInput> cases_of_rows(const std::vector<SplitRow>& rows);

/// The image of a row, turned in its plane as it was for the network (slice_orientation.h): masks are to be brought to
/// it. Throws as `read_image` and `slice_order` do.
Image read_as_detected(const MapSet& set, const SplitRow& row);

/// The sets of one method in parts of one list, as one. Throws Internal for none or for another grid.
MapSet join_map_sets(const std::vector<MapSet>& parts);

/// Some slices of a set, in this order; nothing of `failed` and `withheld`.
MapSet some_slices(const MapSet& set, const std::vector<size_t>& slices);

/// The set itself. Throws Input, with the first failure, where it is empty.
MapSet need_maps(MapSet set);

/// One safetensors file with everything above; appears whole or not at all.
void save_map_set(const std::string& path, const MapSet& set);
/// Throws Input where the file is not one of these.
MapSet load_map_set(const std::string& path);

}  // namespace thor
