// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "thor/image/image.h"
#include "thor/pipeline/finding.h"
#include "thor/pipeline/pipeline.h"

namespace thor {

/// Examines a scan in memory: map, pseudo-healthy image, mask, scores, p-values and lesions on its own grid. The same,
/// to the bit in float32, as `detect_files` writes. `batch` slices go through the network at once; the result does not
/// depend on it. Progress ("examining") is counted in network calls, one for each slice and step. Two threads may
/// examine with two pipelines, each with a `context` of its own (null = that of the calling thread), or one after the
/// other with one pipeline. Throws Input as the model's steps do; Usage: a rate that the calibration does not have;
/// Interrupted where the context is asked to stop.
///
///     const Model model = load_model("brain-t1-axial");
///     DetectorChoice choice = choose_detector(model, "", {});
///     const Pipeline pipeline(model, std::move(choice.detector), {});
///     FindingOptions options;
///     options.calibration = find_calibration(model, {choice.name, choice.config, pipeline.perceptual()});
///     const Finding found = examine(pipeline, read_scan("scan.nii.gz"), options);
Finding examine(const Pipeline& pipeline, Image scan, const FindingOptions& options = {}, int64_t batch = 8,
                RunContext* context = nullptr);

/// The same of many scans, whose slices share batches. All of them are in memory at once.
std::vector<Finding> examine(const Pipeline& pipeline, std::vector<Image> scans, const FindingOptions& options = {},
                             int64_t batch = 8, RunContext* context = nullptr);

}  // namespace thor
