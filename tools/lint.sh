#!/bin/sh
# What `make lint` runs: lint.sh BUILD WARNINGS. Last: `N passed, N failed`.
# What is switched off, and why, is said where it is.
set -u
build=$1 warnings=$2
passed=0 failed=0

check() {
  what=$1
  shift
  if "$@" >"$build/lint.log" 2>&1; then
    passed=$((passed + 1))
    echo "$what: clean"
  else
    failed=$((failed + 1))
    echo "$what: FAILED"
    cat "$build/lint.log"
  fi
}

for cc in gcc clang; do
  for file in ext/*.c; do
    # shellcheck disable=SC2086
    check "$cc $file" $cc -std=c11 $warnings -O2 -Iext -I"$build" \
      -DNDEBUG -fsyntax-only "$file"
  done
  # shellcheck disable=SC2086
  check "$cc, linked statically" $cc -std=c11 $warnings -O2 -Iext -I"$build" \
    -DNDEBUG -DSQLITE_CORE -fsyntax-only ext/*.c
done

# missingInclude: the system's headers are not its business.
# variableScope and constParameter ask for what SQLite's style, or a callback's
# type, does not allow.
check cppcheck cppcheck -q --std=c11 --enable=warning,performance,portability \
  --error-exitcode=1 --inline-suppr --suppress=missingIncludeSystem \
  -Iext -I"$build" ext

# insecureAPI.DeprecatedOrUnsafeBufferHandling wants memcpy_s() and its like,
# which no C library has.
check clang-tidy clang-tidy --quiet --warnings-as-errors='*' \
  --checks='-*,clang-analyzer-*,bugprone-*,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,-bugprone-assignment-in-if-condition' \
  ext/*.c -- -std=c11 -Iext -I"$build" -DNDEBUG

# Its own calls failing is what makes an extension leak or read too far.
check valgrind valgrind -q --leak-check=full --error-exitcode=9 \
  --errors-for-leak-kinds=definite \
  "$build/torture/calls" -ext "$build/tablao.so" -seconds 25

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
