# Measures the peers: sh bench/peers.sh BUILD DIR. Those for Python go into a
# virtual environment in DIR, goqite into a program there. What is not to be had
# is skipped, said to be, and a row of the table, too.
set -eu
build=$1
dir=$2
venv=$dir/peers

# The table is that of this run, or of the last that came to its end.
table=$dir/peers.md
trap 'rm -f "$table.new"' EXIT
cat >"$table.new" <<'END'
| claim and completion beside | tasks | Tablao | the peer | ratio |
|---|--:|--:|--:|--:|
END

# skip WHO WHY MORE: what is for people only (paths, hosts) is in MORE.
skip() {
  echo "$1: skipped: $2${3:+: $3}" >&2
  echo "| $1 | | not measured: $2 | | |" >>"$table.new"
}

# Nothing may hang for ever on a registry.
within=
if command -v timeout >/dev/null 2>&1; then within='timeout 300'; fi

python_peers() {
  cmp -s bench/requirements.txt "$venv/requirements.txt" && return
  rm -rf "$venv"
  python3 -m venv "$venv" && $within "$venv/bin/pip" -q install -r bench/requirements.txt &&
    cp bench/requirements.txt "$venv/requirements.txt"
}
if python_peers >"$dir/peers.log" 2>&1; then
  rows=$("$venv/bin/python" bench/peers.py "$build" "$dir")
  echo "$rows" >>"$table.new"
else
  skip "$(sed 's/==.*//' bench/requirements.txt | paste -s -d , | sed 's/,/, /g')" \
    'they cannot be installed' "$dir/peers.log: $(tail -n 1 "$dir/peers.log")"
fi

# Lists what has to be there first: what fails after that is a fault of ours.
if ! command -v go >/dev/null 2>&1; then
  skip goqite 'Go is missing'
elif ! (cd bench/goqite && CGO_ENABLED=0 $within go list -deps .) \
    2>"$dir/goqite.log" >/dev/null; then
  why='its modules cannot be had'
  if grep -q 'requires go >=' "$dir/goqite.log"; then why='Go is too old'; fi
  skip goqite "$why" "$dir/goqite.log: $(tail -n 1 "$dir/goqite.log")"
else
  program=$(cd "$dir" && pwd)/goqite
  (cd bench/goqite && CGO_ENABLED=0 go build -buildvcs=false -trimpath -o "$program" .)
  schema=$(cd bench/goqite && go list -m -f '{{.Dir}}' maragu.dev/goqite)/schema_sqlite.sql
  rows=$("$program" "$build" "$dir" "$schema")
  echo "$rows" >>"$table.new"
fi

mv "$table.new" "$table"
cat "$table"
