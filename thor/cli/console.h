// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace thor {

/// Sends the library's messages and progress to standard error: a bar on a terminal, a plain line now and then
/// elsewhere. `quiet` leaves only warnings.
void install_console(bool quiet);

/// Settings that must precede every tensor: memory, vector instructions, threads (see docs), and Ctrl-C, which asks
/// to stop the first time and kills the second.
void prepare_process();

}  // namespace thor
