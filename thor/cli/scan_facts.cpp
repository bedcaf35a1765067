// SPDX-License-Identifier: Apache-2.0
#include "thor/cli/scan_facts.h"

#include <ATen/ATen.h>

#include <cmath>

namespace thor {
namespace {

double rounded(double value) { return std::round(value * 1e6) / 1e6 + 0.0; }

nlohmann::json rounded_rows(const Affine& affine) {
  nlohmann::json rows = nlohmann::json::array();
  for (int row = 0; row < 3; ++row) {
    rows.push_back(nlohmann::json::array());
    for (int column = 0; column < 4; ++column) rows.back().push_back(rounded(affine.at(row, column)));
  }
  return rows;
}

/// Slice by slice: a volume in double precision would take more memory than reading it.
double mean_of(const Tensor& voxels) {
  double sum = 0;
  for (int64_t z = 0; z < voxels.size(0); ++z) sum += voxels[z].mean(at::kDouble).item<double>();
  return sum / static_cast<double>(voxels.size(0));
}

nlohmann::json three(const Point3& numbers) { return {rounded(numbers[0]), rounded(numbers[1]), rounded(numbers[2])}; }

}  // namespace

nlohmann::json scan_facts(const Image& image) {
  const Affine& affine = image.geometry.ras_from_voxel;
  const Grid grid = grid_of(image);
  const Point3 middle{(grid.size[0] - 1) / 2.0, (grid.size[1] - 1) / 2.0, (grid.size[2] - 1) / 2.0};
  nlohmann::json facts;
  facts["scan"] = {{"path", image.path}, {"size", grid.size}, {"encoding", image.encoding}};
  facts["values"] = {{"smallest", image.voxels.min().item<float>()},
                     {"mean", mean_of(image.voxels)},
                     {"largest", image.voxels.max().item<float>()}};
  if (image.medical)
    facts["geometry"] = {{"spacing_mm", three(spacing_mm(affine))},
                         {"orientation", orientation_of(affine)},
                         {"shear", rounded(shear_of(affine))},
                         {"centre_ras_mm", three(affine(middle))},
                         {"ras_from_voxel", rounded_rows(affine)}};
  if (image.dicom)
    facts["series"] = {{"uid", image.dicom->series_uid},
                       {"description", image.dicom->series_description},
                       {"modality", image.dicom->modality},
                       {"study_uid", image.dicom->study_uid},
                       {"first_slice", image.dicom->slices.front().file}};
  return facts;
}

nlohmann::json series_facts(const std::string& path) {
  nlohmann::json list = nlohmann::json::array();
  for (const SeriesInfo& info : dicom_series(path))
    list.push_back({{"number", info.number},
                    {"description", info.description},
                    {"modality", info.modality},
                    {"slices", info.slices},
                    {"rows", info.rows},
                    {"columns", info.columns},
                    {"uid", info.uid}});
  return list;
}

}  // namespace thor
