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
# A fresh machine updates itself at first boot and holds the locks of apt and dpkg meanwhile: wait for them, and say so.
wait_s=${THOR_APT_WAIT_S:-600}
locks="/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock"
apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout="$wait_s" "$@"
}
# The process that holds a lock of the package manager, with its name; nothing where none does or it cannot be told.
holder() {
  for lock in $locks; do
    inode=$(stat -c %i "$lock" 2>/dev/null) || continue
    pid=$(awk -v inode=":$inode$" '$6 ~ inode { print $5; exit }' /proc/locks 2>/dev/null)
    [ -z "$pid" ] || { echo "$(cat "/proc/$pid/comm" 2>/dev/null || echo process) ($pid)" && return; }
  done
}
# apt's own timeout does not cover the lock of its lists.
wait_for_others() {
  waited=0
  while busy=$(holder) && [ -n "$busy" ]; do
    [ "$waited" -lt "$wait_s" ] || refuse "the package manager is still in use by $busy after $wait_s s; try again later"
    [ $((waited % 30)) -ne 0 ] || echo "setup: waiting for $busy, which is using the package manager (up to $wait_s s)"
    sleep 5
    waited=$((waited + 5))
  done
}
install() {
  wait_for_others
  apt install -y --no-install-recommends $missing
}

echo "setup: installing$missing"
# Package lists may be absent or too old to fetch from; a simulation knows the first, a failed download the second.
if apt-get install --simulate --no-install-recommends $missing >/dev/null 2>&1 && install; then
  exit 0
fi
wait_for_others
apt update || refuse "apt-get update failed; is there a network?"
install || refuse "could not install$missing; see apt's message above"
