// SPDX-License-Identifier: Apache-2.0
#include "thor/train/train_log.h"

#include <algorithm>
#include <cstring>

#include "tests/support.h"
#include "thor/base/file.h"

namespace thor {
namespace {

// The bytes TensorFlow writes for tag "loss", value 0.5, step 3, wall time 1: framing, checksums and protobuf.
TEST(TrainLog, FramesAScalarAsTensorBoardReadsIt) {
  const std::string record = scalar_event(1.0, 3, "loss", 0.5f);
  uint64_t length = 0;
  std::memcpy(&length, record.data(), 8);
  ASSERT_EQ(record.size(), 8 + 4 + length + 4);
  const std::string event = record.substr(12, length);
  EXPECT_EQ(
      event,
      std::string("\x09\x00\x00\x00\x00\x00\x00\xf0\x3f\x10\x03\x2a\x0d\x0a\x0b\x0a\x04loss\x15\x00\x00\x00\x3f", 26));
}

TEST(TrainLog, DropsStepsAfterTheCheckpointWhenATrainingIsResumed) {
  test::TemporaryFolder folder;
  {
    TrainLog log(folder.path(), 0);
    for (int step = 1; step <= 5; ++step) log.write({{"step", step}, {"loss", 1.0 / step}});
  }
  TrainLog resumed(folder.path(), 3);
  resumed.write({{"step", 4}, {"loss", 7}});
  const std::string text = read_text_file(folder / "log.jsonl", 1 << 20);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
  EXPECT_NE(text.find(R"("loss":7)"), std::string::npos);
  EXPECT_EQ(text.find(R"("step":5)"), std::string::npos);
}

}  // namespace
}  // namespace thor
