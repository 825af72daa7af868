#!/bin/sh
# Makes the packages of BUILD/amalgamation in BUILD/packages:
#
#   packages/build.sh BUILD
#
#   tablao-VERSION-py3-none-PLATFORM.whl    Python, one for each platform
#   tablao-VERSION.tgz                      npm, with all platforms
#   go/                                     Go, laid out as a module proxy
#   tablao-VERSION.crate                    Rust
#   tablao-VERSION-PLATFORM.zip             the library for each platform
#
# A platform whose compiler, or a language whose tools are missing, is left
# out, and said to be. BUILD/packages/stage is what the packages are made of.
set -eu
# shellcheck source=common.sh
. packages/common.sh

amalgamation=$build/amalgamation
stage=$out/stage
rm -rf "$out"
mkdir -p "$stage/include"

# Copies packages/NAME to the stage and fills in the files that end in .in.
stage() {
  mkdir -p "$stage/$1"
  cp -R "packages/$1/." "$stage/$1/"
  cp LICENSE "$stage/$1/"
  find "$stage/$1" -name '*.in' | while read -r template; do
    sed -e "s/@VERSION@/$version/g" -e "s/@SCHEMA_VERSION@/$schema_version/g" \
      "$template" >"${template%.in}"
    rm "$template"
  done
}

skip() {
  echo "packages: left out: $*"
}

# Only SQLite's two headers: what the system has beside them is not for
# another platform.
for header in sqlite3.h sqlite3ext.h; do
  path=$(echo "#include <$header>" | ${CC:-cc} ${CPPFLAGS:-} -M -E -x c - |
    tr ' ' '\n' | grep "/$header\$" | head -n 1)
  cp "$path" "$stage/include/"
done

# --- the library, for each platform ------------------------------------------

built=
while read -r platform so compiler; do
  have "$compiler" || { skip "$platform ($compiler is missing)"; continue; }
  dir=$stage/lib/$platform
  mkdir -p "$dir"
  case $so in
  # Without the times and, in mingw's DLL, the need for its own libraries.
  dll) flags='-static-libgcc -Wl,--no-insert-timestamp -s' ;;
  dylib) flags=-fPIC ;;
  *) flags='-fPIC -s' ;;
  esac
  # shellcheck disable=SC2086
  (cd "$amalgamation" && $compiler -std=c11 -O2 -DNDEBUG -Wall -Wextra -Werror \
    -fvisibility=hidden -I"$stage/include" -shared $flags \
    -o "$dir/tablao.$so" tablao.c)
  mkdir -p "$stage/zip-$platform"
  cp "$dir/tablao.$so" "$amalgamation/tablao.sql" LICENSE "$stage/zip-$platform/"
  python3 packages/mkzip.py "$out/tablao-$version-$platform.zip" \
    "$stage/zip-$platform" "tablao-$version-$platform/"
  built="$built $platform"
done <<PLATFORMS
$(platforms)
PLATFORMS

# --- Python -------------------------------------------------------------------

# The oldest glibc that will do, of those that Python's platforms begin with.
manylinux() {
  minor=$(objdump -T "$1" | grep -o 'GLIBC_2\.[0-9]*' |
    sed 's/.*\.//' | sort -n | tail -n 1)
  [ "${minor:-0}" -ge 17 ] || minor=17
  echo "manylinux_2_${minor}_$2"
}

if python3 -m venv "$stage/venv"; then
  for platform in $built; do
    library=$(echo "$stage/lib/$platform"/tablao.*)
    case $platform in
    linux-x64) tag=$(manylinux "$library" x86_64) ;;
    linux-arm64) tag=$(manylinux "$library" aarch64) ;;
    win32-x64) tag=win_amd64 ;;
    darwin-x64) tag=macosx_11_0_x86_64 ;;
    darwin-arm64) tag=macosx_11_0_arm64 ;;
    esac
    rm -rf "$stage/python"
    stage python
    cp "$library" "$amalgamation/tablao.sql" "$stage/python/tablao/"
    TABLAO_WHEEL_PLATFORM=$tag "$stage/venv/bin/python" -m pip wheel --quiet --no-deps \
      --disable-pip-version-check --no-cache-dir -w "$out" "$stage/python"
  done
else
  skip "Python (python3 -m venv does not work)"
fi

# --- npm ----------------------------------------------------------------------

if have npm; then
  stage npm
  cp -R "$stage/lib" "$amalgamation/tablao.sql" "$stage/npm/"
  (cd "$stage/npm" && npm pack --silent --pack-destination "$out" >/dev/null)
else
  skip "npm (npm is missing)"
fi

# --- Go: what GOPROXY=file://.../go serves -------------------------------------

if have go; then
  stage go
  cp "$amalgamation/tablao.sql" "$stage/go/"
  cp "$amalgamation/tablao.c" "$amalgamation/tablao.h" "$stage/include"/*.h \
    "$stage/go/ext/"
  module=$(sed -n 's/^module //p' "$stage/go/go.mod")
  proxy=$out/go/$module/@v
  mkdir -p "$proxy"
  cp "$stage/go/go.mod" "$proxy/v$version.mod"
  echo "v$version" >"$proxy/list"
  printf '{"Version":"v%s","Time":"%s"}\n' "$version" \
    "$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)" \
    >"$proxy/v$version.info"
  python3 packages/mkzip.py "$proxy/v$version.zip" "$stage/go" \
    "$module@v$version/"
else
  skip "Go (go is missing)"
fi

# --- Rust ---------------------------------------------------------------------

if have cargo; then
  stage rust
  mkdir "$stage/rust/c"
  cp "$amalgamation"/tablao.* "$stage/rust/c/"
  # What it is built with when it is tested.
  (cd "$stage/rust" && cargo package --quiet --allow-dirty --no-verify \
    --target-dir "$stage/target")
  cp "$stage/target/package/tablao-$version.crate" "$out/"
else
  skip "Rust (cargo is missing)"
fi

(cd "$out" && find . -path ./stage -prune -o -type f -print | sort | sed 's,^\./,packages: ,')
