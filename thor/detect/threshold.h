// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/detect/detector.h"

namespace thor {

/// The intensities that are suspicious.
enum class Tail { Dark, Bright, Both };
inline Names names_of(Tail) { return {"dark", "bright", "both"}; }

/// Parameters of `threshold`.
struct ThresholdConfig {
  Tail tail = Tail::Both;
  double foreground = 0.1;  ///< threshold between air and head, in units of the image's 98th percentile
  void describe(Fields& fields);
};

/// The intensity baseline without a network (Meissen et al., BrainLes 2021, arXiv 2109.06023). With v = x / (x + median
/// of the head) the map is v (bright), 1 - v (dark) or |2v - 1| (both), and 0 outside the head. The pseudo-healthy
/// image is the input.
class Threshold : public Detector {
 public:
  explicit Threshold(const ThresholdConfig& config) : config_(config) {}
  void describe(Fields& fields) override { config_.describe(fields); }
  int64_t network_calls(int64_t) const override { return 0; }
  std::optional<Process> undoes() const override { return std::nullopt; }
  void check(const Diffusion&) const override {}
  Detection detect(const Context& context, const Images& images) const override;

 private:
  Tensor map_of(const Tensor& image, const Tensor& inside) const;

  ThresholdConfig config_;
};

}  // namespace thor
