// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "thor/base/run_context.h"

namespace thor {

/// The program's context: messages and progress go to standard error, as a bar on a terminal, as a plain line now and
/// then elsewhere. `quiet` leaves only warnings.
RunContext console_context(bool quiet);

/// Settings that must precede every tensor: memory, vector instructions, threads (see docs).
void prepare_process();

/// While it lives, Ctrl-C and SIGTERM ask a context to stop the first time and kill the second. One at a time.
class StopOnSignals {
 public:
  explicit StopOnSignals(RunContext& context);
  ~StopOnSignals();
  StopOnSignals(const StopOnSignals&) = delete;
  StopOnSignals& operator=(const StopOnSignals&) = delete;
};

}  // namespace thor
