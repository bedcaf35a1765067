// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "thor/base/json_text.h"
#include "thor/base/tensor.h"
#include "thor/pipeline/calibration.h"
#include "thor/pipeline/model.h"

namespace thor {

/// Whether a scan is of the kind that the model was trained on. Only then do a mask, a p-value and a table of lesions
/// mean what they say; the map itself is given for every scan.
struct ScanCheck {
  std::vector<std::string>
      findings;                      ///< why it is not, for people: what was measured, what was expected; empty = it is
  std::optional<double> similarity;  ///< to the template, nats, where the steps register (docs/preprocessing.md)
  std::optional<double> contrast;    ///< of the template's tissues in the scan (registration.h), where they register
  std::optional<double> intensity_distance;  ///< `distance_from` the training images, where the model describes them
  std::optional<Unlikeness> unlikeness;      ///< to the healthy scans of the calibration, where there is one
  bool ignored = false;                      ///< the user asks for mask, p-value and lesions in spite of all this
  /// True for a scan of the model's kind that looks like the healthy ones of the calibration.
  bool passed() const { return findings.empty() && !(unlikeness && unlikeness->beyond()); }
  /// True where a table of lesions may be given: of the calibrated mask, or of the map's own highest values.
  bool allows_claims() const { return findings.empty() || ignored; }
  /// True where a mask and a p-value may be given too.
  bool calibration_holds() const { return passed() || ignored; }
};

/// Looks at the record of the steps that led to a volume's slices (null for a picture) alone: a scan is not of the
/// model's kind where a step of registration ended below kDoubtfulSimilarity or kLeastContrast.
ScanCheck check_registration(const JsonText& steps);

/// Looks at that record and at the slices that the network sees, float32 [N,size,size] in [0,1], N >= 0: a scan is not
/// of the model's kind either where the quantiles of the foreground lie more than 0.1 of the unit range outside of all
/// that the training images span. A model that does not describe its training images cannot tell the latter.
ScanCheck check_scan(const Model& model, const Tensor& slices, const JsonText& steps);

/// Compares a scan of so many slices with the healthy scans of a calibration, where there is one: thresholds and
/// p-values mean nothing for a scan that looks like none of them.
void compare_looks(ScanCheck& check, const std::optional<Calibration>& calibration, const ScanLooks& scan,
                   int64_t slices);

/// One line for people: what is withheld and why.
std::string describe(const ScanCheck& check);

}  // namespace thor
