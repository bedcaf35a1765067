// SPDX-License-Identifier: Apache-2.0
#include "thor/base/run_context.h"

#include <gmock/gmock.h>

#include <optional>
#include <thread>
#include <vector>

#include "thor/base/log.h"

namespace thor {
namespace {

using ::testing::ElementsAre;

/// A context and what arrived at it.
struct Job {
  std::vector<std::string> said;
  std::vector<int64_t> done;
  RunContext context{[this](LogLevel, const std::string& text) { said.push_back(text); },
                     [this](const ProgressState& state) { done.push_back(state.done); }};
};

TEST(RunContext, WithoutOneMessagesAreDroppedAndNothingStops) {
  EXPECT_EQ(current_context(), nullptr);
  warn("to nobody");
  Progress("nothing", 1).advance();
  EXPECT_FALSE(interrupted());
  EXPECT_NO_THROW(throw_if_interrupted());
}

TEST(RunContext, HearsWhatIsSaidInItsScopeOnly) {
  Job outer, inner;
  {
    const RunScope scope(&outer.context);
    warn("a {}", 1);
    {
      const RunScope nested(&inner.context);
      info("b");
    }
    {
      const RunScope none(nullptr);  // keeps the current one
      info("c");
    }
  }
  warn("to nobody");
  EXPECT_THAT(outer.said, ElementsAre("a 1", "c"));
  EXPECT_THAT(inner.said, ElementsAre("b"));
}

TEST(RunContext, ThreadsAreInNoneUnlessTheyTakeItOver) {
  Job job;
  const RunScope scope(&job.context);
  std::thread([] { warn("from a stranger"); }).join();
  std::thread(in_current_context([] { warn("from a helper"); })).join();
  EXPECT_THAT(job.said, ElementsAre("from a helper"));
}

TEST(RunContext, SaysATextOnceAndAnotherContextSaysItAgain) {
  Job first, second;
  for (Job* job : {&first, &second}) {
    const RunScope scope(&job->context);
    for (int i = 0; i < 3; ++i) log_once(LogLevel::Info, "once");
  }
  EXPECT_THAT(first.said, ElementsAre("once"));
  EXPECT_THAT(second.said, ElementsAre("once"));
}

TEST(RunContext, StopsItsOwnJobOnly) {
  Job first, second;
  first.context.request_stop();
  {
    const RunScope scope(&first.context);
    EXPECT_THROW(throw_if_interrupted(), Interrupted);
  }
  const RunScope scope(&second.context);
  EXPECT_NO_THROW(throw_if_interrupted());
}

TEST(RunContext, ProgressGoesWhereItBeganWhoeverAdvancesIt) {
  Job job, other;
  std::optional<Progress> progress;
  {
    const RunScope scope(&job.context);
    progress.emplace("counting", 2);
  }
  const RunScope scope(&other.context);
  progress->advance();
  std::thread([&] { progress->advance(); }).join();
  progress.reset();
  EXPECT_THAT(job.done, ElementsAre(0, 1, 2, 2));
  EXPECT_TRUE(other.done.empty());
}

}  // namespace
}  // namespace thor
