// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/unit/base/shared/thrower.h"
#include "thor/base/error.h"
#include "thor/base/run_context.h"

namespace thor {
namespace {

TEST(SharedLibrary, ItsErrorsAreCaughtByTheirTypeInTheProgram) {
  try {
    throw_error();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input);
    EXPECT_STREQ(error.what(), "from a shared library");
  }
  EXPECT_THROW(throw_interrupted(), Interrupted);
}

}  // namespace
}  // namespace thor
