// SPDX-License-Identifier: Apache-2.0
// A preparation that dies half-way goes on from the volumes it had finished, to the same files.
#include <ATen/ATen.h>

#include <filesystem>
#include <map>

#include "tests/program.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/image/image.h"

namespace fs = std::filesystem;

namespace thor::test {
namespace {

constexpr int kScans = 10;

class PrepareProgram : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(folder_ / "scans");
    const Tensor ramp = at::arange(20 * 60 * 60, at::kFloat).view({20, 60, 60});
    for (int i = 0; i < kScans; ++i)
      write_nifti(folder_ / fmt::format("scans/{:02}.nii.gz", i), ramp + at::sin(ramp * (0.1 + 0.01 * i)) * 5000, {});
  }
  Outcome run(const std::string& line) { return run_in(folder_.path(), line); }
  void must(const std::string& line) {
    const Outcome outcome = run(line);
    ASSERT_EQ(outcome.code, 0) << line << "\n" << outcome.err;
  }
  static std::string prepare(const std::string& name, const std::string& more = "") {
    return fmt::format(
        "thor prepare scans -o {}.safetensors --set preprocess.size=48 --set "
        "'preprocess.steps=[{{step: n4, shrink: 1, iterations: 5}}, {{step: intensity, white: 98}}]' {}",
        name, more);
  }
  /// Finished volumes by name, and when each was written.
  std::map<std::string, fs::file_time_type> finished(const std::string& name) const {
    std::map<std::string, fs::file_time_type> files;
    for (const auto& entry : fs::directory_iterator(folder_ / (name + ".scans")))
      if (entry.path().extension() == ".safetensors")
        files[entry.path().filename().string()] = fs::last_write_time(entry.path());
    return files;
  }
  std::string content(const std::string& name) const { return sha256_of_file(folder_ / (name + ".safetensors")); }

  TemporaryFolder folder_;
};

TEST_F(PrepareProgram, KilledHalfWayGoesOnToTheSameFiles) {
  must(prepare("whole"));
  ASSERT_EQ(finished("whole").size(), static_cast<size_t>(kScans));
  const Outcome killed = run("\"$THOR\"" + prepare("killed").substr(4) +
                             "& i=0; while [ $(ls killed.scans 2> /dev/null | grep -c 'safetensors$') -lt 3 ] && "
                             "[ $i -lt 5000 ]; do sleep 0.01; i=$((i+1)); done; kill -9 $!; wait $!");
  ASSERT_EQ(killed.code, 128 + 9) << killed.err;
  ASSERT_FALSE(fs::exists(folder_ / "killed.safetensors"));
  const auto before = finished("killed");
  ASSERT_GE(before.size(), 3u);
  ASSERT_LT(before.size(), static_cast<size_t>(kScans));
  must(prepare("killed", "--workers 2"));
  EXPECT_EQ(content("killed"), content("whole"));
  const auto after = finished("killed");
  EXPECT_EQ(after.size(), static_cast<size_t>(kScans));
  for (const auto& [name, written] : before) EXPECT_EQ(after.at(name), written) << name << " was done again";
  for (const auto& [name, written] : after)
    EXPECT_EQ(sha256_of_file(folder_ / ("killed.scans/" + name)), sha256_of_file(folder_ / ("whole.scans/" + name)))
        << name;
}

}  // namespace
}  // namespace thor::test
