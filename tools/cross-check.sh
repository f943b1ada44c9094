#!/bin/sh
# Whether runs are the same on other processors: builds the command for them, and checks with each
# the golden digests and every trace of traces/, under qemu. As root, on a Debian 12 of amd64:
#
#   tools/cross-check.sh                  aarch64 (char is unsigned) and s390x (big-endian)
#   tools/cross-check.sh aarch64          only that
#
# What it needs beyond debootstrap it installs into a Debian of its own, in build/cross/root; for
# aarch64 and s390x together about 1.5 GB. Nothing is mounted there: rm -rf build/cross removes it.
# Exit status: 0 all runs are the same, 1 some are not, 2 usage, 3 something is missing here.
set -eu
cd "$(dirname "$0")/.."

ROOT=build/cross/root
MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
TOOLS="cmake ninja-build pkg-config qemu-user-static libcli11-dev nlohmann-json3-dev"
LIBRARIES="libboost-context-dev libabsl-dev libxxhash-dev libzstd-dev"

say() { printf '==> %s\n' "$*" >&2; }
lack() { printf 'cross-check: %s\n' "$*" >&2; exit 3; }
inside() { chroot "$ROOT" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
  DEBIAN_FRONTEND=noninteractive "$@"; }

# What Debian calls that processor.
debian_name() {
  case "$1" in
    aarch64) echo arm64 ;;
    s390x) echo s390x ;;
    *) echo "cross-check: no processor \"$1\"; there are: aarch64 s390x" >&2; exit 2 ;;
  esac
}

make_root() {
  if [ ! -f build/cross/root-is-made ]; then
    [ "$(id -u)" = 0 ] || lack "a chroot is made by root; run it as root"
    command -v debootstrap >/dev/null ||
      lack "no debootstrap here; as root, run: apt-get install -y debootstrap"
    say "making a Debian 12 in $ROOT"
    mkdir -p build/cross
    rm -rf "$ROOT"
    debootstrap --variant=minbase bookworm "$ROOT" "$MIRROR" >build/cross/debootstrap.log 2>&1 ||
      lack "debootstrap failed; its last words are in build/cross/debootstrap.log"
    : >build/cross/root-is-made
  fi
  # Unpacked files need not survive a power failure, and syncing each takes longer than all else.
  echo force-unsafe-io >"$ROOT/etc/dpkg/dpkg.cfg.d/unsafe-io"
  cp /etc/resolv.conf "$ROOT/etc/resolv.conf"
}

install_for() {  # install_for PROCESSOR
  debian=$(debian_name "$1")
  [ ! -f "build/cross/$1-is-installed" ] || return 0
  say "installing a compiler and libraries for $1 there"
  inside dpkg --add-architecture "$debian"
  packages="$TOOLS g++-$(echo "$1" | tr _ -)-linux-gnu"
  for library in $LIBRARIES; do packages="$packages $library:$debian"; done
  # shellcheck disable=SC2086  # Words on purpose.
  { inside apt-get -q update && inside apt-get -q install -y --no-install-recommends $packages; } \
    >"build/cross/install-$1.log" 2>&1 ||
    lack "apt-get could not; its last words are in build/cross/install-$1.log"
  : >"build/cross/$1-is-installed"
}

# The sources that it builds are those that are here, committed or not.
copy_sources() {
  rm -rf "$ROOT/reprise/src"
  mkdir -p "$ROOT/reprise/src"
  tar -c --exclude=./build --exclude=./.git . | tar -x -C "$ROOT/reprise/src"
}

build_for() {  # build_for PROCESSOR
  say "building the command for $1"
  cat >"$ROOT/reprise/$1.cmake" <<END
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR $1)
set(CMAKE_CXX_COMPILER $1-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE $1-linux-gnu)
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/$1-linux-gnu/pkgconfig)
END
  if ! { inside cmake -S /reprise/src -B "/reprise/$1" -G Ninja -DREPRISE_TESTS=OFF \
    -DREPRISE_WERROR=ON -DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O2 \
    -DCMAKE_TOOLCHAIN_FILE="/reprise/$1.cmake" &&
    inside ninja -C "/reprise/$1" -j "$(nproc)" reprise_command; } \
    >"build/cross/build-$1.log" 2>&1; then
    grep -A 5 'error:' "build/cross/build-$1.log" >&2 || tail "build/cross/build-$1.log" >&2
    echo "cross-check: it does not build for $1; all of it is in build/cross/build-$1.log" >&2
    exit 1
  fi
}

check() {  # check PROCESSOR
  command="/reprise/$1/reprise"
  say "$1: the golden digests, and every trace"
  status=0
  inside "qemu-$1-static" "$command" digests --check /reprise/src/tests/golden/digests.txt ||
    status=1
  traces=0
  for trace in traces/*/*.trace; do
    traces=$((traces + 1))
    inside "qemu-$1-static" "$command" replay --expect fail "/reprise/src/$trace" >/dev/null || {
      echo "cross-check: $1: $trace is not the same run" >&2
      status=1
    }
  done
  echo "$1: $traces traces replayed; status $status"
  return $status
}

[ $# -gt 0 ] || set -- aarch64 s390x
for processor in "$@"; do debian_name "$processor" >/dev/null; done
make_root
copy_sources
failed=0
for processor in "$@"; do
  install_for "$processor"
  build_for "$processor"
  check "$processor" || failed=1
done
exit $failed
