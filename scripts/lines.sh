#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lines of code per room and kind of test (without blank and comment-only lines), median and longest file.
set -eu
cd "$(dirname "$0")/.."

# count FOLDER...: "code lines, longest first" of every source, one "LINES PATH" a line
count() {
  find "$@" -name '*.h' -o -name '*.cpp' | while read -r file; do
    echo "$(grep -cvE '^[[:space:]]*(//.*)?$' "$file") $(wc -l <"$file") $file"
  done
}

printf '%-18s %6s %6s\n' folder files code
for folder in thor/* tests/unit tests/contract tests/parity tests/system tests/cli tests/fuzz bench; do
  [ ! -d "$folder" ] || count "$folder" | awk -v f="$folder" '{ n += $1 } END { printf "%-18s %6d %6d\n", f, NR, n }'
done
count thor | sort -k2 -n | awk '{ n += $1; total[NR] = $2; last = $3 }
  END { printf "thor: %d files, %d lines of code; whole files: median %d lines, longest %d (%s)\n",
        NR, n, total[int((NR + 1) / 2)], total[NR], last }'
