// SPDX-License-Identifier: Apache-2.0
#include "thor/pipeline/budget.h"

#include <gmock/gmock.h>

#include "tests/unit/pipeline/tiny_model.h"
#include "thor/base/error.h"
#include "thor/pipeline/detector_choice.h"

namespace thor {
namespace {

using ::testing::HasSubstr;

constexpr double kAges = 1e6, kNothing = 1e-9;  // seconds

BudgetChoice fitted(double seconds, const std::string& detector, Precision precision = Precision::Fp32) {
  RunConfig run = test::on_cpu();
  run.precision = precision;
  return fit_budget(test::tiny_model(), {seconds, detector, {"detector.perceptual=unet"}}, run);
}

std::string refused(const BudgetRequest& request) {
  try {
    fit_budget(test::tiny_model(), request, test::on_cpu());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Usage);
    return error.what();
  }
  return "accepted";
}

TEST(Duration, IsANumberWithItsUnit) {
  EXPECT_DOUBLE_EQ(parse_duration("500ms"), 0.5);
  EXPECT_DOUBLE_EQ(parse_duration("10s"), 10);
  EXPECT_DOUBLE_EQ(parse_duration("1.5m"), 90);
  for (const char* text : {"", "10", "s", "-1s", "0s", "10 h", "nans", "infs", "10sec"})
    EXPECT_THROW(parse_duration(text), Error) << text;
}

TEST(Budget, OfAgesBuysTheSpeedThatFindsMostInFloat32) {
  const BudgetChoice choice = fitted(kAges, "thor");
  EXPECT_EQ(choice.speed, detector_row("thor").speeds.front().name);
  EXPECT_EQ(choice.precision, Precision::Fp32);
  EXPECT_EQ(choice.batch, 8);
  EXPECT_GT(choice.seconds, 0);
  EXPECT_THAT(choice.reason, HasSubstr("network calls"));
}

TEST(Budget, KeepsToBfloat16WhereThatWasAskedFor) {
  EXPECT_EQ(fitted(kAges, "thor", Precision::Bf16).precision, Precision::Bf16);
}

TEST(Budget, ThatBuysNothingNamesTheCheapestSettingAndItsPrice) {
  EXPECT_THAT(refused({kNothing, "thor", {"detector.perceptual=unet"}}),
              AllOf(HasSubstr("too small for thor"), HasSubstr("fastest in"), HasSubstr("an image")));
}

TEST(Budget, LeavesNoSecondWayToNameASpeed) {
  EXPECT_THAT(refused({kAges, "thor", {"detector.speed=fast"}}), HasSubstr("give one of them"));
}

TEST(Budget, WorksForAMethodWithoutANetwork) {
  EXPECT_EQ(fit_budget(test::tiny_model(), {kAges, "threshold", {}}, test::on_cpu()).speed, "full");
}

}  // namespace
}  // namespace thor
