// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/slice_queue.h"

#include <ATen/ATen.h>

#include <chrono>
#include <cmath>

#include "thor/base/error.h"

namespace thor {

SliceQueue::SliceQueue(const Pipeline& pipeline, int64_t batch, Pipeline::NetworkCallback after_call)
    : pipeline_(pipeline), batch_(batch), after_call_(std::move(after_call)) {
  if (batch < 1) fail_usage("a batch of {} slices, expected at least 1", batch);
}

void SliceQueue::add(NetworkSlice slice, Receiver receiver) {
  slices_.push_back(std::move(slice));
  receivers_.push_back(std::move(receiver));
  if (static_cast<int64_t>(slices_.size()) >= batch_) flush();
}

void SliceQueue::flush() {
  if (slices_.empty()) return;
  const std::vector<NetworkSlice> slices = std::move(slices_);
  const std::vector<Receiver> receivers = std::move(receivers_);
  slices_.clear();
  receivers_.clear();
  Images images;
  std::vector<Tensor> units;
  std::vector<float> heights;
  for (const NetworkSlice& slice : slices) {
    units.push_back(slice.unit);
    images.keys.push_back(slice.key);
    heights.push_back(static_cast<float>(slice.z_mm));
  }
  images.z_mm = at::tensor(heights, at::kFloat);
  images.pixels = at::stack(units).unsqueeze(1);  // [N,1,size,size]
  const auto start = std::chrono::steady_clock::now();
  const Detection found = pipeline_.detect(images, after_call_);
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (size_t i = 0; i < receivers.size(); ++i) {
    const auto n = static_cast<int64_t>(i);
    const SliceFinding finding{found.map[n][0], found.pseudo_healthy[n][0],
                               found.region.defined() ? found.region[n][0] : Tensor(), found.score[n].item<double>()};
    const bool finite = at::isfinite(finding.map).all().item<bool>() &&
                        at::isfinite(finding.pseudo_healthy).all().item<bool>() && std::isfinite(finding.score);
    receivers[i](finite ? &finding : nullptr);
  }
}

}  // namespace thor
