#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gathers, from this Debian's packages, the libraries that thor needs beside libtorch, as headers and static libraries,
# for machines that have none of them and no way to install any: cmake -DTHOR_THIRD_PARTY=DIR (docs/gpu.md). With
# their licences; about 18 MB.
#   scripts/carry.sh DIR
set -eu

target=${1:?"usage: scripts/carry.sh DIR"}
packages="libcli11-dev nlohmann-json3-dev libfmt-dev libyaml-cpp-dev libpugixml-dev zlib1g-dev libssl-dev libpng-dev libjpeg62-turbo-dev
  libgtest-dev libgmock-dev"
mkdir -p "$target/include" "$target/lib" "$target/licences"
for package in $packages; do
  # Some headers lie one folder deeper, named by the machine's type.
  dpkg -L "$package" | while read -r file; do
    case $file in
      /usr/include/*) root=/usr/include ;;
      */lib*.a) cp -L "$file" "$target/lib/" && continue ;;
      */doc/*/copyright) cp -L "$file" "$target/licences/$package" && continue ;;
      *) continue ;;
    esac
    [ -f "$file" ] || continue
    inner=${file#"$root"/}
    inner=${inner#"$(uname -m)-linux-gnu"/}
    mkdir -p "$target/include/$(dirname "$inner")"
    cp -L "$file" "$target/include/$inner"
  done
done
rm -f "$target/lib/libpng.a" # the same as libpng16.a
rm -f "$target/lib/libssl.a" # only libcrypto.a is needed
ls "$target/lib"
