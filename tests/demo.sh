#!/bin/sh
# Runs the demo and leaves its farm behind.
#
#   tests/demo.sh [BUILD [DATABASE]]      default: build BUILD/demo.db
#
# Fails unless every job ended completed and nothing is wrong with the farm.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${1:-build}
db=${2:-$build/demo.db}

# -init keeps the user's ~/.sqliterc out.
shell() {
  sqlite3 -batch -bail -init /dev/null "$@"
}

die() {
  echo "tablao: demo: $*" >&2
  exit 1
}

rm -f "$db" "$db-wal" "$db-shm" "$db-journal" ||
  die "cannot remove the last demo's $db"
shell -cmd ".load '$build/tablao'" "$db" <tests/demo.sql ||
  die "the statements in tests/demo.sql failed"

unfinished=$(shell "$db" "SELECT 'job ' || name || ': ' || status FROM jobs
  WHERE status <> 'completed' LIMIT 5") ||
  die "cannot read $db"
[ -z "$unfinished" ] || die "did not end completed: $unfinished"
completed=$(shell "$db" "SELECT count(*) FROM tasks WHERE status = 'completed'")
[ "$completed" = 2506 ] || die "completed tasks: $completed instead of 2506"
problems=$(shell "$db" "SELECT * FROM farm_problems; PRAGMA foreign_key_check;
  SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'") ||
  die "cannot check $db"
[ -z "$problems" ] || die "the farm has problems: $problems"

cat <<EOT

Both jobs are completed, and the checks find nothing wrong with the farm. It
stays in $db, for a look around and to go on with:

sqlite3 '$db'
.load '$build/tablao'
.mode column
SELECT name, status, type, worker_name FROM task_summaries LIMIT 5;
SELECT name, status, level, is_critical FROM task_graph((SELECT uuid FROM jobs WHERE name LIKE '010%'));
UPDATE jobs SET status = 'requeueing' WHERE name LIKE '010%';
SELECT name, status, activity FROM jobs;
INSERT INTO task_claims (worker_uuid) SELECT uuid FROM workers WHERE name = 'node-01';
SELECT worker_name, task_name, last_touched_at FROM task_claims;
SELECT farm_tick();  -- the others were last heard of in the demo
SELECT name, status FROM worker_summaries;
SELECT * FROM tablao_check;
EOT
