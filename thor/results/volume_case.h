// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "thor/pipeline/scan_exam.h"
#include "thor/results/result_case.h"

namespace thor {

/// A volume between its reading and its writing (docs/volumes.md): its exam, and where its results go.
class VolumeCase : public ExaminedCase {
 public:
  /// Takes the scan through the model's steps. Throws as they do.
  VolumeCase(const CaseInput& input, const CaseSurroundings& with, Image scan);
  const CaseInput& input() const override { return input_; }
  int64_t slices() const override { return exam_->slices(); }
  NetworkSlice slice(int64_t i) const override { return exam_->slice(i); }
  void take(int64_t i, const SliceFinding& finding) override { exam_->take(i, finding); }
  uint64_t bytes() const override { return exam_->bytes(); }
  CaseOutput write() override;

 private:
  void write_volumes(const Finding& found, Sidecar& about) const;
  void write_dicom(const Finding& found, Sidecar& about) const;
  void write_pictures(const Finding& found, Sidecar& about) const;
  void add_scores(const Finding& found, Sidecar& about) const;
  SidecarLesions lesions_of(const Finding& found) const;
  SidecarVolume facts(const Finding& found) const;
  Point3 point_to_show(const Finding& found) const;
  const Image& scan() const { return exam_->scan(); }
  std::string path(const std::string& file) const { return with_.folder.path(input_, file); }

  CaseInput input_;
  CaseSurroundings with_;
  std::unique_ptr<ScanExam> exam_;
};

}  // namespace thor
