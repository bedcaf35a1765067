// SPDX-License-Identifier: Apache-2.0
#include "thor/base/ending.h"

#include <gtest/gtest.h>

namespace thor::test {
namespace {

TEST(Ending, IsKnownInAnyCase) {
  EXPECT_TRUE(has_ending("scan.nii.gz", ".nii.gz"));
  EXPECT_TRUE(has_ending("SCAN.NII.Gz", ".nii.gz"));
  EXPECT_FALSE(has_ending("scan.nii", ".nii.gz"));
  EXPECT_FALSE(has_ending("scan_nii.gz.txt", ".nii.gz"));
}

TEST(Ending, AloneIsNoName) { EXPECT_FALSE(has_ending(".png", ".png")); }

}  // namespace
}  // namespace thor::test
