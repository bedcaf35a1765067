// SPDX-License-Identifier: Apache-2.0
#include "thor/cli/console.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include "thor/cli/flags.h"

namespace thor {
namespace {

using Clock = std::chrono::steady_clock;

std::string clock_text(double seconds) {
  const auto s = static_cast<int64_t>(std::clamp(seconds, 0.0, 3.6e6));
  return s < 3600 ? fmt::format("{}:{:02}", s / 60, s % 60)
                  : fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

/// What a signal handler reaches: nothing but what is static.
std::atomic<RunContext*> stopped_by_signals{nullptr};

/// Draws progress on standard error. Called by one thread at a time.
class Console {
 public:
  explicit Console(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1) {}

  void say(LogLevel level, const std::string& text) {
    if (level == LogLevel::Debug || (quiet_ && level != LogLevel::Warning)) return;
    erase();
    fmt::print(stderr, "thor: {}{}\n", level == LogLevel::Warning ? "warning: " : "", with_flags(text));
  }

  void draw(const ProgressState& state) {
    if (quiet_ || state.total <= 0) return;
    // Elsewhere than on a terminal, short work is not worth a line.
    const bool due = Clock::now() - last_ >= (terminal_ ? std::chrono::milliseconds(100) : kPlainPause);
    const bool done = state.finished && (terminal_ || state.seconds > 2);
    const bool last = state.finished || (!terminal_ && state.done >= state.total);  // said once, when it is finished
    if (!done && (!due || last)) return;
    last_ = Clock::now();
    const double share = std::clamp(static_cast<double>(state.done) / static_cast<double>(state.total), 0.0, 1.0);
    const std::string left = state.finished           ? clock_text(state.seconds)
                             : state.seconds_left > 0 ? clock_text(state.seconds_left) + " left"
                                                      : "";
    const std::string note = state.note.empty() ? "" : "  " + state.note;
    if (!terminal_) {
      fmt::print(stderr, "thor: {} {}/{} {}{}\n", state.task, state.done, state.total, left, note);
      return;
    }
    const int filled = static_cast<int>(share * kBar);
    erase();
    fmt::print(stderr, "{} [{:#>{}}{:.>{}}] {}/{} {}{}{}", state.task, "", filled, "", kBar - filled, state.done,
               state.total, left, note, state.finished ? "\n" : "");
    std::fflush(stderr);
    drawn_ = !state.finished;
  }

 private:
  void erase() {
    if (drawn_) fmt::print(stderr, "\r\x1b[K");
    drawn_ = false;
  }

  static constexpr int kBar = 24;
  static constexpr std::chrono::milliseconds kPlainPause{10000};
  bool quiet_, terminal_, drawn_ = false;
  Clock::time_point last_ = Clock::now();
};

}  // namespace

RunContext console_context(bool quiet) {
  const auto console = std::make_shared<Console>(quiet);
  return RunContext([console](LogLevel level, const std::string& text) { console->say(level, text); },
                    [console](const ProgressState& state) { console->draw(state); });
}

void prepare_process() {
  // glibc would map every large tensor afresh and return it to the system at once: several times slower. Volumes it
  // should: kept and cut into pieces, they took twice the memory.
  ::mallopt(M_MMAP_THRESHOLD, 1 << 28);
  ::mallopt(M_TRIM_THRESHOLD, -1);
#ifdef __x86_64__
  // libtorch stays with AVX2 unless asked; its elementwise kernels and norms are twice as fast with AVX-512.
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq"))
    ::setenv("ATEN_CPU_CAPABILITY", "avx512", 0);
#endif
  const char* wish = std::getenv("OMP_NUM_THREADS");
  const int threads = wish ? std::atoi(wish) : 0;
  at::set_num_threads(threads > 0 ? threads : std::max(1u, std::thread::hardware_concurrency()));
}

StopOnSignals::StopOnSignals(RunContext& context) {
  stopped_by_signals = &context;
  struct sigaction action = {};
  action.sa_handler = [](int) {
    if (RunContext* stopped = stopped_by_signals) stopped->request_stop();
  };
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;  // the second Ctrl-C kills
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

StopOnSignals::~StopOnSignals() {
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  stopped_by_signals = nullptr;
}

}  // namespace thor
