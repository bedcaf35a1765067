// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "thor/base/random.h"

namespace thor::test {

/// A damaged copy of one of `seeds`: one to four of bit flips, boundary numbers, digits, truncation, repeated, removed,
/// inserted and foreign pieces.
std::string mutated(const std::vector<std::string>& seeds, Random& random);

}  // namespace thor::test
