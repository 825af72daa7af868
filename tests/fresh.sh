#!/usr/bin/env bash
# Runs `make demo` and `make test` where nothing is there but make, git and
# ca-certificates, with an empty environment: on bare systems in chroots, on a
# clone of the last commit.
#
#   tests/fresh.sh BUILD [SYSTEM ...]     default: all systems, see below
#
# debootstrap makes the systems, from the mirror that apt uses here, as root.
# BUILD/fresh keeps each as a tarball for the next time, and what the commands
# said as SYSTEM.log. What is mounted is mounted in a namespace of its own, and
# so is gone with the last process, however that ends.
# Last it prints `N passed, N failed, N skipped`, each of the commands being one.
set -u

build=$1
shift
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || set -- debian-12 debian-13 debian-sid ubuntu-24.04

# System -> its name at debootstrap.
declare -A suite=(
  [debian-12]=bookworm
  [debian-13]=trixie
  [debian-sid]=sid
  [ubuntu-24.04]=noble
)
# Seconds for one command, on a machine with much else to do.
limit=3600

mkdir -p "$build/fresh" && fresh=$(cd "$build/fresh" && pwd) || exit 1
passed=0 failed=0 skipped=0
roots=()
trap 'rm -rf --one-file-system "${roots[@]}" "$fresh/said"' EXIT
trap 'exit 1' HUP INT TERM

# Sets `root` to a new directory, which does not outlive this script.
new_root() {
  root=$(mktemp -d "$fresh/root.XXXXXX") && roots+=("$root") &&
    chmod 755 "$root"
}

# Runs a command of the shell in the system at $1, without any environment.
inside() { # ROOT COMMAND
  # shellcheck disable=SC2016
  timeout --foreground -k 1 "$limit" unshare --mount --pid --fork --kill-child sh -c '
    mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" &&
      exec chroot "$1" /usr/bin/env -i /bin/sh -c "$2"
  ' sh "$1" "$2" </dev/null
}

# The mirror that apt uses here for a distribution's main packages, if any.
mirror_of() { # ORIGIN
  apt-get indextargets --format '$(REPO_URI)' "Origin: $1" "Label: $1" \
    'Created-By: Packages' 'Component: main' 2>/dev/null | sed -n 's|/*$||;1p'
}

# What apt uses to get to it.
proxy=$(apt-config dump --format '%v%n' Acquire::http::Proxy 2>/dev/null)
: "${proxy:=${http_proxy:-}}"

bootstrap() { # SUITE ROOT MIRROR
  http_proxy=$proxy timeout --foreground "$limit" debootstrap --variant=minbase \
    --include=make,git,ca-certificates "$1" "$2" ${3:+"$3"}
}

# Debian has the keys of Ubuntu and the script for it from version 13 on.
bootstrap_ubuntu() { # SUITE ROOT MIRROR
  local target=$2 root
  system_of debian-13 || {
    tail -n 1 "$fresh/debian-13.debootstrap.log"
    return 1
  }
  inside "$root" "export http_proxy='$proxy' PATH=/usr/sbin:/usr/bin:/sbin:/bin
    apt-get -qq update &&
      DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
        --no-install-recommends install debootstrap ubuntu-keyring &&
      debootstrap --variant=minbase --include=make,git,ca-certificates \
        '$1' /made $3" && mv "$root/made"/* "$target"
}

# Sets `root` to a system as it came from its mirror.
system_of() { # SYSTEM
  local tarball=$fresh/$1.tar.gz make=bootstrap origin=Debian
  new_root || return
  if [ ! -f "$tarball" ]; then
    case $1 in
    ubuntu-*) make=bootstrap_ubuntu origin=Ubuntu ;;
    esac
    echo "$1: debootstrap"
    $make "${suite[$1]}" "$root" "$(mirror_of $origin)" \
      >"$fresh/$1.debootstrap.log" 2>&1 || return
    rm -f "$root"/var/cache/apt/archives/*.deb
    tar -C "$root" -czf "$tarball.new" . && mv "$tarball.new" "$tarball"
  else
    tar -C "$root" -xzf "$tarball"
  fi || return
  # How apt gets to the mirror here, it does there.
  {
    apt-config dump Acquire::Check-Valid-Until 2>/dev/null
    [ -z "$proxy" ] || echo "Acquire::http::Proxy \"$proxy\";"
  } >"$root/etc/apt/apt.conf.d/fresh"
  rm -f "$root/etc/resolv.conf"
  cat /etc/resolv.conf >"$root/etc/resolv.conf"
}

# Ubuntu has one more, in which set-up must fail.
commands_of() { # SYSTEM
  case $1 in
  ubuntu-*) echo 3 ;;
  *) echo 2 ;;
  esac
}

skip() { # SYSTEM REASON
  echo "$1: skipped: $2"
  skipped=$((skipped + $(commands_of "$1")))
}

# Passed when the command ends with the code and says what the pattern matches.
# The last such words are printed; all that was said, where it failed.
try() { # SYSTEM ROOT LABEL COMMAND CODE PATTERN
  local start=$SECONDS code words
  echo "== $3" >>"$fresh/$1.log"
  inside "$2" "cd /root/tablao && $4" >"$fresh/said" 2>&1
  code=$?
  cat "$fresh/said" >>"$fresh/$1.log"
  words=$(grep -oE "$6" "$fresh/said" | tail -n 1)
  if [ "$code" = "$5" ] && [ -n "$words" ]; then
    passed=$((passed + 1))
    echo "$1: $3, $((SECONDS - start)) s: $words"
  else
    failed=$((failed + 1))
    cat "$fresh/said"
    echo "$1: $3, $((SECONDS - start)) s: FAILED, exit code $code"
  fi
  rm -f "$fresh/said"
}

run() { # SYSTEM
  local root
  if ! system_of "$1"; then
    skip "$1" "debootstrap: $(tail -n 1 "$fresh/$1.debootstrap.log")"
    return
  fi
  if ! git clone -q --no-hardlinks . "$root/root/tablao"; then
    failed=$((failed + $(commands_of "$1")))
    echo "$1: FAILED: git cannot clone the last commit"
    return
  fi
  : >"$fresh/$1.log"
  if [ "$(commands_of "$1")" = 3 ]; then
    # As debootstrap leaves it, it knows of main only.
    try "$1" "$root" 'make test without universe' 'make test' 2 \
      '^tablao: Ubuntu has .* in universe, which is missing here: .*'
    sed -i 's/ main$/ main universe/' "$root/etc/apt/sources.list"
  fi
  try "$1" "$root" 'make demo' 'make demo' 0 \
    '^Both jobs are completed, and the checks find nothing wrong with the farm'
  echo "$1: $(grep -o 'SQLite [0-9.]*$' "$fresh/$1.log" | tail -n 1)"
  try "$1" "$root" 'make test' 'make test' 0 '^[1-9][0-9]* passed, 0 failed$'
}

why=
if [ "$(id -u)" != 0 ]; then
  why='this needs root'
elif ! command -v debootstrap >/dev/null; then
  why='debootstrap is missing'
elif ! unshare --mount --pid --fork --kill-child true 2>/dev/null; then
  why='unshare cannot make a namespace here'
fi
for system; do
  if [ -z "${suite[$system]:-}" ]; then
    echo "$system: FAILED: not one of ${!suite[*]}"
    failed=$((failed + 1))
  elif [ -n "$why" ]; then
    skip "$system" "$why"
  else
    run "$system"
    rm -rf --one-file-system "${roots[@]}"
    roots=()
  fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
