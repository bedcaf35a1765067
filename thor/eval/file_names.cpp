// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/file_names.h"

#include <map>

#include "thor/base/error.h"
#include "thor/pipeline/case_list.h"

namespace thor {

void check_file_names(const std::vector<SplitRow>& rows) {
  std::map<std::string, std::string> named;
  for (const SplitRow& row : rows) {
    const auto [place, fresh] = named.emplace(stem_of(row.image), row.name);
    if (!fresh) fail_input("'{}' and '{}' have the same file name; rename one", place->second, row.name);
  }
}

}  // namespace thor
