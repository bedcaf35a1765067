// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/run_context.h"

namespace thor::test {

/// Collects what the library warns about and notes in this thread, and in those that it starts, while it lives.
class Said {
 public:
  Said()
      : context_([this](LogLevel level, const std::string& text) {
          (level == LogLevel::Warning ? warnings_ : notes_) += text + "\n";
        }),
        scope_(&context_) {}
  Said(const Said&) = delete;
  Said& operator=(const Said&) = delete;
  const std::string& warnings() const { return warnings_; }
  /// What is not a warning.
  const std::string& notes() const { return notes_; }

 private:
  std::string warnings_, notes_;
  RunContext context_;
  RunScope scope_;
};

}  // namespace thor::test
