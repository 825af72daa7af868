# Makes farms with guests at random, and looks whether law 5 holds: guests.tcl
# has the checks, guests_random.test runs a few seconds of it, and
#
#   tclsh tests/guest_generator.tcl ?-seed N? ?-trials N? ?-seconds N? ?-kinds LIST?
#
# runs as long as it is told to. A trial is a small farm, one or two triggers
# of a user's, and some statements; it is run in all modes and with the guests
# made after ours, before ours and temporary. After each statement the farm
# must be sound, what the guests wrote must stand, and all modes must have the
# same rows. What fails is shrunk to the least that still fails, and shown as
# SQL with its seed.
#
# Guests look at the table `guest`: is_on; fuel, so that one that sets off
# itself comes to an end; and is_busy, by which a guest does not run within
# itself with recursive_triggers on either, where modes are compared. Those
# that do without it are `loose`: they are compared with nothing. SQLite's own
# documentation says of a BEFORE trigger that changes the row which is about to
# be changed that the result is undefined: such a guest notes that it did
# (is_undefined), and then farm_problems must show and repair what comes of it.

if {[info commands do_test] eq ""} {
  source [file join [file dirname [info script]] tester.tcl]
  source [file join [file dirname [info script]] farm.tcl]
}
source [file join [file dirname [info script]] guests.tcl]
source [file join [file dirname [info script]] random.tcl]

namespace eval guestgen {
  namespace import ::random::*
  variable modes {}         ;# names of modes, each a connection
  variable kinds {}         ;# which actions there are; empty: all
  variable task_statuses {
    active canceled completed failed queued soft-failed paused
  }
  variable job_statuses {
    active canceled completed failed paused pause-requested queued
    cancel-requested requeueing
  }
}

# --- Parts -------------------------------------------------------------------

# The farm that all trials begin with, one statement each.
proc guestgen::farm {} {
  return {
    {INSERT INTO workers (id, uuid, name, status, supported_task_types) VALUES (1, 'w1', 'w1', 'awake', 'a,b')}
    {INSERT INTO workers (id, uuid, name, status, supported_task_types) VALUES (2, 'w2', 'w2', 'awake', 'a')}
    {INSERT INTO worker_tags (id, uuid, name) VALUES (1, 'g', 'g')}
    {INSERT INTO jobs (id, uuid, name, status, priority) VALUES (1, 'j1', 'j1', 'active', 50)}
    {INSERT INTO tasks (id, uuid, name, type, job_id, steps_total) VALUES (1, 't1', 't1', 'a', 1, 5)}
    {INSERT INTO tasks (id, uuid, name, type, job_id, steps_total) VALUES (2, 't2', 't2', 'a', 1, 3)}
    {INSERT INTO tasks (id, uuid, name, type, job_id, steps_total) VALUES (3, 't3', 't3', 'b', 1, 2)}
    {INSERT INTO task_dependencies (task_id, dependency_id) VALUES (2, 1)}
    {INSERT INTO task_dependencies (task_id, dependency_id) VALUES (3, 1)}
    {INSERT INTO jobs (id, uuid, name, status, priority) VALUES (2, 'j2', 'j2', 'queued', 40)}
    {INSERT INTO tasks (id, uuid, name, type, job_id, steps_total) VALUES (4, 't4', 't4', 'a', 2, 1)}
    {INSERT INTO tasks (id, uuid, name, type, job_id, steps_total) VALUES (5, 't5', 't5', 'b', 2, 1)}
  }
}

# A statement that some client makes.
proc guestgen::statement {n} {
  variable task_statuses
  variable job_statuses
  set task [expr {1+[rnd 6]}]
  set job [expr {1+[rnd 2]}]
  set worker [expr {1+[rnd 2]}]
  set status [pick $task_statuses]
  switch [weigh {
    3 document 3 insert_task 1 insert_job 1 insert_worker 4 claim 5 report
    5 task_status 3 many_statuses 5 job_status 2 worker_status 1 tick
    2 delete_task 1 delete_job 1 delete_worker 2 task_priority 1 job_priority
    1 dependency 1 undepend 1 failure 1 soft_delete 1 tag 1 steps
  }] {
    document {
      set tasks {}
      set size [expr {1+[rnd 3]}]
      for {set i 1} {$i<=$size} {incr i} {
        set deps {}
        if {$i>1 && [chance 50]} {set deps "\"d$n.[expr {1+[rnd [expr {$i-1}]]}]\""}
        lappend tasks "{\"uuid\":\"d$n.$i\",\"name\":\"d$i\",\"type\":\"[pick {a b}]\",\"dependencies\":\[$deps\],\"commands\":\[{\"name\":\"c\",\"total_step_count\":[rnd 4]}\]}"
      }
      return "INSERT INTO authored_jobs (document) VALUES ('{\"uuid\":\"d$n\",\"name\":\"d\",\"job_type\":\"x\",\"status\":\"[pick {queued active}]\",\"tasks\":\[[join $tasks ,]\]}')"
    }
    insert_task {
      return "INSERT INTO tasks (uuid, name, type, job_id, steps_total, priority) VALUES ('n$n', 'n', '[pick {a b}]', $job, 2, [pick {50 60}])"
    }
    insert_job {
      return "INSERT INTO jobs (uuid, name, status) VALUES ('n$n', 'n', '[pick {active queued}]')"
    }
    insert_worker {
      return "INSERT INTO workers (uuid, name, status, supported_task_types) VALUES ('n$n', 'n', 'awake', 'b')"
    }
    claim {return "INSERT INTO task_claims (worker_uuid) VALUES ('w$worker')"}
    report {
      set status [pick {completed completed failed failed active canceled NULL}]
      if {$status ne "NULL"} {set status '$status'}
      return "INSERT INTO task_updates (task_uuid, worker_uuid, status, activity, steps_completed) SELECT t.uuid, w.uuid, $status, [pick {NULL 'said'}], [pick {NULL 1}] FROM tasks t JOIN workers w ON w.id = t.worker_id WHERE t.status = 'active' ORDER BY t.id LIMIT 1"
    }
    task_status {return "UPDATE tasks SET status = '$status' WHERE id = $task"}
    many_statuses {return "UPDATE tasks SET status = '$status' WHERE job_id = $job"}
    job_status {return "UPDATE jobs SET status = '[pick $job_statuses]' WHERE id = $job"}
    worker_status {
      return "UPDATE workers SET status = '[pick {awake offline asleep error}]' WHERE id = $worker"
    }
    tick {return "INSERT INTO farm_ticks DEFAULT VALUES"}
    delete_task {return "DELETE FROM tasks WHERE id = $task"}
    delete_job {return "DELETE FROM jobs WHERE id = $job"}
    delete_worker {return "DELETE FROM workers WHERE id = $worker"}
    task_priority {return "UPDATE tasks SET priority = [pick {50 70}], type = '[pick {a b}]' WHERE id = $task"}
    job_priority {return "UPDATE jobs SET priority = [pick {40 45 60}] WHERE id = $job"}
    dependency {
      return "INSERT INTO task_dependencies (task_id, dependency_id) SELECT a.id, b.id FROM tasks a JOIN tasks b ON b.job_id = a.job_id AND b.id < a.id WHERE a.id = $task ORDER BY b.id DESC LIMIT 1 ON CONFLICT DO NOTHING"
    }
    undepend {return "DELETE FROM task_dependencies WHERE task_id = $task"}
    failure {return "INSERT INTO task_failures (task_id, worker_id) SELECT t.id, w.id FROM tasks t, workers w WHERE t.id = $task AND w.id = $worker ON CONFLICT DO NOTHING"}
    soft_delete {return "UPDATE workers SET deleted_at = (SELECT now FROM farm_clock) WHERE id = $worker"}
    tag {return "UPDATE jobs SET worker_tag_id = [pick {1 NULL}] WHERE id = $job"}
    steps {return "UPDATE tasks SET steps_completed = 1, steps_total = [pick {0 4}] WHERE id = $task"}
  }
}

# What a guest does: {kind sql}; the row that it fires for is that of $table,
# called $row (NEW or OLD).
proc guestgen::action {table row timing event} {
  variable kinds
  variable task_statuses
  variable job_statuses
  switch $table {
    jobs {set job $row.id; set self 0}
    tasks {set job $row.job_id; set self $row.id}
    workers {set job 1; set self 0}
    task_dependencies {
      set job "(SELECT job_id FROM tasks WHERE id = $row.task_id)"
      set self $row.task_id
    }
    task_failures {
      set job "(SELECT job_id FROM tasks WHERE id = $row.task_id)"
      set self $row.task_id
    }
  }
  set other "(SELECT [pick {min max}](id) FROM tasks WHERE job_id = $job AND id <> $self)"
  if {$self eq "0" || [chance 50]} {set task $other} else {set task $self}
  set status [pick $task_statuses]
  while 1 {
    set kind [weigh {
      4 insert_task 5 task_status 2 many_statuses 6 job_status 2 other_job
      2 task_priority 2 job_priority 1 tag 2 dependency 1 undepend
      2 delete_task 1 failure 2 worker 1 steps 1 metadata 1 delete_job 1 door
    }]
    if {$kinds eq "" || $kind in $kinds} break
  }
  switch $kind {
    insert_task {
      set sql "INSERT INTO tasks (job_id, name, type, priority, steps_total) SELECT id, 'guest', '[pick {a b}]', [pick {50 80}], 3 FROM jobs WHERE id = $job"
    }
    task_status {set sql "UPDATE tasks SET status = '$status' WHERE id = $task"}
    many_statuses {
      set sql "UPDATE tasks SET status = '$status' WHERE job_id = $job AND status = '[pick $task_statuses]'"
    }
    job_status {set sql "UPDATE jobs SET status = '[pick $job_statuses]' WHERE id = $job"}
    other_job {set sql "UPDATE jobs SET status = '[pick $job_statuses]' WHERE id <> $job"}
    task_priority {
      set sql "UPDATE tasks SET priority = 80, type = '[pick {a b}]' WHERE id = $task;
  INSERT OR REPLACE INTO guest_wrote SELECT 'tasks', id, 'priority', 80 FROM tasks WHERE id = $task"
    }
    job_priority {
      set sql "UPDATE jobs SET priority = 45 WHERE id = $job;
  INSERT OR REPLACE INTO guest_wrote SELECT 'jobs', id, 'priority', 45 FROM jobs WHERE id = $job"
    }
    metadata {
      set sql "UPDATE jobs SET metadata = '{\"guest\":1}' WHERE id = $job;
  INSERT OR REPLACE INTO guest_wrote SELECT 'jobs', id, 'metadata', '{\"guest\":1}' FROM jobs WHERE id = $job"
    }
    tag {set sql "UPDATE jobs SET worker_tag_id = 1 WHERE id = $job"}
    dependency {
      set sql "INSERT INTO task_dependencies (task_id, dependency_id) SELECT a.id, b.id FROM tasks a JOIN tasks b ON b.job_id = a.job_id AND b.id < a.id WHERE a.id = $task AND NOT EXISTS (SELECT 1 FROM task_dependencies d WHERE d.task_id = a.id AND d.dependency_id = b.id)"
    }
    undepend {set sql "DELETE FROM task_dependencies WHERE task_id = $task"}
    delete_task {set sql "DELETE FROM tasks WHERE id = $task"}
    failure {
      set sql "INSERT INTO task_failures (task_id, worker_id) SELECT t.id, w.id FROM tasks t, workers w WHERE t.id = $task AND w.id = 1 AND NOT EXISTS (SELECT 1 FROM task_failures f WHERE f.task_id = t.id AND f.worker_id = 1)"
    }
    worker {
      set sql "UPDATE workers SET [pick {{status = 'offline'} {status = 'awake'} {supported_task_types = 'b'} {deleted_at = '2026-01-02 03:00:00.000+00:00'}}] WHERE id = [pick {1 2}]"
    }
    steps {set sql "UPDATE tasks SET steps_total = 7, steps_completed = 2 WHERE id = $task"}
    delete_job {set sql "DELETE FROM jobs WHERE id <> $job AND id > 1"}
    door {
      set sql [pick {
        "INSERT INTO task_claims (worker_uuid) SELECT uuid FROM workers WHERE id = 1 AND status = 'awake' AND status_requested = '' AND deleted_at IS NULL"
        "INSERT INTO authored_jobs (document) VALUES ('{\"name\":\"g\",\"job_type\":\"x\",\"status\":\"queued\",\"tasks\":\[{\"name\":\"g\",\"type\":\"a\"}\]}')"
        "INSERT INTO farm_ticks (stuck_jobs) VALUES (NULL)"
      }]
    }
  }
  return [list $kind $sql]
}

# A guest: a dict of sql, loose (it is not kept from setting off itself) and
# mends (what SQLite passes over is shown and repaired: it uses a door, which
# may be in use, or answers each status of a job by another and has no end).
proc guestgen::guest {n} {
  variable task_statuses
  variable job_statuses
  set table [weigh {5 jobs 8 tasks 2 workers 1 task_dependencies 1 task_failures}]
  set timing [weigh {1 BEFORE 4 AFTER}]
  set event [weigh {3 INSERT 5 {UPDATE OF status} 1 UPDATE 1 DELETE}]
  if {$table in {task_dependencies task_failures} && $event ne "DELETE"} {set event INSERT}
  set row [expr {$event eq "DELETE" ? "OLD" : "NEW"}]
  set loose [chance 30]
  set when {}
  if {$table in {jobs tasks}} {
    if {[string match UPDATE* $event] && [chance 70]} {lappend when "NEW.status <> OLD.status"}
    if {[chance 60]} {
      lappend when "$row.status = '[pick [set [string range $table 0 end-1]_statuses]]'"
    }
  }
  # How often our own UPDATEs come by, nobody promises.
  if {$event eq "UPDATE" && "NEW.status <> OLD.status" ni $when} {set loose 1}
  lassign [action $table $row $timing $event] kind sql
  set list $sql
  if {[chance 15]} {
    lassign [action $table $row $timing $event] kind2 sql2
    append list ";\n  $sql2"
  } else {
    set kind2 ""
  }
  if {$loose} {
    lappend when "(SELECT is_on AND fuel > 0 FROM guest)"
    set before "UPDATE guest SET fuel = fuel - 1"
    set after {}
  } else {
    lappend when "(SELECT is_on AND fuel > 0 AND NOT is_busy FROM guest)"
    set before "UPDATE guest SET fuel = fuel - 1, is_busy = 1"
    set after "\n  UPDATE guest SET is_busy = 0;"
  }
  if {$timing eq "BEFORE" && $event ne "INSERT"} {
    set key [expr {$table eq "jobs" || $table eq "tasks" || $table eq "workers" ? "id" : "rowid"}]
    switch $table {
      tasks {set columns "status, priority, type, steps_completed, steps_total, tablao_rev, tablao_open_deps"}
      jobs {set columns "status, priority, metadata, worker_tag_id, steps_completed, steps_total, updated_at"}
      workers {set columns "status, status_requested, deleted_at, supported_task_types"}
      default {set columns "task_id"}
    }
    set line "(SELECT [join [lmap c [split $columns ,] {string cat quote( [string trim $c] )}] { || }] FROM $table WHERE $key = OLD.$key)"
    append before ";\n  UPDATE guest SET row = $line"
    append list ";\n  UPDATE guest SET is_undefined = is_undefined OR row IS NOT $line"
  }
  set doors [expr {"door" in [list $kind $kind2]}]
  set endless [expr {$loose && $table eq "jobs" && [string match UPDATE* $event]
      && [string match {*UPDATE jobs SET status*} $list]}]
  return [dict create loose [expr {$loose || $doors}] \
      mends [expr {$doors || $endless}] sql \
      "CREATE TRIGGER user$n $timing $event ON $table\nWHEN [join $when { AND }]\nBEGIN\n  $before;\n  $list;$after\nEND"]
}

# A trial: {farm guests order statements}
proc guestgen::trial {number} {
  seed $number
  set guests [list [guest 1]]
  if {[chance 20]} {lappend guests [guest 2]}
  set statements {}
  set n [expr {2+[rnd 4]}]
  for {set i 1} {$i<=$n} {incr i} {lappend statements [statement $i]}
  return [dict create farm [farm] guests $guests \
      order [pick $guests::orders] statements $statements]
}

# --- Running -----------------------------------------------------------------

proc guestgen::open {} {
  variable modes
  set modes [tester::modes]
  foreach name $modes {
    open_farm -as $name {*}[tester::way $name]
    $name eval {
      UPDATE farm_settings SET value='2026-01-02 03:04:05.678+00:00' WHERE name='clock';
      CREATE TABLE guest (is_on, fuel, is_busy, row, is_undefined);
      CREATE TABLE guest_wrote (tbl, id, col, value, PRIMARY KEY (tbl, id, col));
      INSERT INTO guest VALUES (1, 0, 0, NULL, 0);
    }
  }
  set guests::silence {db eval {UPDATE guest SET is_on = 0}}
}

proc guestgen::close {} {
  variable modes
  foreach name $modes {$name close}
  catch {interp alias {} db {}}
  set guests::silence {}
}

# All that a client sees, but for uuids, which are random, and activities: which
# of two causes a sentence names may depend on the order of triggers.
proc guestgen::rows {} {
  set rows {}
  foreach sql {
    {SELECT 'job', id, name, status, priority, metadata, worker_tag_id, steps_completed, steps_total, updated_at FROM jobs ORDER BY id}
    {SELECT 'task', id, name, type, job_id, index_in_job, priority, status, worker_id, steps_completed, steps_total, last_touched_at FROM tasks ORDER BY id}
    {SELECT 'worker', id, status, status_requested, deleted_at, supported_task_types FROM workers ORDER BY id}
    {SELECT 'dependency', task_id, dependency_id FROM task_dependencies ORDER BY 2, 3}
    {SELECT 'failure', task_id, worker_id FROM task_failures ORDER BY 2, 3}
    {SELECT 'block', job_id, worker_id, task_type FROM job_blocks ORDER BY 2, 3, 4}
    {SELECT 'counts', j.id, num_tasks, num_queued, num_active, num_completed, num_failed, num_canceled, num_soft_failed, num_paused FROM job_summaries s JOIN jobs j ON j.uuid = s.job_uuid ORDER BY j.id}
    {SELECT 'runnable', worker_id, task_id FROM runnable_tasks ORDER BY 2, 3}
  } {
    db eval $sql v {
      set line {}
      foreach name $v(*) {lappend line $v($name)}
      lappend rows $line
    }
  }
  return $rows
}

# Errors by which it is the engine that has failed, and not a client refused.
proc guestgen::is_fault {message} {
  foreach pattern {
    *changed\ since* *kept\ by\ triggers* *UNIQUE* *too\ many* *index_in_job*
    *overflow* *malformed* *FOREIGN* {*no such*} *rowid* *REPLACE*
  } {
    if {[string match $pattern $message]} {return 1}
  }
  return 0
}

# Runs a trial in one mode and returns {wrong history}, both without what
# comes after the first thing wrong. history: a list of {error rows} for each
# statement. full: check everything after each statement, not only the last.
proc guestgen::run {trial mode full} {
  interp alias {} db {} ::$mode
  set wrong ""
  set history {}
  set mends 0
  foreach guest [dict get $trial guests] {
    if {[dict get $guest mends]} {set mends 1}
  }
  db eval BEGIN
  set code [catch {
    foreach sql [dict get $trial farm] {db eval $sql}
    foreach guest [dict get $trial guests] {
      guests::make [dict get $trial order] [dict get $guest sql]
    }
    set all "[dict get $trial statements] [dict get $trial guests]"
    # Where rows come or go, a job may be left as it cannot become.
    set still [expr {![regexp {DELETE FROM (tasks|jobs)|INSERT INTO jobs} $all]}]
    set last [llength [dict get $trial statements]]
    set i 0
    foreach sql [dict get $trial statements] {
      incr i
      db eval {
        UPDATE guest SET is_on=1, fuel=12, is_busy=0, is_undefined=0;
        DELETE FROM guest_wrote;
      }
      set error ""
      set failed [catch {db eval $sql} error]
      # An error has taken back what the guest noted, too.
      set undefined [expr {[db onecolumn {SELECT is_undefined FROM guest}]
          || ($failed && [string match *is_undefined* $all])}]
      if {$failed && !$undefined && [is_fault $error]} {
        set wrong "error: $error"
        break
      }
      if {$undefined} {
        repair
      } else {
        lappend history [list $error [rows]]
      }
      if {!$full && $i<$last && !$undefined} continue
      if {$mends} {repair}
      set wrong [guests::wrong]
      if {$wrong eq "" && $still && !$undefined} {
        set stuck [db eval {
          SELECT j.id, j.status FROM jobs j
          WHERE j.status IN ('cancel-requested', 'requeueing')
            OR (j.status='pause-requested' AND NOT EXISTS (
              SELECT 1 FROM tasks t WHERE t.job_id=j.id AND t.status='active'))
        }]
        if {$stuck ne ""} {set wrong "nothing moves these jobs: $stuck"}
      }
      if {$wrong eq "" && !$undefined} {set wrong [undone $sql]}
      if {$wrong ne "" || $undefined} break
    }
  } message options]
  db eval ROLLBACK
  if {$code} {set wrong "error: [dict get $options -errorinfo]"}
  return [list $wrong $history]
}

# A door that a guest uses while it is in use is passed over by SQLite: what is
# left is shown, and repaired.
proc guestgen::repair {} {
  db eval {UPDATE guest SET is_on=0}
  for {set i 0} {$i<3 && [db exists {SELECT 1 FROM farm_problems}]} {incr i} {
    db eval {DELETE FROM farm_problems}
  }
  db eval {UPDATE guest SET is_on=1}
}

# What a guest wrote and is not there any more, unless the statement wrote it.
proc guestgen::undone {sql} {
  set lost {}
  db eval {SELECT tbl, id, col, value FROM guest_wrote} {
    if {[string match "UPDATE $tbl SET $col*" $sql]} continue
    set now [db eval "SELECT $col FROM $tbl WHERE id=\$id"]
    if {$now ne "" && [lindex $now 0] ne $value} {
      lappend lost "$tbl $id: $col is [lindex $now 0], the guest wrote $value"
    }
  }
  return [join $lost \n]
}

# Empty, or what is wrong with the trial: {mode message}
proc guestgen::judge {trial} {
  variable modes
  set loose 0
  foreach guest [dict get $trial guests] {
    if {[dict get $guest loose]} {set loose 1}
  }
  set first ""
  foreach mode $modes {
    lassign [run $trial $mode [expr {$loose || $mode eq [lindex $modes 0]}]] wrong history
    if {$wrong ne ""} {return [list $mode $wrong]}
    if {$loose} continue
    if {$first eq ""} {
      set first $mode
      set expected $history
      continue
    }
    foreach a $expected b $history sql [dict get $trial statements] {
      # Undefined in one of the two: the row is gone by a cascade in that mode only.
      if {$a eq "" || $b eq ""} break
      if {$a eq $b} continue
      set text "after: $sql\n"
      if {[lindex $a 0] ne [lindex $b 0]} {
        append text "- error: [lindex $a 0]\n+ error: [lindex $b 0]\n"
      }
      append text [tester::difference [lindex $a 1] [lindex $b 1]]
      return [list "$mode (+), $first (-)" $text]
    }
  }
  return ""
}

# --- Shrinking ---------------------------------------------------------------

# What kind of fault it is, so that shrinking does not end at another one.
proc guestgen::kind {verdict} {
  if {$verdict eq ""} {return ""}
  set text [lindex $verdict 1]
  if {[regexp {^error: (tablao: \S+|\S+ \S+)} $text -> word]} {return $word}
  if {[string match after:* $text]} {return modes}
  return [regsub -all {\d+|:.*} [lindex [split $text \n] 0] {}]
}

proc guestgen::shrink {trial verdict} {
  variable modes
  set kind [kind $verdict]
  set saved $modes
  # The modes that it takes, for speed.
  set modes [lmap m $saved {
    if {[string first $m [lindex $verdict 0]]<0} continue
    set m
  }]
  set smaller 1
  while {$smaller} {
    set smaller 0
    foreach part {statements guests farm} {
      for {set i [expr {[llength [dict get $trial $part]]-1}]} {$i>=0} {incr i -1} {
        set list [lreplace [dict get $trial $part] $i $i]
        if {$part ne "farm" && ![llength $list]} continue
        set try [dict replace $trial $part $list]
        if {[kind [judge $try]] eq $kind} {
          set trial $try
          set smaller 1
        }
      }
    }
  }
  foreach order $guests::orders {
    set try [dict replace $trial order $order]
    if {[kind [judge $try]] eq $kind} {
      set trial $try
      break
    }
  }
  set verdict [judge $trial]
  set modes $saved
  return [list $trial $verdict]
}

proc guestgen::show {number trial verdict} {
  set out "seed $number, mode [lindex $verdict 0], guest made [dict get $trial order]\n"
  foreach sql [dict get $trial farm] {append out "$sql;\n"}
  foreach guest [dict get $trial guests] {append out "[dict get $guest sql];\n"}
  foreach sql [dict get $trial statements] {append out "$sql;\n"}
  append out "=> [lindex $verdict 1]"
  return $out
}

# Runs trials from the seed on, until that many or so many seconds; shows what
# fails and returns {number of trials, number of failures}.
proc guestgen::go {first trials seconds {shrink 1}} {
  open
  set failures 0
  set n 0
  set end [expr {[clock milliseconds]+1000*$seconds}]
  for {set number $first} {$n<$trials && [clock milliseconds]<$end} {incr number} {
    incr n
    set trial [trial $number]
    set verdict [judge $trial]
    if {$verdict eq ""} continue
    incr failures
    if {$shrink} {lassign [shrink $trial $verdict] trial verdict}
    puts "[show $number $trial $verdict]\n"
    flush stdout
  }
  close
  return [list $n $failures]
}

if {[info exists argv0] && [file normalize $argv0] eq [file normalize [info script]]} {
  array set option {-seed 1 -trials 1000000 -seconds 60 -kinds {}}
  array set option $argv
  set guestgen::kinds $option(-kinds)
  lassign [guestgen::go $option(-seed) $option(-trials) $option(-seconds)] n bad
  puts "[expr {$n-$bad}] passed, $bad failed"
  tester::remove_tmp
  exit [expr {$bad>0}]
}
