// SPDX-License-Identifier: Apache-2.0
#include "thor/data/archive.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>

#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/nn/safetensors.h"

namespace thor {
namespace {

using nlohmann::json;

constexpr const char* kFormat = "archive 1";

json described(PreprocessConfig config) { return Fields(config).to_json(); }

std::string sha256_of(const Tensor& slices) {
  return Sha256().update(slices.data_ptr(), static_cast<uint64_t>(slices.nbytes())).hex();
}

/// Fills one slice of the archive. -> what is wrong with the image, "" where nothing is
std::string prepare_one(const SplitRow& row, const PreprocessConfig& config, const Tensor& slice) {
  try {
    slice.copy_(preprocess(config, read_image(row.image)).unit);
    return {};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Input && error.kind() != ErrorKind::Unsupported) throw;
    return fmt::format("'{}' ({})", row.name, error.what());
  }
}

void check_problems(const std::vector<std::string>& problems) {
  constexpr size_t kShown = 50;
  std::vector<std::string> bad;
  for (const auto& problem : problems)
    if (!problem.empty()) bad.push_back(problem);
  if (bad.empty()) return;
  const auto end = bad.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, bad.size()));
  fail_input("{} of {} images cannot be used: {}{}", bad.size(), problems.size(), fmt::join(bad.begin(), end, "; "),
             bad.size() > kShown ? fmt::format("; and {} more", bad.size() - kShown) : "");
}

const std::string& metadata(const Safetensors& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) fail_input("it has no '{}': not an archive made by `thor prepare`", key);
  return found->second;
}

PreprocessConfig read_preprocess(const std::string& text) {
  PreprocessConfig config;
  try {
    Fields(config).read(text);
  } catch (const Error& error) {
    fail_input("its preprocessing cannot be understood: {}", error.what());
  }
  return config;
}

std::vector<std::string> read_names(const std::string& text, int64_t count) {
  const json names = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!names.is_array() || static_cast<int64_t>(names.size()) != count)
    fail_input("it must name each of its {} slices", count);
  std::vector<std::string> result;
  for (const auto& name : names) {
    if (!name.is_string()) fail_input("the name of slice {} is not text", result.size());
    result.push_back(name.get<std::string>());
  }
  return result;
}

Tensor read_slices(const Safetensors& file) {
  const auto found = file.tensors.find("slices");
  if (found == file.tensors.end()) fail_input("it has no tensor 'slices': not an archive made by `thor prepare`");
  const Tensor& slices = found->second;
  if (slices.scalar_type() != at::kFloat || slices.dim() != 3 || slices.size(0) < 1 || slices.size(1) < 1 ||
      slices.size(1) != slices.size(2))
    fail_input("its slices are {} {}, expected float32 [N,size,size]", std::string(slices.dtype().name()),
               shape_text(slices.sizes()));
  // NaN fails both comparisons.
  if (!(slices.min().item<float>() >= 0 && slices.max().item<float>() <= 1))
    fail_input("its slices have values outside [0,1]");
  return slices;
}

Archive parse_archive(const std::string& path) {
  const Safetensors file = read_safetensors(path);
  if (const auto& format = metadata(file, "thor.format"); format != kFormat)
    fail_input("its format is '{}', expected '{}'; prepare the images again", format, kFormat);
  Archive archive;
  archive.slices = read_slices(file);
  archive.names = read_names(metadata(file, "thor.names"), archive.slices.size(0));
  archive.preprocess = read_preprocess(metadata(file, "thor.preprocess"));
  if (archive.preprocess.size != archive.slices.size(1))
    fail_input("its slices are {}, but its preprocessing says size {}", shape_text(archive.slices.sizes()),
               archive.preprocess.size);
  archive.sha256 = sha256_of(archive.slices);
  if (archive.sha256 != metadata(file, "thor.sha256"))
    fail_input("its slices do not have the checksum they were written with: the file is damaged");
  return archive;
}

void check_same(const PreprocessConfig& archive, const PreprocessConfig& config) {
  const json made = described(archive), wanted = described(config);
  std::vector<std::string> differences;
  for (const auto& [field, value] : wanted.items()) {
    if (field == "percentile" && config.intensity != "percentile") continue;
    if (made[field] != value)
      differences.push_back(
          fmt::format("preprocess.{} is {} there and {} in the config", field, made[field].dump(), value.dump()));
  }
  if (!differences.empty())
    fail_usage("the archive was prepared differently: {}; set the config alike or prepare again",
               fmt::join(differences, ", "));
}

}  // namespace

Archive prepare(const std::vector<SplitRow>& rows, const PreprocessConfig& config) {
  if (rows.empty()) fail_input("there are no images to prepare");
  const auto count = static_cast<int64_t>(rows.size());
  Archive archive;
  archive.preprocess = config;
  archive.slices = at::empty({count, config.size, config.size}, at::kFloat);
  std::vector<std::string> problems(rows.size());
  Progress progress("preparing", count);
  std::mutex reporting;
  // One image a thread: the operations on a single slice are too small to be shared between threads.
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end && !interrupted(); ++i) {
      problems[static_cast<size_t>(i)] = prepare_one(rows[static_cast<size_t>(i)], config, archive.slices[i]);
      const std::lock_guard lock(reporting);
      progress.advance();
    }
  });
  if (interrupted()) fail_input("stopped on request before all {} images were prepared", count);
  check_problems(problems);
  for (const SplitRow& row : rows) archive.names.push_back(row.name);
  archive.sha256 = sha256_of(archive.slices);
  return archive;
}

void write_archive(const std::string& path, const Archive& archive) {
  Safetensors file;
  const Tensor slices = archive.slices.contiguous();
  file.tensors["slices"] = slices;
  file.metadata = {{"thor.format", kFormat},
                   {"thor.names", json(archive.names).dump()},
                   {"thor.preprocess", described(archive.preprocess).dump()},
                   {"thor.sha256", sha256_of(slices)}};
  write_safetensors(path, file);
}

Archive read_archive(const std::string& path) {
  return with_context(fmt::format("reading the archive '{}'", path), [&] { return parse_archive(path); });
}

Archive open_training_data(const std::string& path, const PreprocessConfig& config) {
  if (std::filesystem::path(path).extension() != ".safetensors") return prepare(read_split(path), config);
  Archive archive = read_archive(path);
  with_context(fmt::format("opening '{}'", path), [&] { check_same(archive.preprocess, config); });
  return archive;
}

}  // namespace thor
