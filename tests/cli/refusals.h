// SPDX-License-Identifier: Apache-2.0
// Command lines that must be refused.
#pragma once
#include <gmock/gmock.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "tests/program.h"

namespace thor::test {

struct Refusal {
  std::string line;
  int code;
  std::string message;
};

/// Every line, run in `folder`, gives its code and, on one line of standard error, its message.
inline void expect_refusals(const std::string& folder, const std::vector<Refusal>& refusals) {
  for (const auto& [line, code, message] : refusals) {
    SCOPED_TRACE(line);
    const Outcome outcome = run_in(folder, line);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_THAT(outcome.err, testing::HasSubstr("thor: error: "));
    EXPECT_THAT(outcome.err, testing::HasSubstr(message));
    const auto error = outcome.err.find("thor: error: ");
    // The log of this test is the table of what bad input is answered with.
    std::cout << line << " -> " << outcome.code << " " << outcome.err.substr(std::min(error, outcome.err.size()));
    if (error == std::string::npos) continue;
    EXPECT_EQ(outcome.err.find('\n', error) + 1, outcome.err.size()) << outcome.err;
  }
}

}  // namespace thor::test
