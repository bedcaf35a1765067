#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages of scripts/packages.txt that are missing. Where none is missing it needs neither the
# network nor root and ends at once.
#   scripts/setup.sh [--list] [PACKAGE...]    more packages than those; --list only says what is missing
set -eu

refuse() {
  echo "setup: $*" >&2
  exit 1
}

here=$(dirname "$0")
command -v dpkg-query >/dev/null 2>&1 ||
  refuse "this is not Debian; install the counterparts of $here/packages.txt yourself, then run cmake --preset release"

only_list=
[ "${1:-}" != --list ] || { only_list=yes && shift; }
missing=
for package in $(grep -v '^#' "$here/packages.txt") "$@"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
[ -z "$only_list" ] || { echo $missing && exit 0; }
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || refuse "missing$missing; install them as root (there is no sudo here)"
  as_root=sudo
fi
install() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
}

echo "setup: installing$missing"
# Package lists may be absent or too old to fetch from; a simulation knows the first, a failed download the second.
if apt-get install --simulate --no-install-recommends $missing >/dev/null 2>&1 && install; then
  exit 0
fi
$as_root apt-get update || refuse "apt-get update failed; is there a network?"
install || refuse "could not install$missing; see apt's message above"
