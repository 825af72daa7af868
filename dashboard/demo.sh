#!/bin/sh
# Makes the farm that `make dashboard` shows where it is given none: the demo's,
# on the morning after.
#
#   dashboard/demo.sh BUILD        leaves BUILD/dashboard/demo.db
#
# What is there is kept, so that what was done in it stays.
set -u
build=$1
db=$build/dashboard/demo.db
here=$(dirname "$0")
[ -f "$db" ] && exit 0

mkdir -p "$build/dashboard" || exit 1
[ -f "$build/demo.db" ] || sh "$here/../tests/demo.sh" "$build" >/dev/null || exit 1
rm -f "$db.new" "$db.new-wal" "$db.new-shm"
sqlite3 -batch -bail -init /dev/null "$build/demo.db" ".backup '$db.new'" &&
  sqlite3 -batch -bail -init /dev/null -cmd ".load '$build/tablao'" "$db.new" \
    <"$here/morning.sql" &&
  mv "$db.new" "$db" || {
  echo "tablao: dashboard: cannot make $db" >&2
  exit 1
}
