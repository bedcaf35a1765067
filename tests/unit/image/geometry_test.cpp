// SPDX-License-Identifier: Apache-2.0
#include "thor/image/geometry.h"

#include <gmock/gmock.h>

#include "tests/unit/image/pictures.h"

namespace thor::test {
namespace {

const Affine kSheared{{0.9, 0.2, -0.1, 5, -0.3, 1.1, 0.4, -7, 0.2, 0.1, 2.5, 11}};

TEST(Affine, AppliedThenItsInverseGivesThePointBack) {
  const Point3 there = kSheared({3, -4, 5}), back = inverse(kSheared)(there);
  EXPECT_NEAR(back[0], 3, 1e-12);
  EXPECT_NEAR(back[1], -4, 1e-12);
  EXPECT_NEAR(back[2], 5, 1e-12);
}

TEST(Affine, OfAProductIsTheRightFactorFirst) {
  const Affine product = translation({1, 2, 3}) * scaling({2, 2, 2});
  EXPECT_EQ(product({1, 1, 1}), (Point3{3, 4, 5}));
}

TEST(Affine, WithTwoAxesInOnePlaneHasNoInverse) {
  EXPECT_THAT(story_of([] { inverse(Affine{{1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0}}); }), testing::HasSubstr("one plane"));
  EXPECT_THAT(story_of([] { inverse(scaling({1, 0, 1})); }), testing::HasSubstr("zero"));
}

TEST(Affine, OfMicrometresHasAnInverse) { EXPECT_NEAR(inverse(scaling({1e-4, 1e-4, 1e-4})).at(0, 0), 1e4, 1e-6); }

TEST(Orientation, IsNamedByTheNearestAxesOfTheBody) {
  EXPECT_EQ(orientation_of(Affine{}), "RAS");
  EXPECT_EQ(orientation_of(scaling({-1, -2, 1})), "LPS");
  EXPECT_EQ(orientation_of(Affine{{0, 0, 3, 0, -1, 0, 0, 0, 0, -1, 0, 0}}), "PIR");
  EXPECT_EQ(orientation_of(kSheared), "RAS");
}

TEST(Orientation, OfAHalfTiltedScanUsesEveryAxisOnce) {
  const double c = std::sqrt(0.5);
  const std::string code = orientation_of(Affine{{c, c, 0, 0, c, -c, 0, 0, 0, 0, 1, 0}});
  EXPECT_TRUE(code == "RPS" || code == "ARS") << code;
}

TEST(Shear, IsZeroForRightAngles) {
  EXPECT_EQ(shear_of(scaling({1, 2, 3})), 0);
  EXPECT_NEAR(shear_of(Affine{{1, 0.5, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}}), 0.5 / std::sqrt(1.25), 1e-12);
}

}  // namespace
}  // namespace thor::test
