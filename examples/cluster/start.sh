#!/bin/sh
# Starts three managers on this machine, as three machines would have them,
# until Ctrl-C or SIGTERM. A node that was killed is started again by its line
# below; it knows its name and its fellows by then.
#
#   sh examples/cluster/start.sh BUILD DIRECTORY
#
# Node N keeps its part in DIRECTORY/N, says what it has to say in
# DIRECTORY/N.log, and has its process in DIRECTORY/N.pid.
set -eu

build=$1
dir=$2
mkdir -p "$dir"

start() { # N ?-join ADDRESS?
  n=$1
  shift
  : >>"$dir/$n.log"
  "$build/cluster/cluster" manager -dir "$dir/$n" -node "127.0.0.1:900$n" \
    -http "127.0.0.1:808$n" -schema "$build/tablao.json" "$@" \
    >>"$dir/$n.log" 2>&1 &
  echo $! >"$dir/$n.pid"
  while ! grep -q http "$dir/$n.log"; do
    kill -0 $! 2>/dev/null || { cat "$dir/$n.log"; exit 1; }
    sleep 0.1
  done
  echo "http://127.0.0.1:808$n"
}

trap 'kill $(cat "$dir"/*.pid) 2>/dev/null; wait' EXIT
trap 'exit 0' INT TERM
for n in 1 2 3; do rm -f "$dir/$n.log"; done
start 1
start 2 -join 127.0.0.1:9001
start 3 -join 127.0.0.1:9001
wait
