// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/examine.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "thor/base/error.h"
#include "thor/base/log.h"
#include "thor/pipeline/scan_exam.h"

namespace thor {
namespace {

/// A slice of one of the scans.
struct Place {
  ScanExam* of = nullptr;
  int64_t slice = 0;
};

void examine_batch(const Pipeline& pipeline, const std::vector<Place>& batch,
                   const Pipeline::NetworkCallback& after_call) {
  Images images;
  std::vector<Tensor> units;
  for (const Place& place : batch) {
    units.push_back(place.of->unit(place.slice));
    images.keys.push_back(place.of->key(place.slice));
  }
  images.pixels = at::stack(units).unsqueeze(1);  // [N,1,size,size]
  const Detection found = pipeline.detect(images, after_call);
  if (!at::isfinite(found.map).all().item<bool>() || !at::isfinite(found.pseudo_healthy).all().item<bool>())
    fail_input("the network's result is not finite; the model may be broken");
  for (size_t i = 0; i < batch.size(); ++i) {
    const auto n = static_cast<int64_t>(i);
    batch[i].of->take(batch[i].slice, {found.map[n][0], found.pseudo_healthy[n][0], found.score[n].item<double>()});
  }
}

}  // namespace

std::vector<Finding> examine(const Pipeline& pipeline, std::vector<Image> scans, const FindingOptions& options,
                             int64_t batch, RunContext* context) {
  const RunScope scope(context);
  if (batch < 1) fail_usage("a batch of {} slices, expected at least 1", batch);
  std::vector<std::unique_ptr<ScanExam>> exams;
  std::vector<Place> places;
  for (Image& scan : scans) {
    exams.push_back(open_exam(pipeline.model(), options, std::move(scan)));
    for (int64_t slice = 0; slice < exams.back()->slices(); ++slice) places.push_back({exams.back().get(), slice});
  }
  const auto count = static_cast<int64_t>(places.size());
  Progress progress("examining", count * std::max<int64_t>(1, pipeline.network_calls()));
  const auto after_call = [&](int64_t calls) {
    progress.advance(calls);
    throw_if_interrupted();
  };
  for (int64_t first = 0; first < count; first += batch)
    examine_batch(pipeline, {places.begin() + first, places.begin() + std::min(count, first + batch)}, after_call);
  std::vector<Finding> findings;
  for (auto& exam : exams) {
    findings.push_back(exam->finish());
    exam.reset();
  }
  return findings;
}

Finding examine(const Pipeline& pipeline, Image scan, const FindingOptions& options, int64_t batch,
                RunContext* context) {
  std::vector<Image> one;
  one.push_back(std::move(scan));
  return std::move(examine(pipeline, std::move(one), options, batch, context).front());
}

}  // namespace thor
