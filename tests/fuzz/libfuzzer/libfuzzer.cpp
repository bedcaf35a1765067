// SPDX-License-Identifier: Apache-2.0
// The same readers under clang's libFuzzer: cmake -DTHOR_FUZZ=ON, then
//   THOR_FUZZ_READER=safetensors build/fuzz/tests/libfuzzer -max_len=4096 CORPUS
#include <cstdlib>
#include <string>

#include "tests/fuzz/readers.h"
#include "tests/support.h"

namespace {

const thor::test::Reader& chosen_reader() {
  static const auto all = thor::test::readers();
  const std::string wanted = thor::test::environment_or("THOR_FUZZ_READER", "safetensors");
  for (const auto& reader : all)
    if (reader.name == wanted) return reader;
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const thor::test::TemporaryFolder folder;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (!thor::test::try_reading(chosen_reader(), bytes, folder.path()).empty()) std::abort();
  return 0;
}
