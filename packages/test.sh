#!/bin/sh
# Installs the packages of BUILD/packages in clean places, and uses them there.
#
#   packages/test.sh BUILD [PART ...]
#
# Parts: versions python npm go rust windows aarch64 (default: all).
# Prints `N passed, N failed` at the end, and before it what was skipped. A
# part whose program ends without its own count has failed once.
set -u
# shellcheck source=common.sh
. packages/common.sh

[ -d "$out" ] || die "nothing in $out: run make packages"
shift
[ $# -gt 0 ] || set -- versions python npm go rust windows aarch64

# Nothing above it is ours: neither a node_modules nor a Cargo.toml.
tmp=$(mktemp -d) || exit 1
cleanup() {
  [ ! -d "$tmp/wine" ] || WINEPREFIX=$tmp/wine wineserver_kill
  chmod -R u+w "$tmp" # Go's modules are read-only.
  rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

tests=$(pwd)/packages/tests
cp tests/data/jobs/simple_blender_render_small.json "$tmp/job.json"
job=$tmp/job.json
passed=0
failed=0
skipped=

skip() {
  echo "packages: skipped: $*"
  skipped="$skipped
  $*"
}

# NAME COMMAND ...: runs it and adds its count.
count() {
  name=$1
  shift
  timeout 600 "$@" </dev/null >"$tmp/log" 2>&1
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
    echo "packages: $name: $p passed ($(tr -d '\r' <"$tmp/log" |
      grep -E 'SQLite|APSW' | tr '\n' ',' | sed 's/,$//; s/,/, /g'))"
  else
    cat "$tmp/log"
    echo "packages: $name: exit code $code, $p passed, $f failed"
  fi
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

# --- the one version ----------------------------------------------------------

names_version() {
  for file in "$@"; do
    case $file in
    *"$version"*) ;;
    *) echo "$file: not $version"; return 1 ;;
    esac
  done
}

# VERSION is the only file with the number in it, but for what tells of the
# past and for other software's versions.
stands_once() {
  ! grep -rnF --exclude=VERSION "$version" packages ext/*.h Makefile
}

test_versions() {
  try "names of the packages" names_version "$out"/*.whl "$out"/*.tgz \
    "$out"/*.crate "$out"/*.zip "$out"/go/*/*/@v/*.zip
  try "VERSION is the only place" stands_once
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

test_python() {
  find_python || { skip "Python: none that can load extensions"; return; }
  try "Python: venv" "$python" -m venv "$tmp/venv" || return
  # From this directory and no index: pip has to pick the right platform.
  try "Python: install" "$tmp/venv/bin/pip" install --quiet --no-index \
    --find-links "$out" tablao || return
  "$tmp/venv/bin/pip" install --quiet --disable-pip-version-check \
    --only-binary :all: apsw==3.54.1.0 >/dev/null 2>&1 ||
    skip "APSW: pip cannot install it"
  cp "$tests/use.py" "$tmp/"
  count Python "$tmp/venv/bin/python" "$tmp/use.py" "$version" "$job"
}

# --- npm ----------------------------------------------------------------------

better_sqlite3=12.11.1

install_npm() {
  mkdir -p "$tmp/npm" && cd "$tmp/npm" && echo '{"private": true}' >package.json &&
    npm install --no-audit --no-fund --loglevel=error \
      "better-sqlite3@$better_sqlite3" "$out/tablao-$version.tgz"
}

test_npm() {
  have npm || { skip "npm: not installed"; return; }
  try "npm: install" install_npm || return
  cp "$tests/use.js" "$tmp/npm/"
  count npm node "$tmp/npm/use.js" "$version" "$job"
}

# --- Go -----------------------------------------------------------------------

# A module cache of its own, for the version number does not change with each
# build. What was downloaded for others is a proxy, too.
build_go() {
  cp -R "$tests/go" "$tmp/go" && cd "$tmp/go" || return
  sed "s/@VERSION@/$version/" go.mod.in >go.mod
  GOPROXY="file://$out/go,file://$(go env GOMODCACHE)/cache/download,$(go env GOPROXY)"
  GONOSUMDB=tablao.example/* GOMODCACHE=$tmp/gomod GOFLAGS='-mod=mod -trimpath'
  CGO_ENABLED=1
  export GOPROXY GONOSUMDB GOMODCACHE GOFLAGS CGO_ENABLED
  go mod tidy && go vet tablao.example/tablao/... . && go build -o use .
}

test_go() {
  have go || { skip "Go: not installed"; return; }
  try "Go: build" build_go || return
  count Go "$tmp/go/use" "$version" "$job"
}

# --- Rust ---------------------------------------------------------------------

build_rust() {
  mkdir "$tmp/rust" && cp -R "$tests/rust" "$tmp/rust/use" &&
    tar -xzf "$out/tablao-$version.crate" -C "$tmp/rust" &&
    cd "$tmp/rust/use" || return
  sed "s/@VERSION@/$version/" Cargo.toml.in >Cargo.toml
  RUSTFLAGS='-D warnings' cargo build --quiet
}

test_rust() {
  have cargo || { skip "Rust: not installed"; return; }
  try "Rust: build" build_rust || return
  count Rust "$tmp/rust/use/target/debug/use" "$version" "$job"
}

# --- other machines: a C program with its own SQLite ----------------------------

# The amalgamation of SQLite that better-sqlite3 comes with.
sqlite_source() {
  sqlite=$tmp/npm/node_modules/better-sqlite3/deps/sqlite3
  [ ! -f "$sqlite/sqlite3.c" ] || return 0
  have npm || return
  sqlite=$tmp/sqlite/package/deps/sqlite3
  [ ! -f "$sqlite/sqlite3.c" ] || return 0
  mkdir -p "$tmp/sqlite" && (cd "$tmp/sqlite" &&
    npm pack --silent "better-sqlite3@$better_sqlite3" >/dev/null &&
    tar -xzf better-sqlite3-*.tgz)
}

# COMPILER DIR LIBRARY ...: makes DIR/smoke.exe.
build_smoke() {
  compiler=$1 dir=$2
  shift 2
  $compiler -O1 -I"$build/amalgamation" -I"$sqlite" -o "$dir/smoke.exe" \
    packages/c/smoke.c "$sqlite/sqlite3.c" "$@"
}

wineserver_kill() {
  for server in wineserver /usr/lib/wine/wineserver64; do
    have $server && $server -k && return
  done
}

test_windows() {
  package=$out/tablao-$version-win32-x64.zip
  compiler=x86_64-w64-mingw32-gcc
  [ -f "$package" ] || { skip "Windows: the DLL was not built"; return; }
  have wine || { skip "Windows: wine is not installed"; return; }
  sqlite_source || { skip "Windows: no SQLite to build"; return; }
  unzip_to "$package" "$tmp"
  dir=$tmp/tablao-$version-win32-x64
  try "Windows: build" build_smoke $compiler "$dir" -static || return
  WINEPREFIX=$tmp/wine WINEDEBUG=-all WINEDLLOVERRIDES='mscoree=;mshtml='
  export WINEPREFIX WINEDEBUG WINEDLLOVERRIDES
  cp "$job" "$dir/job.json"
  # The first start makes the prefix, which takes its time.
  try "Windows: start" timeout 300 wine cmd /c ver || return
  count "Windows (wine)" env -C "$dir" wine ./smoke.exe tablao.sql job.json \
    tablao
}

test_aarch64() {
  package=$out/tablao-$version-linux-arm64.zip
  compiler=aarch64-linux-gnu-gcc
  [ -f "$package" ] || { skip "aarch64: the library was not built"; return; }
  if [ "$(uname -m)" = aarch64 ]; then
    compiler=${CC:-cc} qemu=env
  elif have qemu-aarch64; then
    qemu="qemu-aarch64 -L /usr/aarch64-linux-gnu"
  else
    skip "aarch64: qemu-user is not installed"
    return
  fi
  sqlite_source || { skip "aarch64: no SQLite to build"; return; }
  unzip_to "$package" "$tmp"
  dir=$tmp/tablao-$version-linux-arm64
  try "aarch64: build" build_smoke "$compiler" "$dir" -lm -ldl -lpthread ||
    return
  # shellcheck disable=SC2086
  count "aarch64 (qemu)" $qemu "$dir/smoke.exe" "$dir/tablao.sql" "$job" \
    "$dir/tablao"
}

for part in "$@"; do
  "test_$part"
done

[ -z "$skipped" ] || echo "skipped:$skipped"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
