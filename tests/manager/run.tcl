# Runs the client that behaves like Flamenco's Manager (main.go says how) on a
# plain database and on an observed one, in turns.
#
#   tclsh tests/manager/run.tcl BUILD ?TASKS?
#
# Asserted, while the client has both databases open: the same results and
# orders of all its statements; what they may cost in opcodes; the same rows
# at the end; a farm without problems; a migration that adds columns; one that
# rebuilds a table, which needs tablao_detach() first, and says so; and after
# tablao_detach() the schema of a database that was never observed. How long
# it takes depends on the machine and is only shown: BUILD/manager/times.md,
# and the opcodes that differ: BUILD/manager/opcodes.md.
# Last it prints `N passed, N failed`. TASKS are there before the day begins
# (default 10000); fewer make it quicker, and the times tell less.

set here [file dirname [file normalize [info script]]]
set tests [file dirname $here]
set build [file normalize [lindex $argv 0]]
set tasks [expr {[llength $argv]>1 ? [lindex $argv 1] : 10000}]
set argv {}
set env(TABLAO_BUILD) $build
source [file join $tests tester.tcl]
source [file join $tests make_flamenco_db.tcl]

set env(TZ) UTC
set env(LC_ALL) C.UTF-8
set work [file join $build manager]
file mkdir $work
set passed 0
set failed 0

proc judge {name ok {why ""}} {
  if {$ok} {
    incr ::passed
  } else {
    incr ::failed
    puts "$name: $why"
  }
}

# Sends a command; counts what is judged, returns the other lines.
proc tell {command} {
  global client passed failed
  set lines {}
  puts $client $command
  while 1 {
    if {[gets $client line]<0} {
      catch {close $client} message
      error "the client ended at `$command`: $message"
    }
    if {$line eq "done"} {return $lines}
    if {[string match "ok *" $line]} {
      incr passed
    } elseif {[string match "not ok *" $line]} {
      incr failed
      puts "$command: $line"
    } else {
      lappend lines $line
    }
  }
}

proc show {file lines} {
  set channel [open $file w]
  puts $channel [join $lines \n]
  close $channel
  puts [join $lines \n]
  flush stdout
}

# What another program does to a database while the client has it open.
proc beside {which script} {
  global work build
  sqlite3 db $work/$which.db
  db timeout 20000
  db enable_load_extension 1
  db eval {SELECT load_extension($build || '/tablao')}
  set code [catch {uplevel 1 $script} result options]
  db close
  return -options $options $result
}

# An observed farm with nothing to complain of: what there is to be said is
# said of a pragma, not of a row or of the schema.
proc sound {name} {
  beside observed {
    judge "$name: farm_problems" [expr {![db exists {SELECT * FROM farm_problems}]}] \
        [db eval {SELECT * FROM farm_problems LIMIT 3}]
    set errors [db eval {SELECT object, message FROM tablao_check WHERE severity = 'error'}]
    judge "$name: tablao_check" [expr {![llength $errors]}] $errors
  }
}

proc schema_of {which} {
  beside $which {
    db eval {SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid}
  }
}

if {[auto_execok go] eq ""} {
  puts "tablao: go is missing"
  exit 1
}
if {[catch {
  cd $here
  exec env CGO_ENABLED=0 go build -trimpath -o $work/manager . 2>@1
} message]} {
  puts "tablao: the client cannot be built: $message"
  exit 1
}

foreach which {plain observed} {
  foreach suffix {{} -journal -wal -shm} {file delete $work/$which.db$suffix}
  sqlite3 db $work/$which.db
  flamenco::tables db
  db close
}
set client [open |[list $work/manager $work/plain.db $work/observed.db 2>@stderr] r+]
fconfigure $client -buffering line -encoding utf-8

if {[catch {
  puts [join [tell version]]
  tell "fill $tasks"
  beside observed {
    judge "tablao_migrate()" [expr {[db onecolumn {SELECT tablao_migrate()}]>0}]
  }
  sound "observed"
  show $work/times.md [tell measure]
  show $work/opcodes.md [tell opcodes]
  tell used
  tell rows
  sound "after a day's work"

  foreach which {plain observed} {
    set said [tell "migrate $which $here/column.sql"]
    judge "columns are added, $which" [expr {$said eq "migrated"}] $said
  }
  tell "work 1"
  tell rows
  sound "with more columns"

  set said [lindex [tell "migrate observed $here/rebuild.sql"] 0]
  judge "a table is rebuilt, observed" \
      [regexp {^error .*no such table: main\.tasks} $said] $said
  puts "a table is rebuilt, observed: $said"
  tell rows
  sound "after a migration that failed"
  judge "a table is rebuilt, plain" \
      [expr {[tell "migrate plain $here/rebuild.sql"] eq "migrated"}]
  beside observed {db eval {SELECT tablao_detach()}}
  judge "a table is rebuilt, detached" \
      [expr {[tell "migrate observed $here/rebuild.sql"] eq "migrated"}]
  tell "work 1"
  beside observed {db eval {SELECT tablao_migrate()}}
  sound "observed again"
  tell "work 1"
  tell rows
  sound "after more work"

  beside observed {db eval {SELECT tablao_detach()}}
  set plain [schema_of plain]
  set detached [schema_of observed]
  judge "the schema after tablao_detach()" [expr {$plain eq $detached}] \
      [tester::difference $plain $detached]
  tell "work 1"
  tell rows
  close $client
} message]} {
  judge "the run" 0 $::errorInfo
}
puts "$passed passed, $failed failed"
exit [expr {$failed>0}]
