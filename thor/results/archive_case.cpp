// SPDX-License-Identifier: Apache-2.0
#include "thor/results/archive_case.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "thor/base/ending.h"
#include "thor/base/error.h"
#include "thor/base/utf8.h"
#include "thor/nn/weights/safetensors.h"

namespace thor {
namespace {

constexpr const char *kMapsFormat = "maps 1", *kArchiveEnding = ".safetensors";

/// An archive that does not fit the model is one bad input among others, not a bad command line.
Archive open_listed_archive(const CaseInput& input, const CaseSurroundings& with) {
  try {
    return open_archive(input.path, with.pipeline.model().config.preprocess);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Usage) throw;
    fail_input("{}", error.what());
  }
}

}  // namespace

ArchiveCase::ArchiveCase(const CaseInput& input, const CaseSurroundings& with)
    : input_(input), with_(with), archive_(open_listed_archive(input, with)) {
  if (with.options.layout == ResultLayout::Bids)
    fail_usage("'{}' is an archive, whose slices have no BIDS names; detect it without the layout `bids`", input.path);
  maps_ = at::zeros_like(archive_.slices);
  healthy_ = at::zeros_like(archive_.slices);
  scores_.resize(static_cast<size_t>(slices()));
}

NetworkSlice ArchiveCase::slice(int64_t i) const {
  Image image;
  image.voxels = archive_.slices.narrow(0, i, 1);
  return {archive_.slices[i], {content_id(image), 0}};
}

void ArchiveCase::take(int64_t i, const SliceFinding& finding) {
  maps_[i].copy_(finding.map);
  healthy_[i].copy_(finding.pseudo_healthy);
  scores_[static_cast<size_t>(i)] = finding.score;
}

CaseOutput ArchiveCase::write() {
  Sidecar about = with_.folder.begin(input_);
  const auto& calibration = with_.folder.calibration();
  CaseOutput output{input_.path, input_.name, {}, *std::max_element(scores_.begin(), scores_.end()), {}, {}, {}};
  for (size_t i = 0; i < scores_.size(); ++i) {
    SidecarSlice slice{archive_.names[i], {}};
    slice.found.score = scores_[i];
    if (calibration) slice.found.p_value = calibration->p_value(scores_[i]);
    about.slices.push_back(std::move(slice));
  }
  Safetensors file;
  file.tensors = {{"maps", maps_}, {"pseudo_healthy", healthy_}};
  file.metadata = {{"thor.format", kMapsFormat}, {"thor.names", dump_json(nlohmann::json(archive_.names))}};
  if (calibration) {
    file.tensors["masks"] = maps_.gt(with_.folder.threshold()).to(at::kByte);
    const auto slices = static_cast<int64_t>(scores_.size());
    output.p_value = calibration->p_value_of_scan(output.score, slices);
    about.calibration = with_.folder.calibrated(*output.p_value, calibration->rule_of_scan("archive", slices));
  }
  about.map = with_.folder.file(input_, "map", kArchiveEnding);
  about.archive_sha256 = archive_.sha256;
  about.score = output.score;
  output.map_path = with_.folder.path(input_, about.map);
  write_safetensors(output.map_path, file);
  with_.folder.finish(input_, about);
  return output;
}

}  // namespace thor
