// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <vector>

#include "thor/image/image.h"
#include "thor/pipeline/finding.h"
#include "thor/pipeline/pipeline.h"

namespace thor {

/// How far an examination is, and whether it is to go on: called after every pass through the network with the number
/// of network calls that are done and that there will be (one for each slice and step); false stops it.
using ExamProgress = std::function<bool(int64_t done, int64_t total)>;

/// Examines a scan in memory: map, pseudo-healthy image, mask, scores, p-values and lesions on its own grid. The same,
/// to the bit in float32, as `detect_files` writes. `batch` slices go through the network at once; the result does not
/// depend on it. Two threads may examine with two pipelines, or one after the other with one. Throws Input as the
/// model's steps do; Usage: a rate that the calibration does not have; Interrupted where `progress` says false.
///
///     const Model model = load_model("brain-t1-axial");
///     DetectorChoice choice = choose_detector(model, "", {});
///     const Pipeline pipeline(model, std::move(choice.detector), {});
///     FindingOptions options;
///     options.calibration = find_calibration(model, {choice.name, choice.config, pipeline.perceptual()});
///     const Finding found = examine(pipeline, read_scan("scan.nii.gz"), options);
Finding examine(const Pipeline& pipeline, Image scan, const FindingOptions& options = {}, int64_t batch = 8,
                const ExamProgress& progress = {});

/// The same of many scans, whose slices share batches. All of them are in memory at once.
std::vector<Finding> examine(const Pipeline& pipeline, std::vector<Image> scans, const FindingOptions& options = {},
                             int64_t batch = 8, const ExamProgress& progress = {});

}  // namespace thor
