// SPDX-License-Identifier: Apache-2.0
// What several tests share: where the reference data lie, how far two tensors are apart, a folder that cleans up.
#pragma once
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace thor::test {

inline std::string environment_or(const char* name, const std::string& fallback) {
  const char* value = std::getenv(name);
  return value && *value ? value : fallback;
}

/// Golden numbers (see its README.md).
inline std::string golden_dir() { return environment_or("THOR_GOLDEN_DIR", THOR_SOURCE_DIR "/tests/golden"); }
/// Small files that once went wrong, by their path in tests/faults.
inline std::string fault(const std::string& name) { return std::string(THOR_FAULTS_DIR) + "/" + name; }
/// Weights and real images that are not ours to ship; may be absent.
inline std::string shared_dir() { return environment_or("THOR_SHARED_DIR", THOR_SOURCE_DIR "/../shared"); }

/// Largest absolute difference, on whatever devices the two are; NaN anywhere gives infinity, so that EXPECT_LT fails.
inline double max_abs_diff(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  if (a.sizes() != b.sizes()) return INFINITY;
  const double diff = (a.to(at::kCPU, at::kDouble) - b.to(at::kCPU, at::kDouble)).abs().max().item<double>();
  return diff == diff ? diff : INFINITY;
}

/// A fresh folder that disappears with this object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "thor-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace thor::test
