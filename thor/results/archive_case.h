// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/data/archive.h"
#include "thor/results/result_case.h"

namespace thor {

/// The slices of a prepared archive, examined as they lie in it: no scan is decoded and nothing is brought to another
/// grid. Its result is one file of maps (docs/conventions.md, "Maps of an archive").
class ArchiveCase : public ExaminedCase {
 public:
  /// Opens the archive. Throws Input where it is damaged; Usage where it was not prepared as the model's training data,
  /// or BIDS names are wanted for it.
  ArchiveCase(const CaseInput& input, const CaseSurroundings& with);
  const CaseInput& input() const override { return input_; }
  int64_t slices() const override { return archive_.slices.size(0); }
  NetworkSlice slice(int64_t i) const override;
  void take(int64_t i, const SliceFinding& finding) override;
  uint64_t bytes() const override { return maps_.nbytes() + healthy_.nbytes(); }
  CaseOutput write() override;

 private:
  CaseInput input_;
  CaseSurroundings with_;
  Archive archive_;
  Tensor maps_, healthy_;  ///< float32 [N,size,size]
  std::vector<double> scores_;
};

}  // namespace thor
