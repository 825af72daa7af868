#!/bin/sh
# Tests the dashboard, or takes its screenshots.
#
#   tests/dashboard/run.sh BUILD [DIRECTORY FOR SCREENSHOTS]
#
# The farms that it is tried on: the demo's, an observed one, on which a Manager
# does a few things, one with odd names, one without history, and one with nothing in it. All are made anew.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
top=$(dirname "$(dirname "$here")")
build=$(cd "$1" && pwd) || exit 1
TZ=UTC LC_ALL=C.UTF-8
export TZ LC_ALL

sh "$top/dashboard/setup.sh" "$build" || {
  echo 'dashboard: skipped: Datasette cannot be installed here'
  echo '0 passed, 0 failed'
  exit 0
}
work=$build/dashboard/test
rm -rf "$work"
mkdir -p "$work/dashboard" || exit 1
cp "$build/tablao.so" "$work/" || exit 1
sh "$top/tests/demo.sh" "$build" "$work/demo.db" >/dev/null &&
  (cd "$top" && sh dashboard/demo.sh "$work") >/dev/null || exit 1
if [ $# = 1 ]; then
  "${TCLSH:-tclsh}" "$top/tests/make_flamenco_db.tcl" "$work/flamenco.db" 600 >/dev/null &&
    cp "$work/flamenco.db" "$work/observed.db" &&
    sqlite3 -batch -bail -init /dev/null -cmd ".load '$build/tablao'" \
      "$work/observed.db" <"$here/manager.sql" >/dev/null &&
    sqlite3 -batch -bail -init /dev/null -cmd ".load '$build/tablao'" \
      "$work/empty.db" 'SELECT tablao_migrate()' >/dev/null &&
    sqlite3 -batch -bail -init /dev/null -cmd ".load '$build/tablao'" \
      "$work/odd.db" <"$here/odd.sql" >/dev/null &&
    sqlite3 -batch -bail -init /dev/null -cmd ".load '$build/tablao'" \
      "$work/quiet.db" <"$here/quiet.sql" >/dev/null || exit 1
fi
exec "$build/dashboard/venv/bin/python" "$here/test.py" "$build" "$work" "${2:-}"
