# The SQL script of an older state of the sources, which `make bench` measures
# statements beside that are prepared anew:
#
#   sh bench/old.sh BUILD/bench     leaves BUILD/bench/28be558/build/tablao.sql
#
# Without git, or where the history is not there, it says so; the bench then
# leaves out what it would compare.
set -eu
old=28be558
dir=$1/$old
if [ -f "$dir/build/tablao.sql" ]; then exit 0; fi
if ! git cat-file -e "$old^{commit}" 2>/dev/null; then
  echo "tablao: bench: no git history with $old: nothing is measured beside it" >&2
  exit 0
fi
rm -rf "$dir"
mkdir -p "$dir"
git archive "$old" | tar -x -C "$dir"
make --no-print-directory -C "$dir" build/tablao.sql >"$dir/log" 2>&1 || {
  echo "tablao: bench: $dir/log: $old cannot be built" >&2
  exit 1
}
