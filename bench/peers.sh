# Measures the peers: sh bench/peers.sh BUILD DIR. Their packages go into a
# virtual environment in DIR; where they are not to be had, that is said, and
# nothing is measured.
set -eu
build=$1
dir=$2
venv=$dir/peers
if ! cmp -s bench/requirements.txt "$venv/requirements.txt"; then
  rm -rf "$venv"
  if ! { python3 -m venv "$venv" && "$venv/bin/pip" -q install -r bench/requirements.txt; } \
      >"$dir/peers.log" 2>&1; then
    echo "tablao: bench: $dir/peers.log: the peers cannot be installed: nothing is measured beside them" >&2
    exit 0
  fi
  cp bench/requirements.txt "$venv/requirements.txt"
fi
exec "$venv/bin/python" bench/peers.py "$build" "$dir"
