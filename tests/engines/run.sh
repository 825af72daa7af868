#!/bin/sh
# Runs farms on engines that replicate SQLite, and kills what can be killed.
#
#   tests/engines/run.sh BUILD ?ENGINE ...?
#
# ENGINE: dqlite litestream vfs rsync mirror statements docs (all of them).
# Everything listens on 127.0.0.1 only, and every wait is bounded. What is
# installed goes to BUILD/engines and BUILD/cluster: packages of pip's and Go's
# registries at the versions pinned in requirements.txt and
# examples/cluster/go.mod. What cannot be had is skipped by name. Last it
# prints `N passed, N failed, N skipped`.
set -u

build=$(cd "$1" && pwd) || exit 1
shift
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$(dirname "$here")")
work=$build/engines
mkdir -p "$work"

# A stamp that is newer than what is pinned saves asking the registry again.
if [ ! "$work/pip.stamp" -nt "$here/requirements.txt" ]; then
  python3 -m venv "$work/venv" >"$work/pip.log" 2>&1 ||
    /usr/bin/python3 -m venv "$work/venv" >"$work/pip.log" 2>&1
  # One by one: where one cannot be had, the others may.
  all=1
  grep -v '^#' "$here/requirements.txt" | while read -r package; do
    timeout 200 "$work/venv/bin/pip" --disable-pip-version-check install -q \
      "$package" >>"$work/pip.log" 2>&1 </dev/null || echo "$package"
  done >"$work/pip.missing"
  [ -s "$work/pip.missing" ] && all=
  [ -n "$all" ] && touch "$work/pip.stamp"
fi

if ! timeout 300 sh "$top/examples/cluster/build.sh" "$build" \
    >"$work/cluster.log" 2>&1; then
  rm -f "$build/cluster/cluster"
fi
python=$work/venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" "$here/run.py" "$build" "$@"
