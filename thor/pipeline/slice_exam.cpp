// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "thor/pipeline/open_slice.h"
#include "thor/pipeline/scan_exam.h"

namespace thor {
namespace {

/// A scan of one slice, or a picture.
class SliceExam : public ScanExam {
 public:
  SliceExam(const Model& model, const FindingOptions& options, Image scan)
      : options_(with_point(options)), scan_(std::move(scan)), open_(open_slice(model, scan_)) {
    check_ = check_scan(model, open_.slice.unit.unsqueeze(0), {});
    compare_looks(check_, options.calibration, looks_of(model.tissue, {open_.slice.unit}, {open_.slice.z_mm}), 1);
    check_.ignored = options.ignore_check && !check_.passed();
  }
  int64_t slices() const override { return 1; }
  int64_t examined_slices() const override { return 1; }
  NetworkSlice slice(int64_t) const override { return open_.slice; }
  void take(int64_t, const SliceFinding& finding) override { finding_ = finding; }
  uint64_t bytes() const override { return scan_.voxels.nbytes() + open_.slice.unit.nbytes() + open_.gray.nbytes(); }
  const ScanCheck& check() const override { return check_; }
  const JsonText& steps() const override { return steps_; }
  const Image& scan() const override { return scan_; }
  Finding finish() override;

 private:
  FindingOptions options_;
  Image scan_;
  OpenSlice open_;
  ScanCheck check_;
  JsonText steps_;  // stays null: a single slice takes none
  SliceFinding finding_;
};

Finding SliceExam::finish() {
  const bool calibrated = options_.calibration && check_.calibration_holds();
  std::optional<double> threshold;
  if (calibrated) threshold = options_.calibration->threshold(options_.point);
  const StoredSlice stored = as_stored(open_, finding_, threshold);
  Finding finding;
  finding.map = stored.map.unsqueeze(0);
  finding.pseudo_healthy = (stored.pseudo_healthy * (open_.white - open_.black) + open_.black).unsqueeze(0);
  if (threshold) finding.mask = stored.mask.to(at::kByte).unsqueeze(0);
  finding.score = finding_.score;
  if (calibrated) finding.p_value = options_.calibration->p_value(finding_.score);
  finding.slices = {{0, 0, false, finding_.score, finding.p_value}};
  finding.check = check_;
  finding.window = {open_.black, open_.white};
  finding.examined = grid_of(scan_);
  return finding;
}

}  // namespace

FindingOptions with_point(FindingOptions options) {
  if (!options.calibration) return options;
  options.point = options.calibration->resolved(options.point);
  options.calibration->threshold(options.point);
  return options;
}

std::unique_ptr<ScanExam> open_slice_exam(const Model& model, const FindingOptions& options, Image scan) {
  return std::make_unique<SliceExam>(model, options, std::move(scan));
}

}  // namespace thor
