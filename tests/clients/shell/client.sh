#!/usr/bin/env bash
# The scenario through the sqlite3 shell. Usage and protocol: see
# ../python/client.py. A second shell, in memory, takes the scenario apart;
# what a step gives is compared with what the expected rows look like when the
# same shell prints them.
set -u

scenario=$1 database=$2 build=$3 way=$4
SQLITE3=${SQLITE3:-sqlite3}
other=extension
[ "$way" = sql ] || other='no extension'

# Its standard output is a pipe and would be kept back without stdbuf.
coproc farm { exec stdbuf -o0 "$SQLITE3" -batch "$database" 2>&1; }

# What the shell prints for these lines, in $answer.
ask() {
  local line
  printf '%s\n.print @@done\n' "$1" >&"${farm[1]}"
  answer=
  while IFS= read -r line <&"${farm[0]}" && [ "$line" != @@done ]; do
    answer+=$line$'\n'
  done
}

check() {
  if [ -z "$2" ]; then
    echo "ok $1"
  else
    echo "not ok $1: ${2//$'\n'/ }"
  fi
}

# One line per step of a block: its number, its name, its statement, the
# statement that sets its parameters, one that gives the expected rows, and
# the expected error, all in hex; `-` for what it has not.
steps() {
  "$SQLITE3" -batch -separator ' ' :memory: "
    WITH step AS (
      SELECT s.key + 1 AS n, s.value AS j,
        (b.value ->> 'section') || '. ' || (b.value ->> 'name') AS name
      FROM json_each(CAST(readfile('${scenario//\'/\'\'}') AS TEXT), '\$.blocks') b
      JOIN json_each(b.value, '\$.steps') s
      WHERE b.key = $1 AND coalesce(s.value ->> 'needs', '') <> '$other'
    )
    SELECT
      n,
      hex(name),
      hex(j ->> 'sql'),
      coalesce(nullif(hex((
        SELECT 'INSERT INTO temp.sqlite_parameters VALUES ' || group_concat(
          '(''?' || (p.key + 1) || ''', ' || CASE p.type
            WHEN 'object' THEN coalesce(
              'x''' || (p.value ->> 'blob') || '''',
              CAST(CAST(p.value ->> 'real' AS REAL) AS TEXT)
            )
            ELSE quote(p.value)
          END || ')', ', ') || ';'
        FROM json_each(j, '\$.params') p
        HAVING count(*) > 0
      )), ''), '-'),
      coalesce(nullif(hex((
        SELECT 'VALUES ' || group_concat('(' || (
          SELECT group_concat(quote(v.value), ', ') FROM json_each(r.value) v
        ) || ')', ', ') || ';'
        FROM json_each(j, '\$.rows') r
        HAVING count(*) > 0
      )), ''), '-'),
      iif(json_type(j, '\$.rows') IS NULL, 'any', 'rows'),
      coalesce(nullif(hex(j ->> 'error'), ''), '-')
    FROM step ORDER BY n"
}

unhex() {
  if [ "$1" = - ]; then
    text=
  else
    # printf takes \xHH; no process per field.
    text=$(sed 's/../\\x&/g' <<<"$1")
    printf -v text '%b' "$text"
  fi
}

block() {
  local n name sql params rows kind error wrong got
  while read -r n name sql params rows kind error <&3; do
    unhex "$name"; name="$text #$n"
    unhex "$sql"; sql=$text
    unhex "$params"; params=$text
    unhex "$rows"; rows=$text
    unhex "$error"; error=$text
    ask "DELETE FROM temp.sqlite_parameters;
$params
$sql;"
    got=$answer wrong=
    if [ -n "$error" ]; then
      [[ $got == *"$error"* ]] || wrong="no such error: $got"
    elif [ "$kind" = any ]; then
      [ -z "$got" ] || wrong=$got
    else
      ask "$rows"
      [ "$got" = "$answer" ] || wrong="got $got"
    fi
    check "$name" "$wrong"
  done 3< <(steps "$1")
}

install() {
  if [ "$way" = ext ]; then
    ask 'SELECT tablao_migrate();'
  else
    ask ".bail on
.read $build/tablao.sql
.bail off"
    answer=
  fi
  case $answer in *rror*) check install "$answer" ;; *) check install '' ;; esac
}

same() {
  if [ "$2" = "$3" ]; then check "$1" ''; else check "$1" "got $2, not $3"; fi
}

# What the shell does that could matter.
extra() {
  ask '.mode list'
  # readfile() gives a BLOB.
  printf '{"sh": 1}' >"$database.json"
  ask "UPDATE jobs SET settings = readfile('$database.json') WHERE uuid = 'job-doc';
SELECT typeof(settings), settings FROM jobs WHERE uuid = 'job-doc';"
  rm -f "$database.json"
  same 'readfile() of JSON becomes text' "$answer" $'text|{"sh": 1}\n'
  # The script once more: it fails, and with -bail nothing is changed.
  ask "SELECT count(*) || (SELECT max(rowid) FROM sqlite_schema) FROM sqlite_schema;"
  local before=$answer
  "$SQLITE3" -batch -bail "$database" <"$build/tablao.sql" >/dev/null 2>&1
  same 'the script run again fails' "$?" 1
  ask "SELECT count(*) || (SELECT max(rowid) FROM sqlite_schema) FROM sqlite_schema;"
  same 'and changes nothing' "$answer" "$before"
  ask ".mode json
SELECT status, num_tasks FROM job_summaries WHERE job_uuid = 'job-bare';
.mode list"
  same 'a view as JSON' "$answer" $'[{"status":"under-construction","num_tasks":1}]\n'
}

ask ".timeout 10000
.mode quote
.parameter init"
[ "$way" = sql ] || ask ".load $build/tablao"
[ -z "$answer" ] || echo "not ok load: $answer"

while read -r command number; do
  case $command in
  version) printf 'version\tsqlite3 shell\t%s\n' "$("$SQLITE3" --version | cut -d' ' -f1)" ;;
  block) block "$number" ;;
  install | extra) $command ;;
  esac
  echo 'done'
done
