// SPDX-License-Identifier: Apache-2.0
#include "thor/data/prepare.h"

#include <ATen/ATen.h>
#include <omp.h>

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/data/healthy_list.h"
#include "thor/data/scan_part.h"
#include "thor/data/slice_pictures.h"

namespace thor {
namespace {

/// The scans of one job, shared by its workers.
class PrepareRun {
 public:
  explicit PrepareRun(const PrepareJob& job)
      : job_(job),
        templates_sha256_(sha256_of(job.templates)),
        parts_(job.scans.size()),
        reports_(job.scans.size()),
        progress_("preparing", static_cast<int64_t>(job.scans.size())) {
    if (!job.pictures.empty()) pictures_.emplace(job.pictures);
  }

  void work() {
    std::vector<std::thread> others;
    const auto workers = std::min<int64_t>(job_.workers, static_cast<int64_t>(job_.scans.size()));
    for (int64_t i = 1; i < workers; ++i) others.emplace_back(in_current_context([this] { take_scans(); }));
    const int threads = omp_get_max_threads();
    take_scans();
    omp_set_num_threads(threads);
    for (auto& other : others) other.join();
    if (problem_) std::rethrow_exception(problem_);
    throw_if_interrupted();
  }

  PrepareResult result() {
    PrepareResult result;
    result.archive.preprocess = job_.preprocess;
    result.archive.templates = job_.templates;
    collect(result.archive);
    note_sick(result.archive);
    if (pictures_) result.pictures = pictures_->finish();
    result.scans = std::move(reports_);
    return result;
  }

 private:
  void take_scans() {
    omp_set_num_threads(1);  // the operations on one scan are too small to be shared; of this thread only
    for (size_t i; (i = next_++) < job_.scans.size() && !interrupted() && !stopped_;) {
      try {
        take(i);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!problem_) problem_ = std::current_exception();
        stopped_ = true;
      }
      const std::lock_guard lock(mutex_);
      progress_.advance();
    }
  }

  /// One scan: read again where it is finished already, else prepared and kept.
  void take(size_t index) {
    const SplitRow& scan = job_.scans[index];
    ScanReport& report = reports_[index];
    report.name = scan.name;
    const std::string path = job_.keep.empty() ? "" : part_file(job_.keep, scan);
    const std::string key = job_.keep.empty() ? "" : part_key(scan, job_.preprocess, templates_sha256_);
    auto part = job_.keep.empty() ? std::nullopt : read_part(path, key);
    const bool finished = part && (!pictures_ || part->pictures.defined());
    if (!finished) part = made(scan, report);
    if (!part) return;
    if (!pictures_) part->pictures = Tensor();
    const bool keeps = part->volume && !job_.keep.empty();
    if (keeps && !finished) {  // a disk that is full is no fault of the scan's
      make_folder(job_.keep);
      write_part(path, *part, key);
    }
    report.record = part->record;
    slices_ += part->slices.size(0);
    if (part->volume) ++volumes_;
    if (keeps) {
      report.part = path;
      return;
    }
    part->views.clear();
    parts_[index] = std::move(*part);
  }

  /// Nothing where the scan cannot be used; the report says why.
  std::optional<ScanPart> made(const SplitRow& scan, ScanReport& report) const {
    try {
      return make_part(scan, job_.preprocess, job_.templates);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Input && error.kind() != ErrorKind::Unsupported) throw;
      report.failure = error.what();
      return {};
    }
  }

  /// All slices, in the order of the list; what is in files is read from there, so that volumes need no memory.
  void collect(Archive& archive) {
    if (slices_ == 0) fail_input("{0} of {0} images cannot be used: {1}", reports_.size(), failures_of(reports_));
    const int64_t size = job_.preprocess.size;
    archive.slices = at::empty({slices_, size, size}, at::kFloat);
    archive.z_mm = at::empty({slices_}, at::kFloat);
    archive.brain = at::empty(archive.slices.sizes(), at::kByte);
    archive.volumes = volumes_;
    for (size_t i = 0, first = 0; i < reports_.size(); ++i) {
      if (!reports_[i].failure.empty()) continue;
      const ScanPart part = part_of(i);
      archive.slices.narrow(0, static_cast<int64_t>(first), part.slices.size(0)).copy_(part.slices);
      archive.names.insert(archive.names.end(), part.names.begin(), part.names.end());
      archive.brain.narrow(0, static_cast<int64_t>(first), part.brain.size(0)).copy_(part.brain);
      std::copy(part.z_mm.begin(), part.z_mm.end(), archive.z_mm.data_ptr<float>() + first);
      if (pictures_ && part.volume) pictures_->write(part.names, part.pictures);
      first += part.names.size();
      parts_[i] = {};
    }
  }

  /// A mask that cannot be read does not cost the scan, which is prepared without it.
  void note_sick(Archive& archive) const {
    for (size_t i = 0; i < reports_.size(); ++i) try {
        if (reports_[i].failure.empty() && marks_lesion(job_.scans[i])) archive.sick.push_back(reports_[i].name);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::Input && error.kind() != ErrorKind::Unsupported) throw;
        warn("'{}' may have a lesion: its mask cannot be used: {}", reports_[i].name, error.what());
      }
  }

  ScanPart part_of(size_t index) {
    const std::string& path = reports_[index].part;
    if (path.empty()) return std::move(parts_[index]);
    auto part = read_part(path, part_key(job_.scans[index], job_.preprocess, templates_sha256_));
    if (!part) fail_input("'{}' or its scan has changed while it was prepared; start again", path);
    return std::move(*part);
  }

  const PrepareJob& job_;
  const std::string templates_sha256_;
  std::vector<ScanPart> parts_;  // of what is not in files
  std::vector<ScanReport> reports_;
  std::optional<SlicePictures> pictures_;
  std::atomic<size_t> next_{0};
  std::atomic<int64_t> slices_{0}, volumes_{0};
  std::atomic<bool> stopped_{false};
  std::exception_ptr problem_;
  std::mutex mutex_;
  Progress progress_;
};

}  // namespace

std::string failures_of(const std::vector<ScanReport>& scans) {
  constexpr size_t kShown = 50;
  std::vector<std::string> bad;
  for (const auto& scan : scans)
    if (!scan.failure.empty()) bad.push_back(fmt::format("'{}' ({})", scan.name, scan.failure));
  const auto end = bad.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, bad.size()));
  return fmt::format("{}{}", fmt::join(bad.begin(), end, "; "),
                     bad.size() > kShown ? fmt::format("; and {} more", bad.size() - kShown) : "");
}

PrepareResult prepare_scans(const PrepareJob& job) {
  const RunScope scope(job.context);
  if (job.scans.empty()) fail_input("there are no images to prepare");
  if (job.workers < 1) fail_usage("there are {} workers, expected at least 1", job.workers);
  job.preprocess.check();
  if (!job.pictures.empty() && job.preprocess.intensity != Intensity::FullRange)
    fail_usage(
        "slices can be written as pictures where preprocess.intensity is full_range, not {}: a picture would be scaled "
        "by itself, its slice by its volume; end preprocess.steps with {{step: intensity, bits: 8}}",
        name_of(job.preprocess.intensity));
  PrepareRun run(job);
  run.work();
  PrepareResult result = run.result();
  result.archive.sha256 = sha256_of_slices(result.archive.slices);
  return result;
}

}  // namespace thor
