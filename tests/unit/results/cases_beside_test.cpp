// SPDX-License-Identifier: Apache-2.0
// Reading ahead and writing behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "thor/base/error.h"
#include "thor/results/prefetch.h"
#include "thor/results/write_queue.h"

namespace thor {
namespace {

/// A case of a certain size; its writing may fail.
class FakeCase : public ExaminedCase {
 public:
  FakeCase(size_t index, uint64_t bytes, bool fails = false) : bytes_(bytes), fails_(fails) {
    input_.name = std::to_string(index);
  }
  const CaseInput& input() const override { return input_; }
  int64_t slices() const override { return 1; }
  NetworkSlice slice(int64_t) const override { return {}; }
  void take(int64_t, const SliceFinding&) override {}
  uint64_t bytes() const override { return bytes_; }
  CaseOutput write() override {
    if (fails_) fail_input("the disk is full");
    CaseOutput output;
    output.name = input_.name;
    return output;
  }

 private:
  CaseInput input_;
  uint64_t bytes_;
  bool fails_;
};

/// Waits until so many are read, and a little longer for another that must not be.
void expect_to_stay(const std::atomic<int>& read, int expected) {
  using std::chrono::milliseconds;
  for (int patience = 0; read < expected && patience < 10000; ++patience) std::this_thread::sleep_for(milliseconds(1));
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(read, expected);
}

TEST(Prefetch, ComeInOrderAndABadOneInItsTurn) {
  Prefetch ahead(5,
                 [](size_t index) -> std::unique_ptr<ExaminedCase> {
                   if (index == 2) fail_input("case {} is bad", index);
                   return std::make_unique<FakeCase>(index, 10);
                 },
                 {3});
  for (const size_t index : {0, 1, 2, 3, 4}) {
    if (index == 2) {
      EXPECT_THROW(ahead.next(), Error);
    } else {
      EXPECT_EQ(ahead.next()->input().name, std::to_string(index));
    }
  }
}

TEST(Prefetch, AreNeverMoreThanWereAllowed) {
  std::atomic<int> read{0};
  Prefetch ahead(20, [&](size_t index) { return ++read, std::make_unique<FakeCase>(index, 10); }, {4});
  expect_to_stay(read, 4);
  ahead.next();
  expect_to_stay(read, 5);
}

TEST(Prefetch, WaitWhileTooMuchIsInMemoryButNotForWhoNeedsThem) {
  std::atomic<int> read{0};
  Prefetch ahead(5, [&](size_t index) { return ++read, std::make_unique<FakeCase>(index, 100); }, {4, 50});
  expect_to_stay(read, 1);
  ahead.next();  // kept by whoever took it
  expect_to_stay(read, 1);
  EXPECT_EQ(ahead.next()->input().name, "1") << "asked for while the first is still in memory";
  ahead.release(100);
  ahead.release(100);
  expect_to_stay(read, 3);
}

TEST(WriteQueue, WritesInOrderAndTellsWhatHasLeftTheMemory) {
  std::atomic<uint64_t> released{0};
  WriteQueue behind([&](uint64_t bytes) { released += bytes; });
  for (size_t index = 0; index < 40; ++index) behind.write(std::make_unique<FakeCase>(index, 10));
  behind.finish();
  EXPECT_EQ(released, 400U);
  const auto outputs = behind.outputs();
  ASSERT_EQ(outputs.size(), 40U);
  for (size_t index = 0; index < 40; ++index) EXPECT_EQ(outputs[index].name, std::to_string(index));
}

TEST(WriteQueue, SaysWhatWentWrongAndWritesNothingAfterIt) {
  WriteQueue behind([](uint64_t) {});
  behind.write(std::make_unique<FakeCase>(0, 10));
  const auto go_on = [&] {
    behind.write(std::make_unique<FakeCase>(1, 10, /*fails=*/true));
    behind.write(std::make_unique<FakeCase>(2, 10));
    behind.finish();
  };
  EXPECT_THROW(go_on(), Error);
  EXPECT_THROW(behind.write(std::make_unique<FakeCase>(3, 10)), Error);
  const auto outputs = behind.outputs();
  ASSERT_EQ(outputs.size(), 1U);
  EXPECT_EQ(outputs[0].name, "0");
}

}  // namespace
}  // namespace thor
