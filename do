#!/bin/sh
# From a bare Debian 12 to a recovery bug that was found, replayed, shrunk and drawn:
#
#   ./do demo       the tour: set up this machine, build, fuzz a protocol, draw its failure
#   ./do test       set up this machine, build, run all tests
#
# and the steps on their own:
#
#   ./do setup      install the Debian packages that are missing; none missing, nothing touched
#   ./do build      set up, and compile into build/release
#   ./do ci         all that continuous integration checks (.ci/run)
#   ./do setup-dev  install what only .ci/run and format need: clang, clang-format, shellcheck
#   ./do format     clang-format all our C++
#   ./do clean      delete build/
#   ./do help       this text
#
# DO_NO_APT=1 never installs anything. Exit status 3: something is missing here, and the last line
# says what to do about it.
set -eu
cd "$(dirname "$0")"

# Programs, as package or package=program: any version on the PATH will do, from Debian or not.
PROGRAMS="g++ cmake ninja-build=ninja pkg-config ccache graphviz=neato"
# Packages, as package or package|other: the other will do as well. The fonts are what text in a PNG
# is drawn with: Liberation has the widths of Helvetica, DejaVu the symbols.
LIBRARIES="libboost-context-dev libabsl-dev libgtest-dev libgmock-dev libbenchmark-dev
  libcli11-dev nlohmann-json3-dev libxxhash-dev libzstd-dev
  libsqlite3-dev libraft-dev libleveldb-dev librocksdb-dev
  fonts-liberation|fonts-liberation2 fonts-dejavu-core"
DEV_PROGRAMS="clang=clang++ clang-format shellcheck"
# What some tests need and all others do without: a browser, and a debugger.
TEST_PROGRAMS="chromium chromium-driver=chromedriver gdb"

say() { printf '==> %s\n' "$*" >&2; }
lack() { printf 'do: %s\n' "$*" >&2; exit 3; }

# missing PROGRAMS LIBRARIES: the packages of them that are not there.
missing() {
  for entry in $1; do
    command -v "${entry#*=}" >/dev/null || printf '%s ' "${entry%=*}"
  done
  # shellcheck disable=SC2046,SC2016  # Words on purpose; dpkg expands ${...}.
  installed=" $(dpkg-query -W -f '${Package}=${db:Status-Status} ' $(echo "$2" | tr '|' ' ') \
    2>/dev/null || true)"
  for entry in $2; do
    case "$installed" in
      *" ${entry%|*}=installed "* | *" ${entry#*|}=installed "*) ;;
      *) printf '%s ' "${entry%|*}" ;;
    esac
  done
}

# setup PROGRAMS LIBRARIES
setup() {
  if ! command -v dpkg-query >/dev/null; then
    for entry in $1; do
      command -v "${entry#*=}" >/dev/null ||
        lack "no ${entry#*=} here, and this is not Debian; wanted are the equivalents of:" \
          "$(echo "$1 $2" | tr '\n' ' ' | sed 's/[=|][^ ]*//g')"
    done
    return 0
  fi
  wanted=$(missing "$1" "$2")
  [ -n "$wanted" ] || return 0
  wanted=${wanted% }
  by_hand="apt-get update && apt-get install -y --no-install-recommends $wanted"
  [ -z "${DO_NO_APT:-}" ] || lack "DO_NO_APT is set; as root, run: $by_hand"
  as_root=
  if [ "$(id -u)" != 0 ]; then
    # With a terminal sudo may ask for a password; without one it must not need any.
    if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
      as_root=sudo
    else
      lack "installing packages needs root; as root, run: $by_hand"
    fi
  fi
  say "installing $wanted"
  # A source of the user's that cannot be reached need not matter: what counts is the install.
  $as_root apt-get -o DPkg::Lock::Timeout=600 update -qq >&2 ||
    say "apt-get update failed; trying with what is known"
  # shellcheck disable=SC2086  # Words on purpose.
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 \
    -o Dpkg::Use-Pty=0 install -y -qq --no-install-recommends $wanted >&2 ||
    lack "apt-get could not install them; as root, run: $by_hand"
}

# Programs without which some tests are skipped. That they cannot be had is said, and is no failure.
setup_tests() {
  wanted=$(missing "$TEST_PROGRAMS" "")
  [ -n "$wanted" ] || return 0
  (setup "$TEST_PROGRAMS" "") ||
    say "without ${wanted% }: the tests of the HTML page and of gdb that need it will be SKIPPED"
}

build() {
  setup "$PROGRAMS" "$LIBRARIES"
  # Where there is no home to keep a cache in, as for some users of build machines, keep it here.
  if [ -z "${CCACHE_DIR:-}" ] && [ ! -w "${HOME:-/nonexistent}" ]; then
    export CCACHE_DIR="$PWD/build/ccache"
  fi
  if [ ! -f build/release/build.ninja ]; then
    say "configuring build/release"
    cmake --preset release >&2
  fi
  say "building build/release"
  cmake --build --preset release >&2
}

command=${1:-help}
[ $# -eq 0 ] || shift
case "$command" in
  demo)
    build
    exec build/release/reprise demo "$@"
    ;;
  test)
    build
    setup_tests
    say "testing build/release"
    exec ctest --preset release --parallel "$(nproc)" "$@"
    ;;
  setup) setup "$PROGRAMS" "$LIBRARIES" ;;
  setup-dev) setup "$PROGRAMS $DEV_PROGRAMS" "$LIBRARIES" ;;
  build) build ;;
  format)
    setup "$PROGRAMS $DEV_PROGRAMS" "$LIBRARIES"
    find . -path ./build -prune -o \( -name '*.h' -o -name '*.cc' \) -exec clang-format -i {} +
    ;;
  ci) exec .ci/run "$@" ;;
  clean) rm -rf build ;;
  help | -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p;}' "$0" ;;
  *)
    echo "do: no command \"$command\"; ./do help lists them" >&2
    exit 2
    ;;
esac
