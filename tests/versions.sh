#!/usr/bin/env bash
# Runs the core of the tests on other SQLite versions: the oldest one that
# Tablao supports, and the newest.
#
#   tests/versions.sh BUILD [VERSION ...]
#
# The sources come from packages of the npm registry that have them in, the
# amalgamation among their files; nothing of those packages is run. Tcl's
# binding is the system's, which links to SQLite dynamically: it gets ours by
# LD_LIBRARY_PATH, as does the extension. So this is for Linux.
# Last it prints `N passed, N failed`, and `, N skipped` versions.
set -u

build=$(cd "$1" && pwd) || exit 1
shift
cd "$(dirname "$0")/.." || exit 1
: "${CC:=cc}" "${TCLSH:=tclsh}"
[ $# -gt 0 ] || set -- 3.37.2 3.54.1

# SQLite version -> the package that has it.
declare -A package=(
  [3.37.2]=better-sqlite3@7.5.0
  [3.54.1]=better-sqlite3@13.2.0
)

# As Debian compiles it, as far as tests could tell.
options=(
  -DSQLITE_ENABLE_JSON1 -DSQLITE_ENABLE_COLUMN_METADATA
  -DSQLITE_ENABLE_UNLOCK_NOTIFY -DSQLITE_ENABLE_PREUPDATE_HOOK
  -DSQLITE_ENABLE_SESSION -DSQLITE_ENABLE_DBSTAT_VTAB
  -DSQLITE_ENABLE_STMTVTAB -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE
  -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_SECURE_DELETE
  -DSQLITE_ENABLE_LOAD_EXTENSION
)

# Left out: what tests the build, the pages, the shell or the tester, what is
# long, and what starts other processes, which would have the system's SQLite.
left_out=' build upgrade demo dist docs golden interfaces readme tester flamenco_guide
  adopt concurrency day deletes examples histories design handbook '

# The library, from the registry, once.
make_library() { # VERSION DIRECTORY
  local version=$1 dir=$2
  [ ! -f "$dir/libsqlite3.so.0" ] || return 0
  mkdir -p "$dir/bin" || return 1
  (
    cd "$dir" || exit 1
    archive=$(npm pack --silent "${package[$version]}") || {
      echo "npm cannot get ${package[$version]}"
      exit 1
    }
    tar -xzf "$archive" --strip-components=3 package/deps/sqlite3/ || exit 1
    # Tcl's binding names a function that came with 3.38.
    if ! grep -q sqlite3_error_offset sqlite3.h; then
      echo 'int sqlite3_error_offset(void *p){ (void)p; return -1; }' >added.c
    fi
    "$CC" -O2 -fPIC -shared -Wl,-soname,libsqlite3.so.0 "${options[@]}" \
      -o libsqlite3.tmp sqlite3.c ./added*.c -lm -lpthread -ldl 2>cc.log ||
      "$CC" -O2 -fPIC -shared -Wl,-soname,libsqlite3.so.0 "${options[@]}" \
        -o libsqlite3.tmp sqlite3.c -lm -lpthread -ldl || exit 1
    # Programs that tests start keep the SQLite that they were made for.
    for program in sqlite3 python3; do
      path=$(command -v "$program") || continue
      printf '#!/bin/sh\nunset LD_LIBRARY_PATH\nexec %s "$@"\n' "$path" \
        >"bin/$program"
      chmod +x "bin/$program"
    done
    mv libsqlite3.tmp libsqlite3.so.0
  )
}

files=()
for file in tests/*.test; do
  name=$(basename "$file" .test)
  [[ " ${left_out//$'\n'/ } " == *" $name "* ]] || files+=("$name")
done

passed=0 failed=0 skipped=0
for version; do
  dir=$build/versions/$version
  if [ -z "${package[$version]:-}" ]; then
    echo "SQLite $version: no package is known to have it"
    failed=$((failed + 1))
    continue
  fi
  if ! why=$(make_library "$version" "$dir" 2>&1); then
    echo "SQLite $version: skipped: $(tail -n 1 <<<"$why")"
    skipped=$((skipped + 1))
    continue
  fi
  got=$(LD_LIBRARY_PATH=$dir "$TCLSH" <<<'
    package require sqlite3
    sqlite3 db :memory:
    puts [db eval {SELECT sqlite_version()}]' 2>&1)
  if [ "$got" != "$version" ]; then
    echo "SQLite $version: Tcl uses another: $got"
    failed=$((failed + 1))
    continue
  fi
  # The extension compiles with that version's headers, too.
  if make --no-print-directory -s BUILD="$dir/tablao" \
    CPPFLAGS="-DNDEBUG -I$dir" CFLAGS='-O1 -Werror' all >"$dir/make.log" 2>&1
  then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "SQLite $version: the extension does not compile:"
    cat "$dir/make.log"
  fi
  echo "SQLite $version: ${#files[@]} of the test files"
  # With the extension as it was compiled here, by the system's headers.
  PATH=$dir/bin:$PATH LD_LIBRARY_PATH=$dir TABLAO_BUILD=$build \
    "$TCLSH" tests/all.tcl "${files[@]}" | tee "$dir/log"
  if [[ $(tail -n 1 "$dir/log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
  else
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
