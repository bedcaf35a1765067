#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Proves that a clean Debian 12 is enough: for every make target named, a fresh copy of a minimal root, a fresh clone
# of this checkout's HEAD in it, `make TARGET` with its time, and what it left.
#
#   scripts/clean-room.sh FOLDER                 only prepares FOLDER/base (debootstrap)
#   scripts/clean-room.sh FOLDER demo test       each in a root of its own: FOLDER/demo, FOLDER/test
#
# Needs root and debootstrap. The packages' mirror is $MIRROR, else the one this machine's apt uses.
set -eu

[ $# -ge 1 ] || { sed -n '3,9s/^# \{0,1\}//p' "$0" && exit 2; }
[ "$(id -u)" = 0 ] || { echo "clean-room: run as root" >&2 && exit 1; }
checkout=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
room=$(cd "$1" && pwd)
shift

if [ ! -e "$room/base/.ready" ]; then
  rm -rf "$room/base"
  mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)}
  debootstrap --variant=minbase bookworm "$room/base" "$mirror"
  # How this machine reaches its mirror (sources, proxy, validity, certificates) holds inside too.
  rm -f "$room/base/etc/apt/sources.list"
  cp -r /etc/apt/sources.list* /etc/apt/auth.conf.d "$room/base/etc/apt/" 2>/dev/null || true
  apt-config dump | grep '^Acquire::' >"$room/base/etc/apt/apt.conf.d/99clean-room" || true
  cp -L /etc/resolv.conf /etc/hosts "$room/base/etc/"
  # As in Debian's container images: a root that is thrown away need not be synced file by file.
  echo force-unsafe-io >"$room/base/etc/dpkg/dpkg.cfg.d/clean-room"
  touch "$room/base/.ready"
fi

# inside ROOT COMMAND: in a mount namespace of its own, so that nothing stays mounted whatever happens.
inside() {
  unshare --mount --pid --fork sh -ec '
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    exec chroot "$1" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 CI="$3" http_proxy="$4" sh -c "$2"
  ' sh "$1" "$2" "${CI:-}" "${http_proxy:-}"
}

for target in "$@"; do
  rm -rf "${room:?}/$target"
  cp -a "$room/base" "$room/$target"
  git clone --quiet "file://$checkout" "$room/$target/thor"
  start=$(date +%s)
  inside "$room/$target" 'apt-get -qq update && apt-get -qq install -y --no-install-recommends make >/dev/null'
  inside "$room/$target" "cd /thor && make $target" >"$room/$target.log" 2>&1 || status=$?
  echo "make $target: exit ${status:-0} after $(($(date +%s) - start)) s; log $room/$target.log"
  [ -z "${status:-}" ] || exit "$status"
done
