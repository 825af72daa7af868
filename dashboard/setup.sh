#!/bin/sh
# Makes the virtual environment that the dashboard runs in.
#
#   dashboard/setup.sh BUILD
#
# BUILD/dashboard/venv gets what dashboard/requirements.txt pins, by a Python of
# 3.10 or later whose SQLite can load extensions. A stamp that is newer than the
# requirements saves asking the registry again. Where it cannot be done, it says
# why in one line.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
mkdir -p "$1/dashboard" && cd "$1/dashboard" || exit 1
[ venv.stamp -nt "$here/requirements.txt" ] && exit 0

for python in python3 /usr/bin/python3 ''; do
  [ -n "$python" ] || {
    echo 'tablao: dashboard: no Python 3.10 or later that can load SQLite' \
      'extensions (on Debian: python3 python3-venv)' >&2
    exit 1
  }
  $python -c 'import ensurepip, sqlite3, sys
assert sys.version_info >= (3, 10)
sqlite3.Connection.enable_load_extension' >/dev/null 2>&1 && break
done

echo 'tablao: installing Datasette'
rm -rf venv
{ $python -m venv venv &&
  venv/bin/pip --disable-pip-version-check install -q \
    -r "$here/requirements.txt"; } </dev/null >setup.log 2>&1 || {
  echo "tablao: dashboard: cannot install Datasette: $(tail -n 1 setup.log)" >&2
  exit 1
}
touch venv.stamp
