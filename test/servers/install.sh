#!/bin/bash
# What the tests compare with: the toolchain, real servers, Debian's kernel. Installs what is missing when it may (root),
# names it otherwise; a test whose part is absent says so and is skipped. Unpacks the kernel source once, into the cache.
set -u
packages=(
  ca-certificates git patch xz-utils zstd lz4 cpio                                   # reading kernels and archives
  gcc gcc-aarch64-linux-gnu gcc-s390x-linux-gnu gcc-powerpc64le-linux-gnu dwarves   # the truth about layouts
  linux-source-6.1 linux-headers-amd64 linux-kbuild-6.1                             # Debian's kernel; genksyms is in linux-kbuild
  dovecot-imapd public-inbox libparse-recdescent-perl libmail-imapclient-perl libdbd-sqlite3-perl libsearch-xapian-perl sqlite3
  postgresql
  chromium
  docker-compose                                                                    # reads deploy/docker-compose.yml; no engine is needed for that
  python3-clang-14                                                                  # clang's AST, the truth about who uses a member
)
installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
missing=()
for package in "${packages[@]}"; do installed "$package" || missing+=("$package"); done

if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # One that the archive does not have must not keep the others out.
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    for package in "${missing[@]}"; do apt-get install -y -qq --no-install-recommends "$package" >/dev/null || true; done
  still=()
  for package in "${missing[@]}"; do installed "$package" || still+=("$package"); done
  missing=("${still[@]}")
fi
if [ ${#missing[@]} -gt 0 ]; then
  echo "not installed, so the tests that need them are skipped: ${missing[*]}"
  echo "remedy: sudo apt-get install --no-install-recommends ${missing[*]}"
fi

archive=/usr/src/linux-source-6.1.tar.xz
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kabiwatch/kernel
if [ -f "$archive" ]; then
  version=$(dpkg-query -W -f='${Version}' linux-source-6.1 2>/dev/null || echo unknown)
  if [ ! -d "$cache/linux-source-$version" ]; then
    echo "unpacking $archive (once, about a minute, 1.4 GB)"
    mkdir -p "$cache" && rm -rf "$cache/unpacking" && mkdir "$cache/unpacking" &&
      tar -C "$cache/unpacking" -xf "$archive" &&
      mv "$cache/unpacking/linux-source-6.1" "$cache/linux-source-$version" && rmdir "$cache/unpacking"
  fi
fi
exit 0
