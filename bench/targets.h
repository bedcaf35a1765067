// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "bench/results.h"

namespace thor::bench {

using Rows = std::vector<std::vector<std::string>>;

/// What was to be reached and what was: a header, then a row for each. Ratios are the peer's seconds over ours; what
/// was multiplied from a network step says so.
Rows target_rows(const Results& results);
/// Every case: ours, the peer's, their ratio, GFLOP/s, share of the peak, error.
Rows case_rows(const Results& results);
/// The pieces around the network and their shares of a full and of a fast slice.
Rows part_rows(const Results& results);
/// Operations and bytes of a step, the time that they take at the measured peaks, and the time that it takes.
Rows floor_rows(const Results& results);

/// The rows as a table in Markdown.
std::string markdown(const Rows& rows);
/// "1.23 s", "45.6 ms"; "-" for NaN.
std::string seconds_text(double seconds);

}  // namespace thor::bench
