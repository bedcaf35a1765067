// SPDX-License-Identifier: Apache-2.0
#include "thor/report/curves_page.h"

#include <gmock/gmock.h>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/file.h"

namespace thor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A training folder whose log has `steps` losses of 0.5 and a validation after every hundred, and what follows.
class TrainingLogs : public ::testing::Test {
 protected:
  std::string run(const std::string& name, int64_t steps, const std::string& more = "") {
    std::string log;
    for (int64_t step = 1; step <= steps; ++step) {
      log += fmt::format("{{\"step\":{},\"loss\":0.5,\"seconds\":1.5}}\n", step);
      if (step % 100 == 0) log += fmt::format("{{\"step\":{},\"validation_loss\":{}}}\n", step, 1.0 / step);
    }
    make_folder(folder_ / name);
    write_text_atomically(folder_ / (name + "/log.jsonl"), log + more);
    return folder_ / name;
  }
  static std::string refusal(const std::string& log) {
    try {
      read_learning_curve(log);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  test::TemporaryFolder folder_;
};

TEST_F(TrainingLogs, GiveBothLossesOverTheSteps) {
  const LearningCurve curve = read_learning_curve(run("gaussian", 250) + "/");
  EXPECT_EQ(curve.name, "gaussian");
  EXPECT_THAT(curve.validation.x, ElementsAre(100, 200));
  EXPECT_THAT(curve.validation.y, ElementsAre(0.01, 0.005));
  EXPECT_THAT(curve.training.x, ElementsAre(100, 200));
  EXPECT_THAT(curve.training.y, ElementsAre(0.5, 0.5));
}

TEST_F(TrainingLogs, AreReadAsFilesToo) {
  write_text_atomically(folder_ / "restorer.jsonl", "{\"step\":5,\"validation_loss\":0.25}\n");
  const LearningCurve curve = read_learning_curve(folder_ / "restorer.jsonl");
  EXPECT_EQ(curve.name, "restorer");
  EXPECT_THAT(curve.validation.y, ElementsAre(0.25));
}

TEST_F(TrainingLogs, ThatAreDamagedOrEmptyAreRefusedWithTheirPlace) {
  EXPECT_THAT(refusal(run("a", 100, "{\"step\":")), HasSubstr("line 102"));
  EXPECT_THAT(refusal(run("b", 10)), HasSubstr("no curve to draw"));
  EXPECT_THROW(read_learning_curve(folder_ / "nothing"), Error);
}

TEST_F(TrainingLogs, StandTogetherOnAPage) {
  const std::vector<LearningCurve> curves{read_learning_curve(run("one", 300)), read_learning_curve(run("two", 200))};
  const Page page = curves_page(curves);
  ASSERT_EQ(page.table.size(), 3u);
  EXPECT_THAT(page.table[1], ElementsAre("one", "300", "0.00333", "0.00333", "300"));
  ASSERT_EQ(page.sections.at(0).charts.size(), 2u);
  for (const std::string& chart : page.sections[0].charts) {
    EXPECT_THAT(chart, HasSubstr("one"));
    EXPECT_THAT(chart, HasSubstr("two"));
  }
  EXPECT_THAT(as_svg_file(validation_chart(curves)),
              ::testing::StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\" class"));
}

}  // namespace
}  // namespace thor
