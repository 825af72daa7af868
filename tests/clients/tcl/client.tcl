# The scenario through Tcl's binding. Usage and protocol: see
# ../python/client.py. Tcl has no JSON parser of its own; SQLite has one.

package require sqlite3
lassign $argv scenario database build way

sqlite3 db $database
db timeout 10000
if {$way eq "ext"} {
  db enable_load_extension 1
  db eval {SELECT load_extension($build || '/tablao')}
  db enable_load_extension 0
}

sqlite3 json :memory:
set channel [open $scenario r]
fconfigure $channel -encoding utf-8
set text [read $channel]
close $channel
json eval {
  CREATE TABLE steps AS
  SELECT b.key AS block, s.key AS step, b.value ->> 'section' AS section,
         b.value ->> 'name' AS name, s.value AS json
    FROM json_each($text, '$.blocks') b, json_each(b.value, '$.steps') s
}
# NULL must differ from an empty string.
set null \u2400
foreach command {db json} {$command nullvalue $null}
fconfigure stdout -encoding utf-8

proc say {text} {
  puts $text
  flush stdout
}

proc check {name wrong} {
  if {$wrong eq ""} {
    say "ok $name"
  } else {
    say "not ok $name: [string map {\n { }} $wrong]"
  }
}

# What is wrong with the step, or nothing.
proc run {step} {
  # The binding knows parameters by name only. A variable that is not set is
  # NULL, @v binds a BLOB, :v what the Tcl value is, a number or a text.
  set sql [json onecolumn {SELECT $step ->> 'sql'}]
  json eval {
    SELECT key+1 AS n, type, value,
           value ->> 'real' AS real, value ->> 'blob' AS blob
      FROM (SELECT key, type, value FROM json_each($step, '$.params')
             WHERE type='object')
    UNION ALL
    SELECT key+1, type, value, NULL, NULL FROM json_each($step, '$.params')
     WHERE type<>'object'
    ORDER BY 1
  } p {
    set sign :
    switch $p(type) {
      null {}
      object {
        if {$p(blob) ne $::null} {
          set v$p(n) [binary decode hex $p(blob)]
          set sign @
        } else {
          set v$p(n) [expr {double($p(real))}]
        }
      }
      text {set v$p(n) $p(value)}
      default {set v$p(n) [expr {$p(value)+0}]}
    }
    regsub {\?} $sql ${sign}v$p(n) sql
  }
  set error [json onecolumn {SELECT $step ->> 'error'}]
  if {[catch {db eval $sql} got]} {
    if {$error ne $::null && [string first $error $got]>=0} return
    return $got
  }
  if {$error ne $::null} {return "no error"}
  if {[json onecolumn {SELECT json_type($step, '$.rows')}] eq $::null} return
  set want [json eval {
    SELECT v.value FROM json_each($step, '$.rows') r, json_each(r.value) v
  }]
  if {$got ne $want} {return "got $got"}
}

proc block {number} {
  global way
  json eval {
    SELECT section, name, step, json AS one FROM steps
     WHERE block=CAST($number AS INTEGER)
       AND coalesce(json ->> 'needs', '')<>
           CASE $way WHEN 'ext' THEN 'no extension' ELSE 'extension' END
     ORDER BY step
  } row {
    check "$row(section). $row(name) #[expr {$row(step)+1}]" [run $row(one)]
  }
}

proc install {} {
  global way build
  if {$way eq "ext"} {
    db eval {SELECT tablao_migrate()}
  } else {
    set channel [open $build/tablao.sql r]
    fconfigure $channel -encoding utf-8
    db eval [read $channel]
    close $channel
  }
  check install ""
}

proc same {name got want} {
  check $name [expr {$got eq $want ? "" : "got $got, not $want"}]
}

# What this binding does that could matter.
proc extra {} {
  # A value that came as text is bound as text, whatever it looks like; the
  # columns' affinity makes a number of it.
  set priority [string range x88 1 end]
  db eval {UPDATE jobs SET priority=$priority WHERE uuid='job-doc'}
  same "a number that is text" [db eval {
    SELECT typeof(priority), priority FROM jobs WHERE uuid='job-doc'
  }] {integer 88}
  set settings [encoding convertto utf-8 "{\"t\":\"\u017e\"}"]
  db eval {UPDATE jobs SET settings=@settings WHERE uuid='job-doc'}
  same "bytes of JSON become text" [db eval {
    SELECT typeof(settings), settings ->> 't' FROM jobs WHERE uuid='job-doc'
  }] [list text \u017e]
  # `transaction` rolls back what fails.
  set code [catch {
    db transaction immediate {
      db eval {UPDATE jobs SET status='requeueing' WHERE uuid='job-shot'}
      db eval {UPDATE jobs SET status='wrong'}
    }
  }]
  same "an error leaves the transaction" $code 1
  same "which rolls back" [db eval {
    SELECT status FROM jobs WHERE uuid='job-shot'
  }] failed
  # The binding caches statements by their text.
  set query {SELECT count(*) FROM workers}
  set before [db eval $query]
  db eval {CREATE TABLE tcl_side (x); DROP TABLE tcl_side}
  same "cached statements outlive a change of the schema" \
      [db eval $query] $before
}

while {[gets stdin line]>=0} {
  lassign $line command number
  if {[catch {
    switch $command {
      version {
        say "version\tTcl [info patchlevel]\t[db onecolumn {
          SELECT sqlite_version()}]"
      }
      block {block $number}
      default {$command}
    }
  } message]} {check $line $message}
  say done
}
db close
