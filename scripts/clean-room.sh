#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Proves that a clean Debian 12 is enough: for every make target named, a fresh copy of a minimal root, a fresh clone
# of this checkout's HEAD in it, `make TARGET` with its time, and the same once more without a network.
#
#   scripts/clean-room.sh FOLDER                 only prepares FOLDER/base (debootstrap)
#   scripts/clean-room.sh FOLDER demo test       each in a root of its own: FOLDER/demo, FOLDER/test
#   AS=user scripts/clean-room.sh FOLDER demo    by an ordinary user who may sudo, in FOLDER/demo-user
#
# Needs root and debootstrap. The packages' mirror is $MIRROR, else the one this machine's apt uses.
set -eu

[ $# -ge 1 ] || { sed -n '3,10s/^# \{0,1\}//p' "$0" && exit 2; }
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

# inside ROOT COMMAND [--net]: in namespaces of its own, so that nothing stays mounted whatever happens; with --net the
# outside cannot be reached.
inside() {
  unshare --mount --pid --fork ${3:-} sh -ec '
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    exec chroot "$1" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 CI="$3" http_proxy="$4" sh -c "$2"
  ' sh "$1" "$2" "${CI:-}" "${http_proxy:-}"
}

# timed WHAT ROOT COMMAND [--net]
timed() {
  start=$(date +%s)
  status=0
  inside "$2" "$3" ${4:-} >>"$2.log" 2>&1 || status=$?
  echo "$1: exit $status after $(($(date +%s) - start)) s; log $2.log"
  [ "$status" = 0 ] || exit "$status"
}

for target in "$@"; do
  root=$room/$target${AS:+-user}
  rm -rf "$root" "$root.log"
  cp -a "$room/base" "$root"
  git clone --quiet "file://$checkout" "$root/thor"
  inside "$root" "apt-get -qq update && apt-get -qq install -y --no-install-recommends make ${AS:+sudo} >/dev/null"
  run="cd /thor && make $target" who=root
  if [ -n "${AS:-}" ]; then
    who="user with sudo"
    inside "$root" 'useradd -m user && echo "user ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/user && chown -R user /thor'
    run="su user -c '$run'"
  fi
  timed "make $target ($who, nothing installed)" "$root" "$run"
  timed "make $target ($who, again, no network)" "$root" "$run" --net
done
