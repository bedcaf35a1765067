// SPDX-License-Identifier: Apache-2.0
#include "thor/base/error.h"

#include <algorithm>

namespace thor {
namespace {

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

Error::Error(ErrorKind kind, std::string message)
    : std::runtime_error(message), kind_(kind), cause_(one_line(std::move(message))), story_(cause_) {}

void Error::while_doing(const std::string& activity) {
  context_ += (context_.empty() ? "while " : ", while ") + one_line(activity);
  story_ = cause_ + " (" + context_ + ")";
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Usage:
      return 2;
    case ErrorKind::Input:
    case ErrorKind::Unsupported:
      return 1;
    case ErrorKind::Internal:
      break;
  }
  return 70;
}

}  // namespace thor
