#!/bin/sh
# Sees to it that what Tablao's targets need is there.
#
#   tools/setup.sh [--check] [GROUP ...]
#
# Groups: build test demo clients bench docs coverage torture lint dist packages
#         run-packages fresh cluster engines manager site dashboard browser
#         screenshots
# (default: build test). With --check it installs nothing, only says what to install.
#
# Says and does nothing when nothing is missing. On Debian and its kin it
# installs the packages that are, as root or through sudo; elsewhere, or
# without the right, it says in one line what to install and fails.
# CC, CPPFLAGS and TCLSH name another compiler or tclsh.
set -u

: "${CC:=cc}" "${CPPFLAGS:=}" "${TCLSH:=tclsh}"

die() {
  echo "tablao: $*" >&2
  exit 1
}

have() {
  command -v "$1" >/dev/null 2>&1
}

# CC may carry flags or a launcher ("ccache gcc"), hence its splitting.
have_cc() {
  # shellcheck disable=SC2086
  set -- $CC
  have "$1"
}

have_header() {
  # shellcheck disable=SC2086
  echo "#include <$1>" | $CC $CPPFLAGS -E - >/dev/null 2>&1
}

# libdqlite of 1.17 or later, for which go-dqlite has another major version.
have_dqlite2() {
  # shellcheck disable=SC2086
  echo '#include <dqlite.h>' | $CC $CPPFLAGS -E - 2>/dev/null |
    grep -q dqlite_node_describe_last_entry
}

have_tclsqlite() {
  [ -n "${TABLAO_TCLSQLITE:-}" ] ||
    echo 'if {[catch {package require sqlite3}]} {exit 1}' |
      $TCLSH >/dev/null 2>&1
}

# tests/readme.test looks for it in the same places.
have_python() {
  for python in python3 /usr/bin/python3; do
    $python -c 'import sqlite3; sqlite3.Connection.enable_load_extension' \
      >/dev/null 2>&1 && return
  done
  return 1
}

have_fuzzer() {
  echo 'int LLVMFuzzerTestOneInput(const char *a, unsigned long n);
    int LLVMFuzzerTestOneInput(const char *a, unsigned long n){
      return a==0 && n>0;
    }' | clang -fsanitize=fuzzer,address -x c -o /dev/null - 2>/dev/null
}

# Adds to what is missing, once: a word for people, then Debian's packages.
miss() {
  case ", $what," in
  *", $1,"*) return ;;
  esac
  what="${what:+$what, }$1"
  shift
  for package in "$@"; do
    case " $packages " in
    *" $package "*) ;;
    *) packages="${packages:+$packages }$package" ;;
    esac
  done
}

find_missing() {
  what= packages=
  for group in "$@"; do
    case $group in
    build)
      have_cc || miss "a C compiler ($CC)" gcc libc6-dev
      have make || miss make make
      have "$TCLSH" || miss "Tcl 8.6 ($TCLSH)" tcl
      if ! have_cc || ! have_header stdlib.h; then
        miss "the C library's headers" libc6-dev
      fi
      if ! have_cc || ! have_header sqlite3ext.h; then
        miss "SQLite's headers" libsqlite3-dev
      fi
      ;;
    demo)
      have sqlite3 || miss "the sqlite3 shell" sqlite3
      ;;
    test)
      have_tclsqlite || miss "Tcl's sqlite3 package" libsqlite3-tcl
      have sqlite3 || miss "the sqlite3 shell" sqlite3
      have_python ||
        miss "a Python 3 that can load SQLite extensions" python3
      [ -f /usr/share/zoneinfo/Pacific/Apia ] || miss "time zones" tzdata
      ;;
    clients)
      # Of what is not here or too old, make test-clients skips the clients.
      have c++ || miss "a C++ compiler" g++
      have go || miss Go golang-go
      have cargo || miss Cargo cargo
      have node || miss Node.js nodejs libnode-dev
      have npm || miss npm npm
      have javac || miss "a Java compiler" default-jdk-headless
      have mvn || miss Maven maven
      python3 -c 'import ensurepip' >/dev/null 2>&1 ||
        miss "Python's venv" python3-venv
      ;;
    cluster)
      have go || miss Go golang-go
      if ! have_header dqlite.h; then
        miss dqlite libdqlite-dev
        # Debian 12's has its Raft in a library beside it.
        (. /etc/os-release && [ "$ID$VERSION_ID" = debian12 ]) 2>/dev/null &&
          miss "dqlite's Raft" libraft-dev
      elif ! have_dqlite2 && ! have_header raft.h; then
        miss "dqlite's Raft" libraft-dev
      fi
      ;;
    engines | site)
      # Of what is not here, make test-engines skips the engines.
      python3 -c 'import venv, ensurepip' 2>/dev/null ||
        miss "Python's venv" python3-venv
      ;;
    manager)
      have go || miss Go golang-go
      ;;
    dashboard)
      have sqlite3 || miss "the sqlite3 shell" sqlite3
      have_python ||
        miss "a Python 3 that can load SQLite extensions" python3
      python3 -c 'import venv, ensurepip' 2>/dev/null ||
        miss "Python's venv" python3-venv
      ;;
    browser)
      # Without it, make test-dashboard skips what a person would see.
      have chromium || miss Chromium chromium
      have chromedriver || miss ChromeDriver chromium-driver
      ;;
    screenshots)
      have chromium || miss Chromium chromium
      have chromedriver || miss ChromeDriver chromium-driver
      have pngquant || miss pngquant pngquant
      ;;
    bench)
      have gnuplot || miss gnuplot gnuplot-nox
      ;;
    docs)
      have dot || miss graphviz graphviz
      ;;
    coverage)
      have gcovr || miss gcovr gcovr
      ;;
    torture)
      # The sanitizers' libraries go by the version that clang stands for.
      have_fuzzer || miss "clang with libFuzzer" clang "libclang-rt-$(
        apt-cache depends clang 2>/dev/null |
          sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p')-dev"
      have valgrind || miss valgrind valgrind
      ;;
    lint)
      have cppcheck || miss cppcheck cppcheck
      have clang-tidy || miss clang-tidy clang-tidy
      ;;
    dist)
      have git || miss git git
      ;;
    packages)
      python3 -c 'import venv, ensurepip' 2>/dev/null ||
        miss "Python's venv" python3-venv
      ;;
    run-packages)
      # What cannot be run without these, test-packages skips.
      have wine || miss wine wine wine64
      [ -e "/lib/ld-musl-$(uname -m).so.1" ] || miss musl musl
      if [ "$(uname -m)" != aarch64 ]; then
        have qemu-aarch64 || miss qemu-aarch64 qemu-user
        [ -e /usr/aarch64-linux-gnu/lib/libc.so.6 ] ||
          miss "aarch64's C library" libc6-arm64-cross
      fi
      ;;
    fresh)
      have debootstrap || miss debootstrap debootstrap
      [ -f /usr/share/keyrings/debian-archive-keyring.gpg ] ||
        miss "Debian's keys" debian-archive-keyring
      ;;
    *)
      die "setup: unknown group: $group"
      ;;
    esac
  done
}

check=
if [ "${1:-}" = --check ]; then
  check=1
  shift
fi
[ $# -gt 0 ] || set -- build test
find_missing "$@"
[ -n "$packages" ] || exit 0

advice="$what (on Debian: apt-get install $packages)"
[ -z "$check" ] || die "missing: $advice, or run tools/setup.sh"
have apt-get || die "missing here: $advice"
if [ "$(id -u)" = 0 ]; then
  sudo=
elif have sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
  sudo=sudo
else
  die "neither root nor sudo to install what is missing: $advice"
fi

# sudo drops the environment, so env goes behind it.
apt() {
  $sudo env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a apt-get \
    -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" \
    </dev/null >>"$log" 2>&1
}

install_packages() {
  # shellcheck disable=SC2086
  apt install --no-install-recommends $packages
}

# Of Ubuntu's packages some are in universe, and a system may know main only.
lacks_universe() {
  policy=$(apt-cache policy 2>/dev/null)
  case $policy in
  *c=universe*) return 1 ;;
  *o=Ubuntu*) ;;
  *) return 1 ;;
  esac
  unknown=
  for package in $packages; do
    apt-cache show "$package" >/dev/null 2>&1 ||
      unknown="${unknown:+$unknown }$package"
  done
  [ -n "$unknown" ]
}

log=$(mktemp) || die "setup: cannot write a temporary file"
trap 'rm -f "$log"' EXIT
trap 'exit 1' HUP INT TERM
echo "tablao: installing $packages"
# A list of packages that is absent or stale makes the first try fail.
if ! install_packages; then
  { apt update && install_packages; } || {
    cat "$log" >&2
    lacks_universe && die "Ubuntu has $unknown in universe, which is missing" \
      "here: add universe to the components (main) in /etc/apt/sources.list or" \
      "/etc/apt/sources.list.d/ubuntu.sources"
    die "apt-get could not install what is missing: $advice"
  }
fi

find_missing "$@"
[ -z "$packages" ] || die "still missing after installing: $what"
