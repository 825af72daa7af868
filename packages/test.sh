#!/bin/sh
# Installs what is in BUILD/release in clean places, and uses it there.
#
#   packages/test.sh BUILD [PART ...]
#
# Parts: files c python datasette sqlite_utils npm go rust sqlpkg linux musl
# aarch64 aarch64_musl windows again (default: all).
# Prints `N passed, N failed` at the end, and before it what was skipped. A
# part whose program ends without its own count has failed once.
set -u

build=$(cd "$1" && pwd)
release=$build/release
version=$(cat VERSION)
shift
[ $# -gt 0 ] || set -- files c python datasette sqlite_utils npm go rust sqlpkg \
  linux musl aarch64 aarch64_musl windows again
[ -d "$release" ] || {
  echo "tablao: packages: nothing in $release: run make release" >&2
  exit 1
}

# Nothing above it is ours: neither a node_modules nor a Cargo.toml.
tmp=$(mktemp -d) || exit 1
registry=
cleanup() {
  [ -z "$registry" ] || kill "$registry" 2>/dev/null
  [ ! -d "$tmp/wine" ] || WINEPREFIX=$tmp/wine wineserver_kill
  chmod -R u+w "$tmp" # Go's modules are read-only.
  rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

top=$(pwd)
tests=$top/packages/tests
cp tests/data/jobs/simple_blender_render_small.json "$tmp/job.json"
job=$tmp/job.json
TMPDIR=$tmp PYTHONDONTWRITEBYTECODE=1
export TMPDIR PYTHONDONTWRITEBYTECODE
passed=0
failed=0
skipped=

case $(uname -m) in
aarch64 | arm64) cpu=arm64 loadable=linux-aarch64 ;;
*) cpu=x64 loadable=linux-x86_64 ;;
esac

have() {
  command -v "$1" >/dev/null 2>&1
}

skip() {
  echo "packages: skipped: $*"
  skipped="$skipped
  $*"
}

# NAME COMMAND ...: runs it and adds its count.
count() {
  name=$1
  shift
  timeout 900 "$@" </dev/null >"$tmp/log" 2>&1
  code=$?
  line=$(tr -d '\r' <"$tmp/log" | grep -E '^[0-9]+ passed, [0-9]+ failed$' |
    tail -n 1)
  p=${line%% passed*}
  f=${line##*passed, }
  f=${f%% failed*}
  [ -n "$line" ] || p=0 f=0
  if [ "$f" = 0 ] && { [ $code != 0 ] || [ "$p" = 0 ]; }; then f=1; fi
  passed=$((passed + p))
  failed=$((failed + f))
  if [ "$f" = 0 ]; then
    versions=$(tr -d '\r' <"$tmp/log" | grep -E '^[a-z0-9]* ?(SQLite|APSW) ' |
      tr '\n' ',' | sed 's/,$//; s/,/, /g')
    echo "packages: $name: $p passed${versions:+ ($versions)}"
  else
    cat "$tmp/log"
    echo "packages: $name: exit code $code, $p passed, $f failed"
  fi
  sed -n 's/^skipped: //p' "$tmp/log" | while read -r line; do echo "$line"; done \
    >"$tmp/skips"
  while read -r line; do skip "$line"; done <"$tmp/skips"
}

# NAME FOLDER WHERE COMMAND ...: runs it as it is, then once more for each older
# version's own farm that tests/fixtures has (into an observed one a program may
# not store what it stores then); FOLDER is where to put a copy, which the
# program knows as WHERE.
count_upgrades() {
  name=$1 folder=$2 where=$3
  shift 3
  count "$name" "$@"
  set -- "$name" "$folder" "$where" "$@"
  found=
  for fixture in "$top"/tests/fixtures/[0-9]*[0-9].db; do
    [ -f "$fixture" ] || continue
    found=1
    old=$(basename "$fixture" .db)
    cp "$fixture" "$2/old.db" && cp "$tests/rows.sql" "$2/" || return
    (
      where=$3
      shift 3
      exec "$@" "${where}old.db" "${where}rows.sql"
    ) </dev/null >"$tmp/upgrade" 2>&1
    echo $? >"$tmp/code"
    count "$1, upgrade from $old" sh -c 'cat "$0"; exit "$(cat "$1")"' \
      "$tmp/upgrade" "$tmp/code"
  done
  [ -n "$found" ] || skip "$1, upgrade: tests/fixtures has no older farm"
}

# WHAT COMMAND ...: one check; what it says is shown when it fails. The command
# may be a function, and change the directory and the environment.
try() {
  what=$1
  shift
  if ("$@") </dev/null >"$tmp/log" 2>&1; then
    passed=$((passed + 1))
  else
    cat "$tmp/log"
    echo "packages: $what: failed"
    failed=$((failed + 1))
    return 1
  fi
}

unzip_to() {
  python3 -m zipfile -e "$1" "$2"
}

# NAME FOLDER README [OLD=NEW ...]: does what a README says, in FOLDER, from
# which build/release is the release, as in a checkout.
readme() {
  mkdir -p "$2/build"
  [ -e "$2/build/release" ] || ln -s "$release" "$2/build/release"
  name=$1 folder=$2 file=$3
  shift 3
  count "$name, README" env -C "$folder" python3 "$tests/readme.py" "$file" "$@"
}

# Compilers that there are not, for what has to do without: they come first in
# the PATH and refuse. A linker is what it was.
no_compiler() {
  [ -d "$tmp/no-compiler" ] && return
  mkdir "$tmp/no-compiler"
  for name in cc gcc clang c++ g++ clang++; do
    printf '#!/bin/sh\necho "there is no compiler here: %s" >&2\nexit 1\n' $name \
      >"$tmp/no-compiler/$name"
    chmod 755 "$tmp/no-compiler/$name"
  done
}

# NAME IS AT LEAST: versions of two or three numbers.
at_least() {
  [ "$(printf '%s\n' "$1" "$2" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)" = "$1" ]
}

# --- names and what is inside ---------------------------------------------------

# VERSION is the only file with the number in it, but for what tells of the
# past and for other software's versions.
stands_once() {
  ! grep -rnFw --exclude=VERSION "$version" packages ext/*.h Makefile
}

test_files() {
  try "VERSION is the only place" stands_once
  try "tools to look at libraries" sh packages/tools.sh "$build/check-tools" \
    packages/check-requirements.txt || return
  count "files" "$build/check-tools/bin/python" "$tests/files.py" "$release" "$version"
}

# --- C ----------------------------------------------------------------------------

test_c() {
  tar -xzf "$release/tablao-$version-amalgamation.tar.gz" -C "$tmp"
  folder=$tmp/tablao-$version-amalgamation
  readme "C" "$folder" README.md
  [ -f "$folder/tablao.so" ] || return
  try "C: build" "${CC:-cc}" -I"$folder" -DSMOKE_STATIC -DSQLITE_CORE \
    -o "$folder/smoke" packages/c/smoke.c "$folder/tablao.c" -lsqlite3 || return
  count_upgrades "C, linked in" "$folder" "$folder/" "$folder/smoke" \
    "$folder/tablao.sql" "$job"
}

# --- Python -------------------------------------------------------------------

# Not every build can load extensions; setup.sh sees to it that Debian's is.
find_python() {
  for python in python3 /usr/bin/python3; do
    $python -c 'import sqlite3; sqlite3.Connection.enable_load_extension' \
      >/dev/null 2>&1 && return
  done
  return 1
}

# NAME: an environment in $tmp/NAME, as one that was activated.
make_venv() {
  find_python || { skip "$1: no Python that can load extensions"; return 1; }
  try "$1: venv" "$python" -m venv "$tmp/$1"
}

in_venv() {
  venv=$tmp/$1
  shift
  env PATH="$venv/bin:$PATH" PIP_DISABLE_PIP_VERSION_CHECK=1 "$@"
}

# tests/command.test has the rest of it.
use_command() {
  PATH="$tmp/python/bin:$PATH" TABLAO_DB=$tmp/command.db TZ=UTC
  export PATH TABLAO_DB TZ
  cd "$tmp" && [ "$(tablao --version)" = "tablao $version" ] && tablao init &&
    tablao submit "$job" && tablao jobs && tablao upgrade &&
    tablao jobs | grep '^7fcab3fa  010_0020.lighting  queued ' &&
    tablao --no-extension check && python -m tablao --json why 010 | grep '"no-worker"'
}

test_python() {
  make_venv python || return
  # From this directory and no index: pip has to pick the right platform.
  PATH="$tmp/python/bin:$PATH" PIP_DISABLE_PIP_VERSION_CHECK=1 \
    readme "Python" "$tmp/python/work" "$top/packages/python/README.md"
  "$tmp/python/bin/pip" install --quiet --disable-pip-version-check \
    --only-binary :all: apsw==3.54.1.0 >/dev/null 2>&1 ||
    skip "APSW: pip cannot install it"
  try "Python: the command" use_command
  cp "$tests/use.py" "$tmp/python/work/"
  count_upgrades "Python" "$tmp/python/work" "$tmp/python/work/" \
    "$tmp/python/bin/python" "$tmp/python/work/use.py" "$version" "$job"
}

# NAME REQUIREMENT: a tool of PyPI's into which a plugin goes.
test_plugin() {
  make_venv "$1" || return
  try "$1: the tool itself" "$tmp/$1/bin/pip" install --quiet \
    --disable-pip-version-check "$2" || return
  PATH="$tmp/$1/bin:$PATH" PIP_DISABLE_PIP_VERSION_CHECK=1 \
    readme "$1" "$tmp/$1/work" "$top/packages/$1/README.md"
  try "$1: the plugin is known" sh -c "'$tmp/$1/bin/$1' plugins | grep -q $1-tablao"
}

test_datasette() {
  test_plugin datasette datasette==0.65.5
  # Its users' SQL cannot load libraries, nor write.
  [ ! -f "$tmp/datasette/work/farm.db" ] || try "datasette: a read-only farm" \
    refused_by_datasette
}

refused_by_datasette() {
  cd "$tmp/datasette/work" || return
  for sql in "load_extension('x')" 'farm_tick()'; do
    ! ../bin/datasette farm.db --get "/farm.json?sql=SELECT+$sql" || return
  done
}

test_sqlite_utils() {
  test_plugin sqlite-utils sqlite-utils==3.39
}

# --- npm ----------------------------------------------------------------------

better_sqlite3=12.11.1

# The packages for platforms come from a registry that is this machine's.
start_registry() {
  python3 "$tests/registry.py" "$release/npm" "$tmp/port" &
  registry=$!
  tries=0
  until [ -f "$tmp/port" ]; do
    tries=$((tries + 1))
    [ $tries -le 100 ] || return
    sleep 0.1
  done
}

# PATH: that of the registry, where @tablao/... is looked for.
use_registry() {
  echo "@tablao:registry=http://127.0.0.1:$(cat "$tmp/port")/$1" >"$tmp/npm/.npmrc"
}

# npm finds the package for this machine by itself, and takes no other's.
install_npm() {
  cd "$tmp/npm" && npm uninstall --no-audit --no-fund tablao "@tablao/linux-$cpu" &&
    rm -rf node_modules/@tablao package-lock.json && use_registry '' &&
    npm install --no-audit --no-fund --loglevel=error \
      "$release/npm/tablao-$version.tgz" &&
    ls node_modules/@tablao && [ -d "node_modules/@tablao/linux-$cpu" ] &&
    [ "$(ls node_modules/@tablao | grep -cv '^linux-')" = 0 ]
}

without_library() {
  cd "$tmp/npm" && mv node_modules/@tablao . || return
  said=$(node -e 'require("tablao").getLoadablePath()' 2>&1)
  mv @tablao node_modules/
  echo "$said" | grep "tablao: there is no library for linux-$cpu: the package"
}

test_npm() {
  have npm || { skip "npm: not installed"; return; }
  try "npm: registry" start_registry || return
  mkdir -p "$tmp/npm" && echo '{"private": true}' >"$tmp/npm/package.json"
  use_registry none/
  readme "npm" "$tmp/npm" "$top/packages/npm/README.md" "linux-x64=linux-$cpu" \
    "better-sqlite3@12=better-sqlite3@$better_sqlite3"
  try "npm: the right platform" install_npm || return
  try "npm: no library" without_library
  cp "$tests/use.js" "$tmp/npm/"
  count_upgrades npm "$tmp/npm" "$tmp/npm/" node "$tmp/npm/use.js" "$version" "$job"
}

# --- Go -----------------------------------------------------------------------

# A module cache of its own, for the version number does not change with each
# build. What was downloaded for others is a proxy, too.
go_environment() {
  GOPROXY="file://$(go env GOMODCACHE)/cache/download,$(go env GOPROXY)"
  GOMODCACHE=$tmp/gomod GOFLAGS=-trimpath GOENV=off GONOSUMDB='tablao.example/*'
  export GOPROXY GOMODCACHE GOFLAGS GOENV GONOSUMDB
}

build_go() {
  cp -R "$tests/go" "$tmp/go" && cd "$tmp/go" || return
  sed "s/@VERSION@/$version/" go.mod.in >go.mod
  GOPROXY="file://$release/go,$GOPROXY" CGO_ENABLED=1 GOFLAGS='-mod=mod -trimpath'
  export GOPROXY CGO_ENABLED GOFLAGS
  go mod tidy && go vet tablao.example/tablao/... . && go build -o use .
}

# With neither cgo nor a C compiler, ext included.
build_pure_go() {
  cd "$tmp/go" && no_compiler || return
  CGO_ENABLED=0 GOFLAGS='-mod=mod -trimpath' PATH="$tmp/no-compiler:$PATH"
  export CGO_ENABLED GOFLAGS PATH
  go vet tablao.example/tablao/... . && go build -o use-pure .
}

test_go() {
  have go || { skip "Go: not installed"; return; }
  go=$(go env GOVERSION | tr -d a-z)
  at_least 1.21 "$go" || { skip "Go: $go is older than 1.21"; return; }
  go_environment
  no_compiler
  PATH="$tmp/no-compiler:$PATH" readme "Go" "$tmp/go-readme" "$top/packages/go/README.md"
  try "Go: build" build_go || return
  count_upgrades Go "$tmp/go" "$tmp/go/" "$tmp/go/use" "$version" "$job"
  try "Go: build without a compiler" build_pure_go || return
  count_upgrades "Go without a compiler" "$tmp/go" "$tmp/go/" "$tmp/go/use-pure" \
    "$version" "$job"
}

# --- Rust ---------------------------------------------------------------------

build_rust() {
  mkdir "$tmp/rust" && cp -R "$tests/rust" "$tmp/rust/use" &&
    tar -xzf "$release/rust/tablao-$version.crate" -C "$tmp/rust" &&
    cd "$tmp/rust/use" || return
  sed "s/@VERSION@/$version/" Cargo.toml.in >Cargo.toml
  RUSTFLAGS='-D warnings' cargo build --quiet && cp "$CARGO_TARGET_DIR/debug/use" .
}

# The schema alone, and on rusqlite's connections with the system's SQLite. Rust
# itself takes a linker, for which it calls a C compiler: that one alone may.
build_rust_alone() {
  no_compiler
  linker=$(command -v cc) PATH="$tmp/no-compiler:$PATH" CC=cc
  target=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
  export PATH CC "CARGO_TARGET_${target}_LINKER=$linker"
  (cd "$tmp/rust/tablao-$version" && cargo build --quiet --no-default-features) &&
    cd "$tmp/rust/use" && cargo build --quiet --no-default-features &&
    cp "$CARGO_TARGET_DIR/debug/use" use-alone
}

test_crate_itself() {
  cd "$tmp/rust/tablao-$version" && cargo test --quiet --features bundled
}

test_rust() {
  have cargo || { skip "Rust: not installed"; return; }
  rust=$(rustc --version | cut -d ' ' -f 2)
  at_least 1.85 "$rust" || { skip "Rust: $rust is older than 1.85"; return; }
  CARGO_TARGET_DIR=$tmp/rust-target CARGO_PROFILE_DEV_DEBUG=false
  export CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG
  readme "Rust" "$tmp/rust-readme" "$top/packages/rust/README.md"
  try "Rust: build" build_rust || return
  count_upgrades Rust "$tmp/rust" "$tmp/rust/" "$tmp/rust/use/use" "$version" "$job"
  try "Rust: build without a compiler" build_rust_alone &&
    count_upgrades "Rust without a compiler" "$tmp/rust" "$tmp/rust/" \
      "$tmp/rust/use/use-alone" "$version" "$job"
  try "Rust: examples in the crate" test_crate_itself
}

# --- sqlpkg -------------------------------------------------------------------

# What the extension has and plain SQLite has not.
symbols_are_all() {
  sqlite3 :memory: <"$tests/symbols.sql" >"$tmp/before" &&
    { echo ".load $tmp/sqlpkg-files/tablao" && cat "$tests/symbols.sql"; } |
    sqlite3 -bail :memory: >"$tmp/after" || return
  # tablao_collect() is the extension's own.
  sort "$tmp/before" "$tmp/before" "$tmp/after" | uniq -u | grep -v '^tablao_collect$' \
    >"$tmp/has"
  python3 -c 'import json, sys; print(*sorted(json.load(sys.stdin)["symbols"]), sep="\n")' \
    <"$release/sqlpkg.json" >"$tmp/says"
  diff "$tmp/has" "$tmp/says"
}

use_sqlpkg() {
  mkdir -p "$tmp/sqlpkg-home" && cd "$release" &&
    HOME=$tmp/sqlpkg-home sqlpkg install ./sqlpkg.json &&
    cmp "$tmp/sqlpkg-home/.sqlpkg/tablao/tablao/tablao.so" "$tmp/sqlpkg-files/tablao.so"
}

test_sqlpkg() {
  mkdir "$tmp/sqlpkg-files"
  try "sqlpkg: the archive" unzip_to "$release/tablao-linux-$cpu.zip" \
    "$tmp/sqlpkg-files" || return
  try "sqlpkg: symbols" symbols_are_all
  have sqlpkg || { skip "sqlpkg: not installed"; return; }
  try "sqlpkg: install" use_sqlpkg
}

# --- the library: a C program with its own SQLite ---------------------------------

# The amalgamation of SQLite that better-sqlite3 comes with.
sqlite_source() {
  sqlite=$tmp/npm/node_modules/better-sqlite3/deps/sqlite3
  [ ! -f "$sqlite/sqlite3.c" ] || return 0
  sqlite=$tmp/sqlite/package/deps/sqlite3
  [ ! -f "$sqlite/sqlite3.c" ] || return 0
  have npm || return
  mkdir -p "$tmp/sqlite" && (cd "$tmp/sqlite" &&
    npm pack --silent "better-sqlite3@$better_sqlite3" >/dev/null &&
    tar -xzf better-sqlite3-*.tgz)
}

# TARGET DIR FLAG ...: makes DIR/smoke.exe with the compiler of the release.
build_smoke() {
  target=$1 dir=$2
  shift 2
  ZIG_GLOBAL_CACHE_DIR=$build/zig-cache ZIG_LOCAL_CACHE_DIR=$build/zig-cache \
    "$build/release-tools/bin/python" -m ziglang cc -target "$target" -O1 -s \
    -I"$build/amalgamation" -I"$sqlite" -o "$dir/smoke.exe" \
    packages/c/smoke.c "$sqlite/sqlite3.c" "$@"
}

# PLATFORM ARCHIVE: unpacks it into $dir, with all that the program wants.
unpack_library() {
  dir=$tmp/lib-$1
  mkdir "$dir"
  case $2 in
  *.zip) unzip_to "$release/$2" "$dir" ;;
  *) tar -xzf "$release/$2" -C "$dir" ;;
  esac
  cp "$job" "$dir/job.json"
}

# With the system's SQLite, and in its shell.
test_linux() {
  unpack_library linux "tablao-$version-loadable-$loadable.tar.gz"
  readme "the sqlite3 shell" "$dir" README.md
  try "linux: build" "${CC:-cc}" -I"$build/amalgamation" -o "$dir/smoke" \
    packages/c/smoke.c -lsqlite3 || return
  count_upgrades "linux-$cpu" "$dir" "$dir/" "$dir/smoke" "$dir/tablao.sql" "$job" \
    "$dir/tablao"
}

# In a root where there is no other C library, if this user may have one.
test_musl() {
  loader=/lib/ld-musl-$(uname -m).so.1
  [ -e "$loader" ] || { skip "musl: not installed"; return; }
  sqlite_source || { skip "musl: no SQLite to build"; return; }
  unpack_library musl "tablao-linux-$cpu-musl.zip"
  try "musl: build" build_smoke "$(uname -m)-linux-musl" "$dir" -dynamic || return
  if [ "$(id -u)" = 0 ]; then
    mkdir "$dir/lib" && cp "$loader" "$dir/lib/" || return
    count_upgrades "linux-$cpu-musl, in a chroot" "$dir" / \
      chroot "$dir" /smoke.exe /tablao.sql /job.json /tablao
  else
    skip "musl: not root, so not in a chroot"
    count_upgrades "linux-$cpu-musl" "$dir" "$dir/" \
      "$dir/smoke.exe" "$dir/tablao.sql" "$job" "$dir/tablao"
  fi
}

# NAME TARGET ARCHIVE ROOT FLAG ...
on_aarch64() {
  platform=$1 target=$2 archive=$3 root=$4
  shift 4
  have qemu-aarch64 || { skip "$platform: qemu-user is not installed"; return; }
  sqlite_source || { skip "$platform: no SQLite to build"; return; }
  unpack_library "$platform" "$archive"
  try "$platform: build" build_smoke "$target" "$dir" "$@" || return
  count_upgrades "$platform, in qemu" "$dir" "$dir/" qemu-aarch64 -L "$root" \
    "$dir/smoke.exe" "$dir/tablao.sql" "$job" "$dir/tablao"
}

test_aarch64() {
  [ "$cpu" != arm64 ] || return 0 # test_linux was it
  [ -e /usr/aarch64-linux-gnu/lib/libc.so.6 ] ||
    { skip "linux-arm64: there is no C library for it"; return; }
  on_aarch64 linux-arm64 aarch64-linux-gnu.2.17 \
    "tablao-$version-loadable-linux-aarch64.tar.gz" /usr/aarch64-linux-gnu \
    -lm -ldl -lpthread
}

# Debian's musl for aarch64, which is not installed but unpacked: apt is asked
# with lists of its own.
musl_for_aarch64() {
  [ -e "$build/musl-aarch64/lib/ld-musl-aarch64.so.1" ] && return
  mkdir -p "$tmp/apt/lists/partial" "$tmp/apt/cache/archives/partial" &&
    cd "$tmp/apt" || return
  set -- -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 \
    -o Dir::State::Lists="$tmp/apt/lists" -o Dir::Cache="$tmp/apt/cache" \
    -o APT::Sandbox::User="$(id -un)"
  apt-get "$@" update && apt-get "$@" download musl &&
    dpkg-deb -x musl_*.deb "$build/musl-aarch64"
}

test_aarch64_musl() {
  [ "$cpu" != arm64 ] || return 0
  musl_for_aarch64 >"$tmp/log" 2>&1
  cd "$top" || return
  [ -e "$build/musl-aarch64/lib/ld-musl-aarch64.so.1" ] || {
    skip "linux-arm64-musl: apt-get cannot download musl for it"
    return
  }
  on_aarch64 linux-arm64-musl aarch64-linux-musl tablao-linux-arm64-musl.zip \
    "$build/musl-aarch64" -dynamic
}

wineserver_kill() {
  for server in wineserver /usr/lib/wine/wineserver64; do
    have $server && $server -k && return
  done
}

test_windows() {
  have wine || { skip "win32-x64: wine is not installed"; return; }
  sqlite_source || { skip "win32-x64: no SQLite to build"; return; }
  unpack_library windows tablao-win-x64.zip
  try "Windows: build" build_smoke x86_64-windows-gnu "$dir" || return
  WINEPREFIX=$tmp/wine WINEDEBUG=-all WINEDLLOVERRIDES='mscoree=;mshtml='
  export WINEPREFIX WINEDEBUG WINEDLLOVERRIDES
  # The first start makes the prefix, which takes its time.
  try "Windows: start" timeout 300 wine cmd /c ver || return
  count_upgrades "win32-x64, in Wine" "$dir" "" \
    env -C "$dir" wine ./smoke.exe tablao.sql job.json tablao
}

# --- the same bytes ---------------------------------------------------------------

# Compiled anew, in another folder, as another user might have it set up.
make_again() {
  umask 077
  LC_ALL=C TZ=Pacific/Apia
  export LC_ALL TZ
  mkdir "$tmp/again" "$tmp/again/cache" &&
    ln -s "$build/release-tools" "$tmp/again/release-tools" &&
    ZIG_GLOBAL_CACHE_DIR=$build/zig-cache ZIG_LOCAL_CACHE_DIR=$tmp/again/cache \
      env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory \
        BUILD="$tmp/again" release &&
    diff "$release/SHA256SUMS" "$tmp/again/release/SHA256SUMS"
}

test_again() {
  try "the same sums again" make_again
}

for part in "$@"; do
  "test_$part"
done

[ -z "$skipped" ] || echo "skipped:$skipped"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
