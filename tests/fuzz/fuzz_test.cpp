// SPDX-License-Identifier: Apache-2.0
// Feeds damaged files to every reader. Seeded, so a failure can be repeated; THOR_FUZZ_FILES sets how many files a
// reader gets, THOR_FUZZ_SEED which ones.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>

#include "mutate.h"
#include "readers.h"
#include "tests/support.h"

using namespace thor;
using namespace thor::test;

namespace {

uint64_t number_or(const char* variable, uint64_t fallback) {
  return std::stoull(environment_or(variable, std::to_string(fallback)));
}

// A reader that believes a huge size in a small file shall not get the memory.
void limit_memory() {
#ifndef __SANITIZE_ADDRESS__
  constexpr rlim_t kMemory = rlim_t{6} << 30;
  const rlimit limit{kMemory, kMemory};
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
#endif
}

class EveryReader : public testing::TestWithParam<Reader> {};

TEST_P(EveryReader, TakesItsOwnSeeds) {
  const TemporaryFolder folder;
  for (const auto& seed : GetParam().seeds) {
    const std::string path = folder / (GetParam().name + GetParam().ending);
    ASSERT_FALSE(seed.empty());
    std::ofstream(path, std::ios::binary) << seed;
    EXPECT_NO_THROW(GetParam().read(path));
  }
}

TEST_P(EveryReader, RefusesDamagedFilesInOneLine) {
  limit_memory();
  const TemporaryFolder folder;
  const uint64_t seed = number_or("THOR_FUZZ_SEED", 1), files = number_or("THOR_FUZZ_FILES", 1000);
  for (uint64_t file = 0; file < files; ++file) {
    Random random({seed, file});
    const std::string bytes = mutated(GetParam().seeds, random);
    const std::string wrong = try_reading(GetParam(), bytes, folder.path());
    ASSERT_EQ(wrong, "") << "file " << file << " of THOR_FUZZ_SEED=" << seed << ", " << bytes.size() << " bytes";
  }
}

INSTANTIATE_TEST_SUITE_P(, EveryReader, testing::ValuesIn(readers()), [](const auto& row) { return row.param.name; });

}  // namespace
