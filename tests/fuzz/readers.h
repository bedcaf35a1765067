// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace thor::test {

/// One reader of files that strangers wrote: valid files to start from, and what reads them.
struct Reader {
  std::string name, ending;
  std::vector<std::string> seeds;                     ///< contents of small valid files
  std::function<void(const std::string& path)> read;  ///< throws thor::Error where the file is bad
};

/// How a test that fails names it.
void PrintTo(const Reader& reader, std::ostream* out);

/// Every reader of the program.
std::vector<Reader> readers();

/// Reads `bytes` as a file of this reader in `folder`. Returns "" if it was taken or refused as it should, else what
/// went wrong: an exception other than thor::Error, an internal error, a message of more than one line.
std::string try_reading(const Reader& reader, const std::string& bytes, const std::string& folder);

}  // namespace thor::test
