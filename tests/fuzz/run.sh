#!/bin/sh
# Fuzzes one target for a while:
#
#   run.sh BUILD TARGET SECONDS ?SEED?
#
# The corpus of the repository is read; what is found beyond it is kept in
# BUILD/fuzz/corpus, to go on from the next time. An input that crashes,
# leaks or hangs is kept as BUILD/fuzz/TARGET-*. Last: `N passed, N failed`.
set -u
build=$1 target=$2 seconds=$3 seed=${4:-0}
here=$(dirname "$0")
found=$build/fuzz/corpus/$target
log=$build/fuzz/$target.log
mkdir -p "$found"
dict=
[ -f "$here/$target.dict" ] && dict=-dict=$here/$target.dict

UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
ASAN_OPTIONS=detect_leaks=1 \
  "$build/fuzz/fuzz_$target" -max_total_time="$seconds" -seed="$seed" \
  -timeout=25 -rss_limit_mb=2000 -print_final_stats=1 \
  -artifact_prefix="$build/fuzz/$target-" $dict \
  "$found" "$here/corpus/$target" >"$log" 2>&1
code=$?
runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$log")

# libFuzzer goes by the clock, and on a busy machine takes what is only slow for
# a hang. So that input gets another try, and so many seconds of the processor.
slow=$(sed -n 's/.*Test unit written to \(.*-timeout-[0-9a-f]*\)$/\1/p' "$log" |
  tail -n 1)
if [ "$code" != 0 ] && [ -n "$slow" ] && (
  ulimit -t 25
  exec "$build/fuzz/fuzz_$target" -timeout=3600 "$slow"
) >"$log.again" 2>&1; then
  echo "it ended early, at an input that was slow but did not hang: $slow"
  code=0
fi

if [ "$code" = 0 ] && [ -n "$runs" ]; then
  grep -aE 'DONE|exec/s' "$log" | tail -n 1
  echo "$runs passed, 0 failed"
else
  grep -av '^#[0-9]*	' "$log" | tail -n 60
  echo "${runs:-0} passed, 1 failed"
  exit 1
fi
