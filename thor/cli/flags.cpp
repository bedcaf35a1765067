// SPDX-License-Identifier: Apache-2.0
#include "thor/cli/flags.h"

#include <algorithm>
#include <set>

#include "thor/cli/command.h"

namespace thor {
namespace {

/// The long names of the options of all commands, "--ignore-check".
const std::set<std::string>& all_options() {
  static const std::set<std::string> names = [] {
    std::set<std::string> found;
    for (const Command& command : commands())
      for (const Option& option : command.options) found.insert(option.names.substr(option.names.rfind(',') + 1));
    return found;
  }();
  return names;
}

bool sets_a_key(const std::string& setting) {
  const std::string key = setting.substr(0, setting.find('='));
  return key.size() < setting.size() && key.find('.') != std::string::npos && key.find(' ') == std::string::npos;
}

std::string as_flag(const std::string& setting) {
  if (sets_a_key(setting)) return "--set " + setting;
  std::string option = "--" + setting;
  std::replace(option.begin(), option.end(), '_', '-');
  return all_options().count(option) ? option : "`" + setting + "`";
}

}  // namespace

std::string with_flags(const std::string& message) {
  std::string text;
  size_t at = 0;
  for (;;) {
    const size_t open = message.find('`', at);
    const size_t close = open == std::string::npos ? open : message.find('`', open + 1);
    if (close == std::string::npos) return text + message.substr(at);
    text += message.substr(at, open - at) + as_flag(message.substr(open + 1, close - open - 1));
    at = close + 1;
  }
}

}  // namespace thor
