// SPDX-License-Identifier: Apache-2.0
// What of a mask is lesion, by its values; then the many forms in which one lesion of 305 pixels can be stored.
#include "thor/data/lesion_rule.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/data/lesion_mask.h"

namespace thor::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A slice of zeros of 12 x 12.
at::Tensor ground() { return at::zeros({1, 12, 12}); }

/// A square of `side` pixels with its corner at (y, x).
void put(at::Tensor& mask, int64_t y, int64_t x, int64_t side, double value) {
  mask[0].slice(0, y, y + side).slice(1, x, x + side).fill_(value);
}

int64_t count(const at::Tensor& mask, bool integers = true) {
  return marked_voxels(mask, integers).lesion.sum().item<int64_t>();
}

std::string refusal_of(const at::Tensor& mask) {
  try {
    marked_voxels(mask, true);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(LesionRule, OfTwoValuesTheLargerIsLesion) {
  for (const double value : {1.0, 255.0, 0.7, 1e-3}) {
    at::Tensor mask = ground();
    put(mask, 3, 3, 4, value);
    EXPECT_EQ(count(mask, false), 16) << value;
    EXPECT_EQ(marked_voxels(mask, false).note, "");
  }
  at::Tensor mask = ground() + 1;
  put(mask, 3, 3, 4, 2);
  EXPECT_EQ(count(mask), 16);
  EXPECT_THAT(marked_voxels(mask, true).note, HasSubstr("2 counts as lesion"));
}

TEST(LesionRule, OfLabelsEveryOneButZeroIsLesion) {
  at::Tensor mask = ground();
  put(mask, 1, 1, 3, 1);
  put(mask, 5, 5, 3, 2);
  put(mask, 9, 9, 1, 4);
  EXPECT_EQ(count(mask), 19);
  EXPECT_EQ(count(mask, false), 19);  // as a NIfTI of floats has them
  EXPECT_THAT(marked_voxels(mask, true).note, HasSubstr("(1, 2, 4)"));
}

TEST(LesionRule, OfLabelsSpreadOverTheGraysEveryOneIsLesion) {
  at::Tensor mask = ground();
  put(mask, 1, 1, 3, 85);
  put(mask, 5, 5, 3, 170);
  put(mask, 8, 1, 3, 255);
  EXPECT_EQ(count(mask), 27);
}

TEST(LesionRule, OfLesionsThatAreNumberedEveryOneCounts) {
  at::Tensor mask = at::zeros({1, 60, 60});
  for (int64_t i = 0; i < 100; ++i) put(mask, 6 * (i / 10), 6 * (i % 10), 3, static_cast<double>(i + 1));
  EXPECT_EQ(count(mask), 900);
}

TEST(LesionRule, OfSoftValuesHalfOfTheLargestCounts) {
  at::Tensor mask = ground();
  put(mask, 2, 2, 7, 60);
  put(mask, 3, 3, 5, 128);
  put(mask, 4, 4, 3, 255);
  EXPECT_EQ(count(mask), 25);
  EXPECT_EQ(count(mask / 255, false), 25);
  EXPECT_THAT(marked_voxels(mask, true).note, HasSubstr("127.5"));
  // Of three raters, floats, two agree.
  at::Tensor raters = ground();
  put(raters, 1, 1, 8, 1.0 / 3);
  put(raters, 2, 2, 5, 2.0 / 3);
  put(raters, 3, 3, 3, 1);
  EXPECT_EQ(count(raters, false), 25);
}

TEST(LesionRule, TwoHundredAndFiftyFiveBesideLabelsIsUndecided) {
  at::Tensor mask = ground();
  put(mask, 2, 2, 6, 255);
  put(mask, 3, 3, 4, 4);
  EXPECT_EQ(count(mask), 16);
  EXPECT_THAT(marked_voxels(mask, true).note, HasSubstr("'undecided'"));
  put(mask, 3, 3, 4, 128);
  EXPECT_EQ(count(mask), 36);
}

TEST(LesionRule, WhatIsNoNumberOrBelowZeroIsNoLesion) {
  at::Tensor mask = ground();
  put(mask, 3, 3, 4, 1);
  mask[0][0][0] = NAN;
  mask[0][0][1] = -0.02;
  EXPECT_EQ(count(mask, false), 16);
  put(mask, 9, 0, 2, -1);  // "unknown"
  mask[0][0][1] = 0;
  EXPECT_EQ(count(mask), 16);
  EXPECT_EQ(count(ground()), 0);
}

TEST(LesionRule, ValuesThatCannotBeAMaskAreRefused) {
  EXPECT_THAT(refusal_of(at::randn({1, 12, 12}) * 50 - 3.5), HasSubstr("store 0 where there is no lesion"));
  EXPECT_THAT(refusal_of(ground() + 255), HasSubstr("255 everywhere"));
}

TEST(LesionRule, AnInvertedMaskIsRefusedAndALargeOneIsAskedAbout) {
  at::Tensor mask = ground() + 255;
  put(mask, 3, 3, 4, 0);
  EXPECT_THAT(refusal_of(mask), AllOf(HasSubstr("89 %"), HasSubstr("inverted")));
  at::Tensor large = ground();
  put(large, 1, 1, 10, 1);
  EXPECT_EQ(count(large), 100);
  EXPECT_THAT(marked_voxels(large, true).note, AllOf(HasSubstr("69 %"), HasSubstr("is it inverted?")));
}

TEST(LesionMask, IsTheSameInEveryFormOfFile) {
  const at::Tensor expected = read_lesion_mask(fault("mask-forms/m1.png")).voxels;
  EXPECT_EQ(expected.sum().item<int64_t>(), 305);
  for (const char* form :
       {"m255.png", "alpha.png", "blackpal.png", "ignore255.png", "redalpha.png", "voc.png", "whitealpha.png"})
    EXPECT_EQ(max_abs_diff(read_lesion_mask(fault(std::string("mask-forms/") + form)).voxels, expected), 0) << form;
  for (const char* form : {"soft.png", "mjpeg.jpg"}) {
    const LesionMask mask = read_lesion_mask(fault(std::string("mask-forms/") + form));
    EXPECT_LE((mask.voxels - expected).abs().sum().item<int64_t>(), 8) << form;
    EXPECT_THAT(mask.note, HasSubstr("half of the largest")) << form;
  }
  EXPECT_THROW(read_lesion_mask(fault("mask-forms/inv.png")), Error);
}

}  // namespace
}  // namespace thor::test
