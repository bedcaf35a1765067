// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "thor/base/log.h"

namespace thor::test {

/// Collects what the library warns about while it lives.
class Said {
 public:
  Said() {
    set_log_sink([this](LogLevel level, const std::string& text) {
      if (level == LogLevel::Warning) warnings_ += text + "\n";
    });
  }
  ~Said() { set_log_sink({}); }
  Said(const Said&) = delete;
  Said& operator=(const Said&) = delete;
  const std::string& warnings() const { return warnings_; }

 private:
  std::string warnings_;
};

}  // namespace thor::test
