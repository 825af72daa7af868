# Random histories: random operations done at the same time by the database,
# in all eight modes, and by the independent model of tests/model.tcl.
#
#   tclsh tests/random_histories.tcl ?-seed N? ?-ops N? ?-runs N? ?-length N?
#       ?-seconds N? ?-modes LIST? ?-every N? ?-shrink N? ?-zone N? ?-verbose 1?
#       ?-known LIST?
#
# A run is -ops operations, in histories of -length operations, each on a new
# database. The same seed gives the same run on any machine. After every
# operation the state of one mode is compared with the model; after every
# -every operations, and at the end, all modes with each other, table by table,
# foreign_key_check must be empty, and farm_problems but for circles of the model's.
#
# On failure it prints the seed, the operation, the differences, and a
# shortened history as a script to paste into sqlite3; -shrink is how many
# seconds the shortening may take. The exit code is 1. -known are patterns of
# messages of refusals that are to be let pass for now.
#
# Sourced by another script, it only defines what is below.

set histories_dir [file dirname [file normalize [info script]]]
if {[info commands open_farm] eq {}} {
  # tcltest, which tester.tcl loads, has no use for our arguments.
  set histories_argv $argv
  set argv {}
  source [file join $histories_dir tester.tcl]
  set argv $histories_argv
}
source [file join $histories_dir model.tcl]
source [file join $histories_dir random.tcl]

namespace eval hist {
  namespace import ::random::*
  variable modes {ext.fk1.rt1 sql.fk0.rt0 ext.fk1.rt0 sql.fk0.rt1
    ext.fk0.rt1 sql.fk1.rt0 ext.fk0.rt0 sql.fk1.rt1}
  variable every 20
  variable shrink_seconds 120
  variable zone_minutes 0
  variable verbose 0
  variable known {}
  variable extension_only 0
  variable next_id
  variable next_uuid 0
  # Where a history begins: in the afternoon of a Friday.
  variable start_ms 1709305200000
}

# ---------------------------------------------------------------------------
# SQL

proc hist::q {v} {
  if {$v eq "NULL"} { return NULL }
  switch -- [string range $v 0 4] {
    text: { return [quote [string range $v 5 end]] }
    blob: { return "CAST([quote [string range $v 5 end]] AS BLOB)" }
    bomt: { return "char(65279) || [quote [string range $v 5 end]]" }
    bomb: {
      return "CAST(char(65279) || [quote [string range $v 5 end]] AS BLOB)"
    }
  }
  if {[string range $v 0 3] eq "str:"} {
    return [quote [string range $v 4 end]]
  }
  if {[string is double -strict $v]} { return $v }
  return [quote $v]
}
proc hist::quote {v} { return '[string map {' ''} $v]' }

proc hist::assignments {given} {
  return [join [lmap {c v} $given { set _ "$c = [q $v]" }] ", "]
}

proc hist::where {table keys} {
  set columns $::model::key_columns($table)
  if {[llength $columns] == 1} {
    if {[llength $keys] == 1} { return "$columns = [q [lindex $keys 0]]" }
    return "$columns IN ([join [lmap k $keys { q $k }] {, }])"
  }
  set r {}
  foreach k $keys {
    set one [lmap c $columns v $k { set _ "$c = [q $v]" }]
    lappend r ([join $one " AND "])
  }
  return [join $r " OR "]
}

proc hist::json {v} {
  if {$v eq "NULL"} { return null }
  if {[string range $v 0 4] eq "text:"} { return [string range $v 5 end] }
  if {[string is integer -strict $v]} { return $v }
  return "\"[string map [list \n \\n \r \\r \t \\t] $v]\""
}

proc hist::document {doc} {
  set members {}
  foreach m {uuid name job_type priority status settings metadata} {
    if {[dict exists $doc $m]} {
      lappend members "\"$m\":[json [dict get $doc $m]]"
    }
  }
  if {[dict exists $doc shaman_checkout_id]} {
    lappend members "\"storage\":{\"shaman_checkout_id\":[json [dict get \
      $doc shaman_checkout_id]]}"
  }
  if {[dict exists $doc worker_tag]} {
    lappend members "\"worker_tag\":[json [dict get $doc worker_tag]]"
  }
  if {[dict exists $doc stranger]} {
    lappend members "\"[dict get $doc stranger]\":null"
  }
  lappend members "\"tasks\":[tasks_json [dict get $doc tasks]]"
  return "{[join $members ,]}"
}

proc hist::tasks_json {list} {
  set tasks {}
  foreach t $list {
    set one {}
    foreach m {uuid name type priority} {
      if {[dict exists $t $m]} {
        lappend one "\"$m\":[json [dict get $t $m]]"
      }
    }
    lappend one "\"commands\":[model::commands_json [dict get $t steps]]"
    if {[dict exists $t stranger]} {
      lappend one "\"[dict get $t stranger]\":null"
    }
    set deps [lmap d [dict get $t dependencies] { json $d }]
    lappend one "\"dependencies\":\[[join $deps ,]\]"
    lappend tasks "{[join $one ,]}"
  }
  return "\[[join $tasks ,]\]"
}

# The statement that does an operation, with or without the extension.
proc hist::sql {op ext} {
  set rest [lassign $op kind]
  switch -- $kind {
    insert {
      lassign $rest table row conflict
      set verb INSERT
      set tail {}
      switch -- [lindex $conflict 0] {
        ignore { set verb "INSERT OR IGNORE" }
        replace { set verb "INSERT OR REPLACE" }
        update {
          set tail " ON CONFLICT([lindex $conflict 2]) DO UPDATE SET [\
            assignments [lindex $conflict 1]]"
        }
      }
      if {$conflict eq "ignore" && [string length $row] % 2} {
        set verb INSERT
        set tail " ON CONFLICT DO NOTHING"
      }
      return "$verb INTO ${table}([join [dict keys $row] {, }]) VALUES ([join \
        [lmap v [dict values $row] { q $v }] {, }])$tail"
    }
    insert_many {
      lassign $rest table rows conflict
      set verb [expr {$conflict eq {} ? "INSERT" : "INSERT OR IGNORE"}]
      set values [lmap row $rows {
        set _ "([join [lmap v [dict values $row] { q $v }] {, }])"
      }]
      return "$verb INTO ${table}([join [dict keys [lindex $rows 0]] {, }])\
        VALUES [join $values {, }]"
    }
    or {
      # Through the door in all modes: a function has no OR clause.
      lassign $rest clause inner
      regsub {^(INSERT|UPDATE)} [sql $inner 0] "& OR $clause" sql
      return $sql
    }
    update {
      lassign $rest table keys given conflict
      set verb UPDATE
      if {$conflict ne {}} { append verb " OR [string toupper $conflict]" }
      return "$verb $table SET [assignments $given] WHERE [where $table $keys]"
    }
    each {
      lassign $rest table column values
      set cases [lmap {k v} $values { set _ "WHEN $k THEN [q $v]" }]
      return "UPDATE $table SET $column = CASE id [join $cases] END WHERE [\
        where $table [dict keys $values]]"
    }
    delete {
      lassign $rest table keys
      return "DELETE FROM $table WHERE [where $table $keys]"
    }
    claim {
      if {$ext} { return "SELECT schedule_task([q [lindex $rest 0]])" }
      return "INSERT INTO task_claims(worker_uuid) VALUES ([q [lindex $rest 0]])"
    }
    report {
      set row [lindex $rest 0]
      return "INSERT INTO task_updates([join [dict keys $row] {, }]) VALUES ([\
        join [lmap v [dict values $row] { q $v }] {, }])"
    }
    time_out {
      lassign $rest view set uuid
      set one [expr {$view eq "timed_out_tasks" ? "task_uuid" : "worker_uuid"}]
      set tail [expr {$uuid eq {} ? {} : " WHERE $one = [q $uuid]"}]
      return "UPDATE $view SET [assignments $set]$tail"
    }
    tick {
      if {$ext} { return "SELECT farm_tick()" }
      return "INSERT INTO farm_ticks DEFAULT VALUES"
    }
    author {
      set doc [quote [document [lindex $rest 0]]]
      if {$ext} { return "SELECT store_authored_job($doc)" }
      return "INSERT INTO authored_jobs(document) VALUES ($doc)"
    }
    add_tasks {
      lassign $rest uuid tasks
      return "SELECT store_authored_tasks([q $uuid], [quote [tasks_json \
        $tasks]])"
    }
    rendered {
      lassign $rest job how
      switch -- $how {
        upsert {
          return "INSERT INTO last_rendereds(id, job_id) VALUES (1, $job) ON\
            CONFLICT(id) DO UPDATE SET job_id = excluded.job_id"
        }
        update { return "UPDATE last_rendereds SET job_id = $job" }
      }
      return "INSERT INTO last_rendereds(job_id) VALUES ($job)"
    }
    setting {
      lassign $rest name value replace
      if {$replace eq "1"} {
        return "REPLACE INTO farm_settings(name, value) VALUES ([q $name], [q $value])"
      }
      if {[string length $value] % 2 && $name ne "no_such_setting"} {
        return "UPDATE farm_settings SET value = [q $value] WHERE name = [\
          q $name]"
      }
      return "INSERT INTO farm_settings(name, value) VALUES ([q $name], [q \
        $value]) ON CONFLICT(name) DO UPDATE SET value = excluded.value"
    }
    repair { return "DELETE FROM farm_problems" }
    bad_if { return [lindex $rest 2] }
    rollback {
      set r [list "SAVEPOINT h"]
      foreach sub [lindex $rest 0] { lappend r [sql $sub $ext] }
      lappend r "ROLLBACK TO h" "RELEASE h"
      return [join $r ";\n"]
    }
  }
}

# ---------------------------------------------------------------------------
# The databases

# Opens a new farm in memory, in one of the modes of tester.tcl.
proc hist::open_mode {db mode} {
  scan [string map {ext 1 sql 0} $mode] %d.fk%d.rt%d ext fk rt
  open_farm -as $db -ext $ext -fk $fk -rt $rt \
    -trusted [expr {($ext + $fk + $rt) % 2}]
  $db nullvalue NULL
}

proc hist::close_all {} {
  foreach db [info commands ::hist::db_*] { $db close }
}

# All tables whole, for the comparison of modes with each other; but tablao_rev
# only counts changes, of which a REPLACE makes more with recursive triggers,
# and the rules' notes mean nothing once a statement is over.
proc hist::dump_queries {db} {
  set r {}
  foreach t [$db eval {
    SELECT name FROM sqlite_schema
    WHERE type = 'table' AND name NOT IN ('tablao_migrations', 'sqlite_stat1',
      'tablao_replaced', 'tablao_written_times')
    ORDER BY name
  }] {
    set columns [$db eval {
      SELECT name FROM pragma_table_info($t) WHERE name <> 'tablao_rev'
      ORDER BY cid
    }]
    set order {}
    foreach c $columns { lappend order [expr {[llength $order] + 1}] }
    lappend r $t "SELECT [join $columns ,] FROM $t ORDER BY [join $order ,]"
  }
  return $r
}

# What the model predicts, as SQL gives it.
namespace eval hist {
  variable compared
  array set compared {
    jobs {id created_at updated_at uuid name job_type priority status activity
      settings metadata delete_requested_at storage_shaman_checkout_id
      worker_tag_id steps_completed steps_total}
    tasks {id created_at updated_at uuid name type job_id index_in_job priority
      status worker_id last_touched_at commands activity steps_completed
      steps_total}
    task_dependencies {task_id dependency_id}
    task_failures {task_id worker_id created_at}
    job_blocks {job_id worker_id task_type created_at}
    last_rendereds {job_id updated_at}
    workers {id created_at updated_at uuid secret name address platform
      software status last_seen_at status_requested lazy_status_request
      supported_task_types deleted_at can_restart}
    worker_tags {id created_at updated_at uuid name description}
    worker_tag_membership {worker_tag_id worker_id}
    sleep_schedules {worker_id created_at updated_at is_active days_of_week
      start_time end_time next_check}
    farm_settings {name value}
  }
  variable compared_sql
  foreach {t columns} [array get compared] {
    set list {}
    foreach c $columns {
      if {$c in {settings metadata commands}} {
        lappend list "typeof($c) || ':' || CAST($c AS TEXT)"
      } else {
        lappend list $c
      }
    }
    set compared_sql($t) "SELECT [join $list ,] FROM $t"
  }
}

# The differences between the model and a database, as lines.
proc hist::compare {db} {
  variable compared
  variable compared_sql
  upvar #0 ::model::T T
  set r {}
  foreach t [lsort [array names compared]] {
    set columns $compared($t)
    set key $::model::key_columns($t)
    set single [expr {[llength $key] == 1}]
    set found {}
    foreach $columns [$db eval $compared_sql($t)] {
      if {$single} {
        set k [set $key]
      } else {
        set k {}
        foreach c $key { lappend k [set $c] }
      }
      if {![dict exists $T($t) $k]} {
        if {$t ne "farm_settings"} { lappend r "$t $k: should not be there" }
        continue
      }
      dict set found $k 1
      set row [dict get $T($t) $k]
      if {$t eq "farm_settings"} {
        if {$value ne $row && !([string is double -strict $value]
            && [string is double -strict $row] && $value == $row)} {
          lappend r "$t $k: expected {$row}, got {$value}"
        }
        continue
      }
      foreach c $columns {
        if {[set $c] eq [dict get $row $c]} continue
        if {$c eq "activity"
            && [model::activity_fits [dict get $row $c] $activity]} {
          dict set T($t) $k activity $activity
        } elseif {$c eq "updated_at" && [dict exists $row updated_at_or]
            && [dict get $row updated_at_or] eq $updated_at} {
          dict set T($t) $k updated_at $updated_at
        } elseif {$c eq "next_check" && [dict exists $row next_check_or]
            && [dict get $row next_check_or] eq $next_check} {
          dict set T($t) $k next_check $next_check
        } else {
          set expected [dict get $row $c]
          if {[string index $expected 0] eq "\x01"} {
            set expected "one of: [string range $expected 1 end]"
          }
          lappend r "$t $k $c: expected {$expected}, got {[set $c]}"
        }
      }
      if {$t eq "jobs" && [dict exists $row updated_at_or]} {
        dict unset T($t) $k updated_at_or
      }
      if {$t eq "sleep_schedules" && [dict exists $row next_check_or]} {
        dict unset T($t) $k next_check_or
      }
    }
    if {$t ne "farm_settings" && [dict size $found] != [dict size $T($t)]} {
      foreach k [dict keys $T($t)] {
        if {![dict exists $found $k]} { lappend r "$t $k: is missing" }
      }
    }
  }
  return $r
}

# Rows in the order of these columns.
proc hist::sorted {columns rows} {
  foreach i [lreverse $columns] { set rows [lsort -index $i $rows] }
  return $rows
}

# The same for what views show.
proc hist::compare_views {db} {
  set r {}
  foreach {name sql expected} {
    runnable_tasks
    {SELECT worker_id, task_id FROM runnable_tasks ORDER BY 1, 2}
    {[model::runnable]}
    timed_out_tasks
    {SELECT t.id FROM timed_out_tasks v JOIN tasks t ON t.uuid = v.task_uuid
     ORDER BY 1}
    {[model::timed_out_tasks]}
    timed_out_workers
    {SELECT w.id FROM timed_out_workers v
     JOIN workers w ON w.uuid = v.worker_uuid ORDER BY 1}
    {[model::timed_out_workers]}
    stuck_jobs
    {SELECT j.id FROM stuck_jobs v JOIN jobs j ON j.uuid = v.job_uuid
     ORDER BY 1}
    {[model::stuck_jobs]}
    sleep_schedules_due
    {SELECT w.id FROM sleep_schedules_due v
     JOIN workers w ON w.uuid = v.worker_uuid ORDER BY 1}
    {[model::sleep_schedules_due]}
    farm_ticks
    {SELECT timed_out_tasks, timed_out_workers, sleep_schedules, stuck_jobs
     FROM farm_ticks}
    {[model::tick_counts]}
    job_task_counts
    {SELECT job_id, status, num_tasks FROM job_task_counts
     WHERE num_tasks > 0 ORDER BY job_id || ' ' || status}
    {[model::view_job_task_counts]}
    farm_status
    {SELECT status FROM farm_status}
    {[model::view_farm_status]}
    job_status_counts
    {SELECT status, num_jobs FROM job_status_counts WHERE num_jobs > 0
     ORDER BY 1}
    {[model::view_status_counts jobs]}
    worker_status_counts
    {SELECT status, num_workers FROM worker_status_counts
     WHERE num_workers > 0 ORDER BY 1}
    {[model::view_status_counts workers]}
    job_summaries
    {SELECT j.id, v.num_tasks, v.num_queued, v.num_soft_failed, v.num_active,
       v.num_completed, v.num_failed, v.num_canceled, v.num_paused
     FROM job_summaries v JOIN jobs j ON j.uuid = v.job_uuid ORDER BY 1}
    {[concat {*}[lmap j [model::ids jobs] {
      concat $j [llength [model::tasks_of $j]] [lmap s {queued soft-failed
        active completed failed canceled paused} { model::count $j $s }]
    }]]}
    job_blocklist
    {SELECT job_uuid, worker_uuid, task_type FROM job_blocklist
     ORDER BY 1, 2, 3}
    {[concat {*}[sorted {0 1 2} [lmap k [dict keys $::model::T(job_blocks)] {
      list [model::get jobs [lindex $k 0] uuid] \
        [model::get workers [lindex $k 1] uuid] [lindex $k 2]
    }]]]}
    task_failure_list
    {SELECT task_uuid, worker_uuid FROM task_failure_list ORDER BY 1, 2}
    {[concat {*}[lsort [lmap k [dict keys $::model::T(task_failures)] {
      list [model::get tasks [lindex $k 0] uuid] \
        [model::get workers [lindex $k 1] uuid]
    }]]]}
    jobs_to_delete
    {SELECT j.id FROM jobs_to_delete v JOIN jobs j ON j.uuid = v.job_uuid
     ORDER BY 1}
    {[lmap j [model::ids jobs] {
      if {[model::get jobs $j delete_requested_at] eq "NULL"} continue
      set j
    }]}
    task_claims
    {SELECT v.worker_uuid, v.task_uuid, v.job_uuid, v.job_status
     FROM task_claims v JOIN workers w ON w.uuid = v.worker_uuid
     WHERE w.deleted_at IS NULL ORDER BY 1, 2}
    {[model::view_task_claims]}
    worker_next_statuses
    {SELECT w.id, v.status FROM worker_next_statuses v
     JOIN workers w ON w.uuid = v.worker_uuid ORDER BY 1}
    {[concat {*}[lmap w [model::ids workers] {
      if {[model::get workers $w deleted_at] ne "NULL"} continue
      set s [model::get workers $w status_requested]
      list $w [expr {$s ne {} ? $s : [model::scheduled_status $w]}]
    }]]}
    workers_left_to_run
    {SELECT v.job_id, v.task_type, v.worker_uuid FROM workers_left_to_run v
     WHERE EXISTS (SELECT 1 FROM tasks t
       WHERE t.job_id = v.job_id AND v.task_type
         = lower(trim(t.type, char(9, 10, 13, 32))))
     ORDER BY v.job_id || ' ' || v.task_type || ' ' || v.worker_uuid}
    {[model::view_workers_left_to_run]}
    worker_sleep_statuses
    {SELECT w.id, v.scheduled_status FROM worker_sleep_statuses v
     JOIN workers w ON w.uuid = v.worker_uuid ORDER BY 1}
    {[concat {*}[lmap w [model::ids workers] {
      if {[model::get workers $w deleted_at] ne "NULL"} continue
      list $w [model::scheduled_status $w]
    }]]}
  } {
    set expected [subst $expected]
    set got [$db eval $sql]
    if {$got ne $expected} {
      lappend r "$name: expected {$expected}, got {$got}"
    }
  }
  set got [$db eval {
    SELECT w.id, t.id FROM worker_tasks v
    JOIN workers w ON w.uuid = v.worker_uuid
    JOIN tasks t ON t.uuid = v.task_uuid
    WHERE w.deleted_at IS NULL ORDER BY 1
  }]
  set expected [model::view_worker_tasks]
  set ok [expr {[llength $got] == [llength $expected]}]
  foreach {w t} $got {
    if {!$ok || ![dict exists $expected $w]
        || $t ni [dict get $expected $w]} { set ok 0 }
  }
  if {!$ok} { lappend r "worker_tasks: expected {$expected}, got {$got}" }
  return $r
}

# ---------------------------------------------------------------------------
# Doing operations

# Starts a history: new databases in the modes, and a new model.
proc hist::begin {modes lead} {
  variable handles {}
  variable lead_mode $lead
  variable lead_db
  variable dumps
  variable start_ms
  variable clock_ms $start_ms
  variable zone_minutes
  variable steps 0
  close_all
  foreach m $modes {
    set db hist::db_[string map {. _} $m]
    open_mode $db $m
    dict set handles $m $db
    $db eval [clock_sql $start_ms]
  }
  set lead_db [dict get $handles $lead]
  set dumps [dump_queries $lead_db]
  model::reset $start_ms [expr {60 * $zone_minutes}]
}

proc hist::clock_sql {ms} {
  return [sql [list setting clock [model::format_time $ms]] 0]
}

# Messages that a refused statement may give. SQLite's bare words are for one: with
# recursive_triggers on, that would replace a task for which others wait.
proc hist::message_ok {message sql mode} {
  variable known
  if {$message eq "constraint failed"} {
    return [expr {[string match *.rt1 $mode]
        && [string match "UPDATE OR REPLACE tasks SET *" $sql]}]
  }
  foreach p [concat $known {{tablao: *} {UNIQUE constraint failed*}
             {malformed JSON} {NOT NULL constraint failed*}}] {
    if {[string match $p $message]} { return 1 }
  }
  return 0
}

proc hist::fail {kind lines} {
  return -code error -errorcode [list HISTORY $kind] [join $lines \n]
}

# One step of a history, {milliseconds operation}: the clock moves on, then
# the operation. With $deep, all comparisons are made after it.
proc hist::step {step deep} {
  variable handles
  variable lead_mode
  variable lead_db
  variable clock_ms
  variable steps
  incr steps
  lassign $step ms op
  set kind [lindex $op 0]
  set clock_sql {}
  if {$ms != 0} {
    incr clock_ms $ms
    set clock_sql [clock_sql $clock_ms]
    model::op_setting clock [model::format_time $clock_ms]
  }
  set refused {}
  dict for {m db} $handles {
    set sql [sql $op [string match ext* $m]]
    if {$kind eq "rollback"} {
      set script [split_script $sql]
    } else {
      set script [list $sql]
    }
    if {$ms != 0} { $db eval $clock_sql }
    set message {}
    foreach s $script {
      if {[catch {$db eval $s} message]} {
        if {![message_ok $message $s $m]} {
          fail "message $message" [list "$m: $message"]
        }
        if {$kind eq "rollback"} { set message {} }
      } else {
        set message {}
      }
    }
    dict set refused $m $message
  }
  set lead_message [dict get $refused $lead_mode]
  dict for {m message} $refused {
    if {($message eq {}) != ($lead_message eq {})} {
      fail modes [list "$lead_mode: {$lead_message}" "$m: {$message}"]
    }
  }
  set ::model::hint_refused [expr {$lead_message ne {}}]
  set op [with_authored_ids $op]
  set why [expr {$kind eq "rollback" ? {} : [model::apply $op]}]
  if {($why eq {}) != ($lead_message eq {})} {
    if {$why eq {}} {
      fail refusal [list "should not be refused: $lead_message"]
    }
    fail refusal [list "should be refused: $why"]
  }
  set differences [compare $lead_db]
  if {[llength $differences]} { fail_differences state $differences }
  if {$deep} { compare_all }
}

# The kind of failure names the column, so that shortening a history does not
# slide into another failure.
proc hist::fail_differences {kind lines} {
  set first [lindex $lines 0]
  regexp {^(\w+).*?( \w+)?:} $first - table column
  fail "$kind $table$column" $lines
}

proc hist::split_script {script} {
  return [split [string map {";\n" "\x02"} $script] "\x02"]
}

# The operation with the ids that the database gave to what it stored.
proc hist::with_authored_ids {op} {
  variable lead_db
  switch -- [lindex $op 0] {
    or { return [lreplace $op 2 2 [with_authored_ids [lindex $op 2]]] }
    author { set list [dict get [lindex $op 1] tasks] }
    add_tasks { set list [lindex $op 2] }
    default { return $op }
  }
  set ids {}
  if {[lindex $op 0] eq "author" && [dict exists [lindex $op 1] uuid]} {
    set uuid [dict get [lindex $op 1] uuid]
    set ids [$lead_db eval {SELECT id FROM jobs WHERE uuid = $uuid}]
    if {![llength $ids]} { return [lappend op {}] }
  }
  foreach t $list {
    set uuid [dict get $t uuid]
    set id [$lead_db eval {SELECT id FROM tasks WHERE uuid = $uuid}]
    if {$id eq {}} { return [lappend op {}] }
    lappend ids $id
  }
  return [lappend op $ids]
}

proc hist::compare_all {} {
  variable handles
  variable lead_db
  variable lead_mode
  variable dumps
  set views [compare_views $lead_db]
  if {[llength $views]} { fail_differences view $views }
  foreach {t sql} $dumps {
    set expected [$lead_db eval $sql]
    dict for {m db} $handles {
      if {$db eq $lead_db} continue
      set got [$db eval $sql]
      if {$got ne $expected} {
        fail "modes $t" [list "$t differs" "$lead_mode: $expected" "$m: $got"]
      }
    }
  }
  dict for {m db} $handles {
    set problems [$db eval {SELECT kind, object FROM farm_problems}]
    if {[lsort -stride 2 -index 1 $problems] ne [lsort -stride 2 -index 1 [model::cycles]]} {
      fail "problems [lindex $problems 0]" \
        [list "$m: farm_problems: $problems" "the model: [model::cycles]"]
    }
    set orphans [$db eval {PRAGMA foreign_key_check}]
    if {[llength $orphans]} {
      fail "foreign keys" [list "$m: foreign_key_check: $orphans"]
    }
  }
}

# ---------------------------------------------------------------------------
# The generator. Each gen_* gives an operation that fits the state the model is
# in, or {} when there is none.

proc hist::new_id {table} {
  variable next_id
  set highest [lindex [model::ids $table] end]
  if {$highest eq {}} { set highest 0 }
  set n [expr {max($highest, $next_id($table)) + 1}]
  set next_id($table) $n
  return $n
}

# Names do not depend on ids, so that they are never used again.
proc hist::new_uuid {what} {
  variable next_uuid
  return $what-[incr next_uuid]
}

proc hist::a_task {{statuses {}}} {
  set all [model::ids tasks]
  if {$statuses ne {} && [chance 85]} {
    set fit [lmap t $all {
      if {[model::get tasks $t status] ni $statuses} continue
      set t
    }]
    if {[llength $fit]} { return [pick $fit] }
  }
  return [pick $all]
}
proc hist::a_job {} { return [pick [model::ids jobs]] }
proc hist::a_worker {} { return [pick [model::ids workers]] }
proc hist::a_tag {} { return [pick [model::ids worker_tags]] }
proc hist::uuid_of {table id} {
  if {$id eq {}} { return nobody }
  return [model::get $table $id uuid]
}
# Mostly in one spelling.
proc hist::a_type {} {
  return [weigh [list 40 blender 24 ffmpeg 16 misc 2 " Blender" 2 "MISC\t" \
    1 "\nffmpeg "]]
}
proc hist::types {} {
  return [weigh [list \
    6 blender,ffmpeg,misc 3 blender 2 ffmpeg 2 {Blender , FFMPEG} \
    2 misc,blender 1 { misc} 1 "\tblender\r\n,misc" 1 {}]]
}
proc hist::a_time {} {
  variable clock_ms
  set ms [expr {$clock_ms - 1000 * [pick {0 1 59 60 61 599 600 601 3600}]}]
  set t [model::format_time $ms]
  # As the Manager's Go driver writes it: zeros of the fraction dropped.
  if {[chance 30]} {
    set go [string trimright [string range $t 0 22] 0]
    set t "[string trimright $go .] +0000 UTC"
    # Of a whole second the zeros before the point are none of the fraction's.
    if {[string index $go end] eq "."} { set t "[string range $go 0 end-1] +0000 UTC" }
    if {[chance 30]} { append t " m=+1.23" }
    return $t
  }
  switch -- [rnd 12] {
    0 { return [string range $t 0 9]T[string range $t 11 22]Z }
    1 { return [string range $t 0 18] }
    2 { return [string range $t 0 22]456+00:00 }
    3 { return [string range $t 0 22]+05:30 }
    4 { return "[string range $t 0 21] -0330 NST" }
    5 { return [string range $t 0 15]-01:00 }
  }
  return $t
}
# One that there is not.
proc hist::no_time {} {
  return [pick {2024-02-30 {2024-03-01 24:61} 10:00 now str:2460000 17
    {2024-03-01 10:00:00 junk} {2024-03-01 10:00:60} {2024-3-1}}]
}
proc hist::task_status {} {
  return [weigh {
    20 completed 18 queued 14 active 10 soft-failed 14 failed 14 canceled
    10 paused
  }]
}
proc hist::job_status {} {
  return [weigh {
    18 queued 14 pause-requested 10 cancel-requested 16 requeueing 8 failed
    8 completed 10 active 6 paused 4 canceled 5 under-construction
  }]
}
proc hist::an_activity {} { return [pick {{it began} {it went on} done {}}] }

proc hist::gen_claim {} {
  set awake {}
  foreach w [model::ids workers] {
    if {[model::get workers $w status] eq "awake"} { lappend awake $w }
  }
  if {[llength $awake] && [chance 88]} {
    return [list claim [uuid_of workers [pick $awake]]]
  }
  if {[chance 5]} { return {claim nobody} }
  return [list claim [uuid_of workers [a_worker]]]
}

proc hist::gen_report {} {
  set assigned {}
  set active {}
  foreach t [model::ids tasks] {
    if {[model::get tasks $t worker_id] eq "NULL"} continue
    lappend assigned $t
    if {[model::get tasks $t status] eq "active"} { lappend active $t }
  }
  if {[llength $active] && [chance 88]} {
    set t [pick $active]
  } elseif {[llength $assigned] && [chance 25]} {
    set t [pick $assigned]
  } else {
    return {}
  }
  set w [model::get tasks $t worker_id]
  if {[model::get workers $w deleted_at] ne "NULL" && [chance 80]} {
    return {}
  }
  if {[chance 3]} { set w [a_worker] }
  set row [dict create task_uuid [uuid_of tasks $t] \
    worker_uuid [uuid_of workers $w]]
  if {[chance 1]} { dict set row task_uuid nothing }
  if {[chance 1]} { dict set row worker_uuid nobody }
  set status [weigh {
    35 completed 32 failed 18 NULL 3 active 3 queued 2 paused 4 canceled
    2 soft-failed 1 bogus
  }]
  if {$status ne "NULL" || [chance 50]} { dict set row status $status }
  if {[chance 35]} { dict set row activity [an_activity] }
  if {[chance 35]} {
    dict set row steps_completed \
      [expr {[rnd [expr {[model::get tasks $t steps_total] + 4}]] - 2}]
  }
  return [list report $row]
}

proc hist::gen_task_status {} {
  set tasks [list [a_task]]
  if {[chance 25]} {
    set tasks [some [model::tasks_of [model::get tasks $tasks job_id]]]
  } elseif {[chance 10]} {
    set tasks [some [model::ids tasks]]
  }
  set given [dict create status [task_status]]
  if {[chance 15]} { dict set given activity [an_activity] }
  if {[chance 8]} { dict set given steps_completed [rnd 7] }
  if {[chance 8]} { dict set given steps_total [rnd 7] }
  if {[chance 5]} { dict set given priority [pick {10 50 90}] }
  if {[dict get $given status] eq "active" && [chance 70]} {
    dict set given worker_id [a_worker]
    dict set given last_touched_at [a_time]
  }
  return [list update tasks $tasks $given]
}

proc hist::gen_each_task {} {
  if {[chance 70]} {
    set tasks [some [model::tasks_of [model::get tasks [a_task] job_id]]]
  } else {
    set tasks [some [model::ids tasks]]
  }
  set values {}
  foreach t $tasks { dict set values $t [task_status] }
  return [list each tasks status $values]
}

proc hist::gen_task_columns {} {
  set t [a_task]
  set given {}
  foreach c [some {priority type steps_completed steps_total worker_id
                   name last_touched_at activity}] {
    dict set given $c [switch -- $c {
      priority { pick {-5 0 10 50 50 90} }
      type { a_type }
      steps_completed { expr {[rnd 9] - 1} }
      steps_total { rnd 7 }
      worker_id { expr {[chance 30] ? "NULL" : [a_worker]} }
      name { pick {render preview} }
      last_touched_at { pick [list NULL {} [a_time] [a_time] [a_time] [a_time]] }
      activity { an_activity }
    }]
  }
  set tasks [expr {[chance 15] ? [some [model::ids tasks]] : $t}]
  return [list update tasks $tasks $given]
}

proc hist::gen_task_index {} {
  set t [a_task]
  set n [expr {1 + [rnd 12]}]
  return [list update tasks $t [list index_in_job $n] \
    [weigh {5 {} 3 ignore 2 replace}]]
}

proc hist::gen_stamped {} {
  set table [pick {jobs tasks workers worker_tags}]
  if {![llength [model::ids $table]]} { return {} }
  set given [list updated_at [a_time]]
  if {[chance 60]} { lappend given name [new_uuid name] }
  return [list update $table [pick [model::ids $table]] $given]
}

proc hist::gen_job_status {} {
  set jobs [a_job]
  if {[chance 12]} { set jobs [some [model::ids jobs]] }
  set given [dict create status [job_status]]
  if {[chance 25]} { dict set given activity [an_activity] }
  if {[chance 5]} { dict set given priority [pick {10 50 90}] }
  return [list update jobs $jobs $given]
}

# What a person does to the job that work is going on in.
proc hist::gen_job_nudge {} {
  foreach j [model::ids jobs] {
    set next [switch -- [model::get jobs $j status] {
      under-construction { set _ queued }
      paused { pick {queued requeueing} }
      canceled - failed { pick {requeueing queued requeueing} }
      completed { pick {requeueing completed} }
      default { set _ {} }
    }]
    if {$next ne {} && [chance 40]} {
      return [list update jobs $j [list status $next]]
    }
  }
  return {}
}

proc hist::gen_job_columns {} {
  set given {}
  foreach c [some {priority delete_requested_at worker_tag_id
                   storage_shaman_checkout_id name settings metadata
                   steps_completed activity}] {
    dict set given $c [switch -- $c {
      priority { pick {-1 0 10 50 50 90} }
      delete_requested_at {
        weigh [list 5 NULL 2 {} 1 [model::now] 2 [a_time]]
      }
      worker_tag_id {
        expr {[chance 50] || [a_tag] eq {} ? "NULL" : [a_tag]}
      }
      storage_shaman_checkout_id { pick {abc/1 abc/2} }
      name { pick {shot1 shot2} }
      settings {
        pick {text:{} {text:{"a":1}} {blob:{"a":2}} text:null {bomt:{"a":3}}}
      }
      metadata {
        pick {text:{} {text:{"user":"x"}} {blob:{"b":2}} {bomb:{"b":"\u00e9"}}}
      }
      steps_completed { rnd 50 }
      activity { an_activity }
    }]
  }
  return [list update jobs [a_job] $given]
}

proc hist::gen_commands {} {
  return [list update tasks [a_task] [list commands \
    [pick {text:[] {text:[{"name":"x"}]} blob:[] {blob:[1, 2]} text:null
      bomt:[] bomb:[3]}]]]
}

proc hist::gen_worker_status {} {
  set workers [a_worker]
  if {[chance 12]} { set workers [some [model::ids workers]] }
  set given [dict create status [weigh {
    50 awake 14 offline 14 asleep 6 error 5 testing 5 starting 4 restart
  }]]
  if {[chance 8]} {
    dict set given status_requested [pick {asleep awake offline {}}]
  }
  if {[chance 5]} { dict set given last_seen_at [a_time] }
  return [list update workers $workers $given]
}

# The spelling of a boolean.
proc hist::a_boolean {value} {
  return [pick [expr {$value ? {1 1 1 str:true str:TRUE str:1}
    : {0 0 0 str:false str:False str:0}}]]
}

proc hist::gen_worker_request {} {
  set w [a_worker]
  set s [weigh {4 awake 4 asleep 4 offline 3 restart 4 {}}]
  # Whether asking again what it is asked for already counts is not said.
  if {$s eq "restart"
      && [model::get workers $w status_requested] eq "restart"} { return {} }
  return [list update workers $w [list status_requested $s \
    lazy_status_request [a_boolean [expr {$s ne {} && [chance 40]}]]]]
}

# Signs of life, so that a long pause does not put every worker in error.
proc hist::gen_seen {} {
  return [list update workers [some [model::ids workers]] \
    [list last_seen_at [model::now]]]
}

# What the worker itself does: it obeys, or comes back.
proc hist::gen_worker_obeys {} {
  foreach w [model::ids workers] {
    set s [model::get workers $w status_requested]
    if {$s ne {} && [chance 60]} {
      if {$s eq "restart"} { set s [pick {restart starting}] }
      return [list update workers $w [list status $s]]
    }
    if {[model::get workers $w status] ne "awake" && [chance 30]} {
      return [list update workers $w {status awake}]
    }
  }
  return {}
}

proc hist::gen_worker_columns {} {
  set w [a_worker]
  set given {}
  foreach c [some {supported_task_types last_seen_at name address}] {
    dict set given $c [switch -- $c {
      supported_task_types { types }
      last_seen_at { expr {[chance 15] ? "NULL" : [a_time]} }
      name { pick {anna bert} }
      address { pick {10.0.0.1 10.0.0.2} }
    }]
  }
  return [list update workers $w $given]
}

proc hist::gen_soft_delete {} {
  foreach w [model::ids workers] {
    if {[model::get workers $w deleted_at] ne "NULL" && [chance 70]} {
      return [list update workers $w {deleted_at NULL}]
    }
  }
  if {[chance 50]} { return {} }
  set w [a_worker]
  return [list update workers $w [list deleted_at \
    [expr {[chance 50] ? [model::now] : [a_time]}]]]
}

proc hist::gen_insert_job {} {
  if {[llength [model::ids jobs]] >= 6} { return {} }
  set row [dict create id [new_id jobs] uuid [new_uuid job] name shot \
    job_type render status [weigh {
      10 queued 3 under-construction 1 paused 1 requeueing 1 active
      1 cancel-requested 1 pause-requested 1 completed 1 failed 1 canceled
    }]]
  if {[chance 60]} { dict set row priority [pick {10 50 90}] }
  if {[chance 25] && [a_tag] ne {}} { dict set row worker_tag_id [a_tag] }
  if {[chance 20]} { dict set row settings [pick {text:{"a":1} blob:{}}] }
  if {[chance 10]} { dict set row created_at [a_time] }
  return [list insert jobs $row]
}

proc hist::gen_insert_task {} {
  set j [a_job]
  if {[llength [model::tasks_of $j]] >= 9} { return {} }
  set row [dict create id [new_id tasks] uuid [new_uuid task] job_id $j \
    name task type [a_type]]
  if {[chance 25]} { dict set row status [task_status] }
  if {[chance 70]} { dict set row steps_total [rnd 6] }
  if {[chance 15]} { dict set row steps_completed [expr {[rnd 9] - 2}] }
  if {[chance 30]} { dict set row priority [pick {10 50 90}] }
  if {[chance 15]} { dict set row worker_id [a_worker] }
  if {[chance 15]} { dict set row index_in_job [rnd 14] }
  if {[chance 10]} { dict set row last_touched_at [a_time] }
  if {[chance 5]} { dict set row updated_at [a_time] }
  if {[chance 2]} { dict set row steps_total [pick {-1 9007199254740993}] }
  return [list insert tasks $row]
}

proc hist::gen_insert_worker {} {
  if {[llength [model::ids workers]] >= 7} { return {} }
  set row [dict create id [new_id workers] uuid [new_uuid worker] \
    name [new_uuid w] supported_task_types [types] \
    can_restart [a_boolean [chance 50]]]
  if {[chance 75]} { dict set row status [pick {awake awake awake asleep}] }
  if {[chance 50]} { dict set row last_seen_at [a_time] }
  if {[chance 10]} { dict set row deleted_at [pick [list {} NULL [a_time]]] }
  if {[chance 15]} {
    dict set row status_requested [pick {asleep offline awake restart}]
    dict set row lazy_status_request [a_boolean [chance 50]]
  }
  return [list insert workers $row]
}

proc hist::gen_insert_tag {} {
  if {[llength [model::ids worker_tags]] >= 3} { return {} }
  return [list insert worker_tags [dict create id [new_id worker_tags] \
    uuid [new_uuid tag] name [new_uuid t]]]
}

proc hist::gen_insert_member {} {
  if {[a_tag] eq {}} { return {} }
  return [list insert worker_tag_membership \
    [dict create worker_tag_id [a_tag] worker_id [a_worker]] \
    [expr {[chance 60] ? "ignore" : {}}]]
}

proc hist::gen_insert_dependency {} {
  set t [a_task]
  set d [pick [model::tasks_of [model::get tasks $t job_id]]]
  # Mostly later on earlier, so that histories do not end in cycles.
  if {$d > $t && [chance 92]} { lassign [list $t $d] d t }
  return [list insert task_dependencies \
    [dict create task_id $t dependency_id $d] \
    [weigh {5 {} 4 ignore 1 replace}]]
}

proc hist::gen_update_dependency {} {
  upvar #0 ::model::T T
  set k [pick [dict keys $T(task_dependencies)]]
  if {$k eq {}} { return {} }
  set t [lindex $k 0]
  set d [pick [model::tasks_of [model::get tasks $t job_id]]]
  return [list update task_dependencies [list $k] \
    [list [pick {dependency_id dependency_id task_id}] $d] \
    [weigh {5 {} 3 ignore 1 replace}]]
}

proc hist::gen_insert_block {} {
  return [list insert job_blocks [dict create job_id [a_job] \
    worker_id [a_worker] task_type [a_type]] \
    [expr {[chance 60] ? "ignore" : {}}]]
}

proc hist::gen_insert_failure {} {
  return [list insert task_failures [dict create task_id [a_task] \
    worker_id [a_worker]] [expr {[chance 60] ? "ignore" : {}}]]
}

proc hist::a_schedule {} {
  return [dict create \
    is_active [a_boolean [chance 80]] \
    days_of_week [pick {{} {mo,tu,we,th,fr} {Friday Saturday} {sa, su} {FR}}] \
    start_time [pick {{} 00:00 09:00 15:10 15:30 22:00}] \
    end_time [pick {{} 00:00 06:00 15:20 16:00 17:00}]]
}

proc hist::gen_schedule {} {
  set w [a_worker]
  set row [a_schedule]
  if {[chance 3]} { dict set row start_time [pick {24:00 9 9:00 12:60 x}] }
  if {[chance 3]} { dict set row days_of_week [pick {xx monda {mo;tu}}] }
  if {[model::exists sleep_schedules $w] && [chance 15]} {
    return [list update sleep_schedules [list $w] [list next_check \
      [pick [list NULL {} [a_time] [a_time]]]]]
  }
  if {[model::exists sleep_schedules $w] && [chance 60]} {
    set given [dict filter $row script {k v} { chance 60 }]
    if {![dict size $given]} { return {} }
    return [list update sleep_schedules [list $w] $given]
  }
  return [list insert sleep_schedules [dict merge [list worker_id $w] $row] \
    [list update $row worker_id]]
}

proc hist::gen_delete {} {
  upvar #0 ::model::T T
  set table [weigh {
    2 jobs 5 tasks 2 workers 1 worker_tags 3 task_dependencies
    3 worker_tag_membership 4 job_blocks 3 task_failures 2 sleep_schedules
    1 last_rendereds
  }]
  set keys [dict keys $T($table)]
  set least 0
  switch -- $table {
    jobs { set least 2 } tasks { set least 8 } workers { set least 3 }
  }
  if {[llength $keys] <= $least} { return {} }
  if {$table in {tasks task_dependencies job_blocks task_failures}
      && [chance 20]} {
    return [list delete $table [some $keys]]
  }
  return [list delete $table [list [pick $keys]]]
}

proc hist::gen_setting {} {
  if {[chance 8]} {
    return [list setting {*}[pick {
      {task_timeout -1} {worker_timeout abc} {blocklist_threshold 1.5}
      {job_fail_percentage 0} {job_fail_percentage 101} {no_such_setting 1}
      {state_machine off} {history maybe} {clock yesterday}
      {events_keep -1} {state_machine off 1} {json_storage text}
      {clock {2024-03-01 10:00:00}} {task_fail_after_softfail_count NULL}
    }]]
  }
  if {[chance 15]} {
    return [list delete farm_settings [list [pick {task_timeout worker_timeout
      blocklist_threshold task_fail_after_softfail_count
      job_fail_percentage history events_keep state_machine}]]]
  }
  set name [weigh {
    2 task_timeout 2 worker_timeout 4 blocklist_threshold
    4 task_fail_after_softfail_count 4 job_fail_percentage 1 history
    1 events_keep 1 state_machine
  }]
  set value [switch -- $name {
    task_timeout { pick {600 60 0 str:600 600.0} }
    worker_timeout { pick {60 600 0} }
    blocklist_threshold { pick {3 2 1 0 str:2} }
    task_fail_after_softfail_count { pick {3 2 1 0 str:3.0} }
    job_fail_percentage { pick {10 34 50 51 100} }
    history { pick {on on off} }
    events_keep { pick {10000 0 5 str:100} }
    state_machine { set _ on }
  }]
  set op [list setting $name $value]
  if {[chance 15]} { lappend op 1 }
  return $op
}

proc hist::gen_time_out {} {
  set view [pick {timed_out_tasks timed_out_workers}]
  set right [expr {$view eq "timed_out_tasks" ? "failed" : "error"}]
  set set [list status $right]
  if {[chance 6]} { set set [list status [pick {queued offline completed}]] }
  if {[chance 3]} { set set [list status $right worker_name x] }
  set uuid {}
  if {[chance 40]} {
    if {$view eq "timed_out_tasks"} {
      set uuid [uuid_of tasks [a_task active]]
    } else {
      set uuid [uuid_of workers [a_worker]]
    }
  }
  return [list time_out $view $set $uuid]
}

proc hist::gen_tick {} { return tick }
proc hist::gen_repair {} { return repair }
proc hist::gen_rendered {} {
  return [list rendered [expr {[chance 4] ? 999999 : [a_job]}] \
    [pick {insert insert upsert update}]]
}

# Keys and names that may change.
proc hist::gen_key {} {
  upvar #0 ::model::T T
  switch -- [rnd 8] {
    0 { set op [list jobs [a_job] [list uuid [a_name jobs uuid job]]] }
    1 { set op [list tasks [a_task] [list uuid [a_name tasks uuid task]]] }
    2 { set op [list workers [a_worker] [list uuid [a_name workers uuid w]]] }
    7 {
      set c [pick {uuid name}]
      set op [list worker_tags [a_tag] [list $c [a_name worker_tags $c t]]]
    }
    3 {
      set op [list worker_tag_membership [pick_key worker_tag_membership] \
        [pick [list [list worker_id [a_worker]] \
          [list worker_tag_id [a_tag]]]]]
    }
    4 {
      set op [list job_blocks [pick_key job_blocks] [pick [list \
        [list worker_id [a_worker]] [list task_type [a_type]] \
        [list job_id [a_job]]]]]
    }
    5 {
      set op [list task_failures [pick_key task_failures] [pick [list \
        [list worker_id [a_worker]] [list task_id [a_task]]]]]
    }
    6 {
      set op [list sleep_schedules [pick_key sleep_schedules] \
        [list worker_id [a_worker]]]
    }
  }
  if {[lindex $op 1] eq {} || {} in [lindex $op 2]} { return {} }
  return [list update {*}$op [weigh {5 {} 4 ignore 2 replace}]]
}
# A new name, or now and then that of some row.
proc hist::a_name {table column prefix} {
  set ids [model::ids $table]
  if {[llength $ids] && [chance 35]} {
    return [model::get $table [pick $ids] $column]
  }
  return [new_uuid $prefix]
}

# Changes of keys that are refused, if there is such a row.
proc hist::gen_bad_key {} {
  lassign [pick {
    {job_blocks job_id} {job_blocks worker_id} {job_blocks id}
    {task_failures task_id} {task_failures worker_id}
    {worker_tag_membership worker_id} {worker_tag_membership worker_tag_id}
    {task_dependencies task_id} {task_dependencies dependency_id}
    {sleep_schedules worker_id} {sleep_schedules id}
    {last_rendereds job_id} {last_rendereds id} {worker_tags id}
    {workers id}
  }] table column
  upvar #0 ::model::T T
  set key [pick [dict keys $T($table)]]
  if {$key eq {}} { return {} }
  set or [pick {{} {} {OR IGNORE } {OR REPLACE }}]
  return [list bad_if $table $key "UPDATE ${or}$table SET $column = 999999\
    WHERE [where $table [list $key]]"]
}

proc hist::pick_key {table} {
  upvar #0 ::model::T T
  set keys [dict keys $T($table)]
  return [expr {[llength $keys] ? [list [pick $keys]] : [list]}]
}

proc hist::gen_each_job {} {
  set values {}
  foreach j [some [model::ids jobs]] { dict set values $j [job_status] }
  return [list each jobs status $values]
}

proc hist::gen_each_worker {} {
  set values {}
  foreach w [some [model::ids workers]] {
    dict set values $w [pick {awake awake asleep offline error testing}]
  }
  return [list each workers status $values]
}

proc hist::gen_insert_many {} {
  set j [a_job]
  set rows {}
  set tasks [model::tasks_of $j]
  switch -- [rnd 3] {
    0 {
      if {[llength $tasks] >= 7} { return {} }
      foreach - {1 2 3} {
        set t [dict create id [expr {[new_id tasks] + [llength $rows]}] \
          uuid [new_uuid task] job_id $j name many type [a_type] \
          steps_total [rnd 6]]
        lappend rows $t
      }
      return [list insert_many tasks $rows {}]
    }
    1 {
      if {[llength $tasks] < 3} { return {} }
      foreach - {1 2 3} {
        set t [pick [lrange $tasks 1 end]]
        lappend rows [dict create task_id $t \
          dependency_id [pick [lrange $tasks 0 [lsearch $tasks $t]-1]]]
      }
      return [list insert_many task_dependencies $rows [pick {{} ignore}]]
    }
    2 {
      foreach - {1 2 3} {
        lappend rows [dict create job_id $j worker_id [a_worker] \
          task_type [a_type]]
      }
      return [list insert_many job_blocks $rows [pick {{} ignore}]]
    }
  }
}

# A clause that must not reach what the triggers do.
proc hist::gen_or {} {
  set op [gen_[weigh {
    5 claim 6 report 2 tick 2 time_out 4 task_status 4 job_status
    4 worker_status 2 each_task 2 author 2 soft_delete 2 worker_request
    2 insert_job 2 insert_task
  }]]
  if {$op eq {}} { return {} }
  if {[lindex $op 0] in {insert update} && [llength $op] > 4
      && [lindex $op 4] ne {}} { return {} }
  # What conflicts with a stored row is replaced or ignored, rightly so.
  if {[lindex $op 0] eq "insert" && [dict exists [lindex $op 2] \
      index_in_job]} { return {} }
  return [list or [pick {IGNORE REPLACE FAIL ROLLBACK ABORT}] $op]
}

proc hist::gen_add_tasks {} {
  variable extension_only
  if {!$extension_only} { return {} }
  set j [a_job]
  if {[llength [model::tasks_of $j]] >= 8} { return {} }
  set tasks {}
  set uuids [lmap t [model::tasks_of $j] { model::get tasks $t uuid }]
  foreach - {1 2} {
    set deps {}
    if {[llength $uuids] && [chance 60]} { set deps [list [pick $uuids]] }
    if {[chance 4]} { set deps no-such-task }
    set u [new_uuid task]
    lappend uuids $u
    lappend tasks [dict create uuid $u name added type [a_type] \
      steps [pick {{} 2 {0 3}}] dependencies $deps]
  }
  return [list add_tasks [uuid_of jobs $j] $tasks]
}

proc hist::gen_author {} {
  if {[llength [model::ids jobs]] >= 6} { return {} }
  set doc [dict create uuid [new_uuid job] name authored job_type render]
  if {[chance 50]} { dict set doc priority [pick {10 50 90}] }
  if {[chance 80]} {
    dict set doc status [pick {queued queued queued under-construction paused}]
  }
  if {[chance 40]} { dict set doc settings [pick {text:{} {text:{"a":1}}}] }
  if {[chance 20]} { dict set doc shaman_checkout_id abc/3 }
  if {[chance 30] && [a_tag] ne {}} {
    dict set doc worker_tag [uuid_of worker_tags [a_tag]]
  }
  set n [expr {1 + [rnd 7]}]
  set uuids {}
  for {set i 0} {$i < $n} {incr i} { lappend uuids [new_uuid task] }
  set tasks {}
  for {set i 0} {$i < $n} {incr i} {
    set deps {}
    # Some depend on the one before, some on all before, a few on a later one.
    if {$i > 0 && [chance 40]} { lappend deps [lindex $uuids $i-1] }
    if {$i > 1 && [chance 15]} { set deps [lrange $uuids 0 $i-1] }
    set t [dict create uuid [lindex $uuids $i] name t$i type [a_type] \
      steps [pick {{} 1 3 {0 2} {1 1 4}}] dependencies $deps]
    if {[chance 30]} { dict set t priority [pick {10 50 90}] }
    lappend tasks $t
  }
  if {$n > 1 && [chance 10]} {
    set first [lindex $tasks 0]
    set last [lindex $tasks end]
    if {![llength [dict get $last dependencies]]} {
      dict set first dependencies [list [dict get $last uuid]]
      set tasks [lreplace $tasks 0 0 $first]
    }
  }
  dict set doc tasks $tasks
  if {[chance 20]} {
    # Something is wrong with it.
    switch -- [rnd 9] {
      6 { dict set doc stranger [pick {task id activity uuids}] }
      7 { dict set doc tasks [lreplace $tasks end end \
          [dict replace [lindex $tasks end] stranger [pick {status job}]]] }
      8 { dict set doc tasks [lreplace $tasks end end \
          [dict replace [lindex $tasks end] steps 9007199254740993]] }
      0 { dict unset doc name }
      1 { dict unset doc job_type }
      2 { dict set doc worker_tag no-such-tag }
      3 { dict set doc uuid [uuid_of jobs [a_job]] }
      4 { dict set doc tasks [lreplace $tasks end end \
          [dict replace [lindex $tasks end] uuid [uuid_of tasks [a_task]]]] }
      5 { dict set doc tasks [lreplace $tasks end end \
          [dict replace [lindex $tasks end] dependencies no-such-task]] }
    }
  }
  return [list author $doc]
}

proc hist::gen_upsert {} {
  set kind [weigh {4 update 3 ignore 2 replace}]
  switch -- [rnd 4] {
    0 {
      set id [a_task]
      set row [dict create id $id uuid [uuid_of tasks $id] \
        job_id [model::get tasks $id job_id] name again type misc \
        status queued index_in_job [model::get tasks $id index_in_job]]
      set given [pick {{status completed} {status failed name up}
        {priority 77} {status queued activity upserted} {steps_completed 2}}]
      set target [pick {id uuid job_id,index_in_job}]
      set table tasks
    }
    1 {
      set id [a_job]
      set row [dict create id $id uuid [uuid_of jobs $id] name again \
        job_type render status paused]
      set given [pick {{status pause-requested} {status requeueing}
        {status cancel-requested activity upserted} {priority 33}}]
      set target [pick {id uuid}]
      set table jobs
    }
    2 {
      set id [a_worker]
      set row [dict create id $id uuid [uuid_of workers $id] name again \
        supported_task_types misc]
      set given [pick {{status awake} {status offline} {status_requested asleep}
        {last_seen_at NULL} {supported_task_types blender}}]
      set target [pick {id uuid}]
      set table workers
    }
    3 {
      set id [a_tag]
      if {$id eq {}} { return {} }
      set row [dict create id $id uuid [uuid_of worker_tags $id] \
        name [model::get worker_tags $id name]]
      set given [list description d name [new_uuid t]]
      set target [pick {id uuid name}]
      set table worker_tags
    }
  }
  switch -- $kind {
    update { return [list insert $table $row [list update $given $target]] }
    default { return [list insert $table $row $kind] }
  }
}

# Input that is refused.
proc hist::gen_bad {} {
  set j [a_job]
  set t [a_task]
  set w [a_worker]
  set op [pick {
    {update jobs $j {status bogus}}
    {update jobs $j {status NULL}}
    {update jobs $j {status {}}}
    {update jobs $j {status Active}}
    {update jobs $j {status soft-failed}}
    {update tasks $t {status running}}
    {update tasks $t {status pause-requested}}
    {update tasks $t {status NULL}}
    {update workers $w {status sleepy}}
    {update workers $w {status_requested nap}}
    {update tasks $t {job_id 999999}}
    {update tasks $t {id 999999}}
    {update jobs $j {id 999999}}
    {update workers $w {id 999999}}
    {update tasks $t {worker_id 999999 status completed}}
    {update jobs $j {worker_tag_id 999999 status requeueing}}
    {update jobs $j {settings text:[]}}
    {update jobs $j {settings NULL}}
    {update jobs $j {metadata text:\{oops}}
    {update jobs $j {metadata text:17}}
    {update jobs $j {settings text:}}
    {update tasks $t {commands text:{}}}
    {update tasks $t {commands NULL}}
    {update tasks $t {commands {text:[1,2}}}
    {update tasks $t {commands blob:true}}
    {update tasks [some [model::ids tasks]] {uuid twice}}
    {insert tasks {uuid nix name n type misc job_id 999999}}
    {insert tasks {uuid nix name n type misc job_id $j worker_id 999999}}
    {insert tasks {uuid nix name n type misc job_id $j status nix}}
    {insert jobs {uuid nix name n job_type x worker_tag_id 999999}}
    {insert jobs {uuid nix name n job_type x status nix}}
    {insert jobs {uuid nix name n job_type x settings text:5}}
    {insert workers {uuid nix name n status nix}}
    {insert task_dependencies {task_id $t dependency_id $t}}
    {insert task_dependencies {task_id $t dependency_id 999999}}
    {insert task_dependencies {task_id 999999 dependency_id $t}}
    {insert task_dependencies {task_id $t dependency_id [a_task]} ignore}
    {insert task_failures {task_id 999999 worker_id $w}}
    {insert task_failures {task_id $t worker_id 999999} ignore}
    {insert job_blocks {job_id $j worker_id 999999 task_type misc}}
    {insert worker_tag_membership {worker_tag_id 999999 worker_id $w}}
    {insert sleep_schedules {worker_id 999999}}
    {update jobs $j {delete_requested_at $no_time}}
    {update tasks $t {last_touched_at $no_time status completed}}
    {update workers $w {last_seen_at $no_time}}
    {update workers $w {deleted_at $no_time}}
    {update jobs $j {updated_at $no_time}}
    {insert jobs {uuid nix name n job_type x created_at $no_time}}
    {insert workers {uuid nix name n deleted_at $no_time}}
    {update tasks $t {steps_total -1}}
    {update tasks $t {steps_total 9007199254740993}}
    {update workers $w {supported_task_types {["blender"]}}}
    {update workers $w {can_restart str:yes}}
    {update workers $w {lazy_status_request 2}}
    {insert workers {uuid nix name n status_requested restart}}
    {bad_if jobs $j {UPDATE jobs SET name = 'a' || char(0) || 'b' WHERE id = $j}}
    {bad_if tasks $t {UPDATE tasks SET type = 'a' || char(0) WHERE id = $t}}
    {bad_if workers $w {UPDATE workers SET uuid = char(0) || 'a' WHERE id = $w}}
    {bad_if jobs $j {UPDATE jobs SET settings = x'7B2261223A22C3227D' WHERE id = $j}}
  }]
  # $j and the like stand inside braces.
  set op [string map [list \$no_time [list [no_time]] \$j $j \$t $t \$w $w \[a_task\] [a_task] \
    {[some [model::ids tasks]]} [list [lrange [model::ids tasks] 0 2]]] $op]
  return [with_ids $op]
}

# Rows that go in by mistake need ids that the model knows.
proc hist::with_ids {op} {
  if {[lindex $op 0] eq "insert"
      && [lindex $op 1] in {jobs tasks workers worker_tags}} {
    set row [lindex $op 2]
    dict set row id [new_id [lindex $op 1]]
    return [lreplace $op 2 2 $row]
  }
  return $op
}

proc hist::gen_rollback {} {
  set subs {}
  foreach - {1 2 3} {
    set op [an_operation]
    # A ROLLBACK clause would end the savepoint.
    if {[lindex $op 0] ni {rollback author or add_tasks}} { lappend subs $op }
  }
  return [list rollback $subs]
}

proc hist::an_operation {} {
  if {[llength [model::ids jobs]] < 2} { return [gen_insert_job] }
  if {[llength [model::ids workers]] < 3} { return [gen_insert_worker] }
  if {[llength [model::ids tasks]] < 7} {
    set op [gen_insert_task]
    if {$op ne {}} { return $op }
  }
  while 1 {
    set op [gen_[weigh {
      130 claim 170 report 70 task_status 15 each_task 40 task_columns
      8 task_index 8 stamped 60 job_status 45 job_nudge 35 job_columns
      8 commands 50 worker_status 25 worker_request 110 worker_obeys 30 seen
      20 worker_columns 15 soft_delete 30 insert_job 60 insert_task
      25 insert_worker 12 insert_tag 20 insert_member 45 insert_dependency
      8 update_dependency 15 insert_block 10 insert_failure 18 schedule
      55 delete 20 setting 24 time_out 22 tick 6 repair
      8 rendered 12 author 25 upsert 40 bad 8 rollback
      28 key 8 bad_key 12 each_job 8 each_worker 16 insert_many 70 or 10 add_tasks
    }]]
    if {$op ne {}} { return $op }
  }
}

# How far the clock moves before an operation.
proc hist::a_pause {} {
  switch -- [weigh {12 none 58 short 20 seconds 5 minutes 3 hours 2 back}] {
    none { return 0 }
    back { return [expr {-1 - [rnd 3000]}] }
    short { return [expr {1 + [rnd 1500]}] }
    seconds { return [expr {1000 * (1 + [rnd 60])}] }
    minutes { return [expr {60000 * (1 + [rnd 11])}] }
    hours { return [expr {1000 * [rnd 40000]}] }
  }
}

# ---------------------------------------------------------------------------
# Histories

# Some histories have tight limits, so that failures lead somewhere.
proc hist::opening {} {
  set r {}
  foreach name {job_fail_percentage blocklist_threshold
                task_fail_after_softfail_count} {
    if {[chance 60]} {
      set v [pick [dict get {
        job_fail_percentage {34 50 100}
        blocklist_threshold {0 1 2} task_fail_after_softfail_count {0 1 2}
      } $name]]
      lappend r [list 1 [list setting $name $v]]
    }
  }
  return $r
}

# Generates and does $length operations. Returns the history; on failure the
# error carries it (see `describe`).
proc hist::run_history {seed length modes lead} {
  variable history {}
  variable next_id
  variable next_uuid 0
  variable every
  variable extension_only [expr {[lsearch -glob $modes sql*] < 0}]
  array set next_id {jobs 0 tasks 0 workers 0 worker_tags 0}
  seed $seed
  begin $modes $lead
  foreach step [opening] {
    lappend history $step
    step $step 0
  }
  for {set i 1} {$i <= $length} {incr i} {
    set step [list [a_pause] [an_operation]]
    lappend history $step
    step $step [expr {$i % $every == 0 || $i == $length}]
  }
  return $history
}

# Does a history again. Returns {} or {kind message steps-done}.
proc hist::replay {history modes lead deep} {
  begin $modes $lead
  set n 0
  foreach step $history {
    incr n
    if {[catch {step $step $deep} message options]} {
      set code [dict get $options -errorcode]
      if {[lindex $code 0] ne "HISTORY"} {
        # Not a finding, but something that the shortened history cannot do.
        return [list "error $message" $message $n]
      }
      return [list [lindex $code 1] $message $n]
    }
  }
  return {}
}

# Delta debugging: drops steps while the failure stays of the same kind.
proc hist::shorten {history modes lead kind deep} {
  variable shrink_seconds
  set until [expr {[clock seconds] + $shrink_seconds}]
  set size [expr {max(1, [llength $history] / 2)}]
  while {[clock seconds] < $until} {
    set dropped 0
    set i 0
    while {$i < [llength $history] && [clock seconds] < $until} {
      set shorter [lreplace $history $i $i+[expr {$size - 1}]]
      set result [replay $shorter $modes $lead $deep]
      if {[lindex $result 0] eq $kind} {
        set history [lrange $shorter 0 [lindex $result 2]-1]
        set dropped 1
      } else {
        incr i $size
      }
    }
    if {$size == 1 && !$dropped} break
    if {$size > 1} { set size [expr {$size / 2}] }
  }
  return $history
}

# A history as a script for sqlite3.
proc hist::script {history mode} {
  variable start_ms
  set ms $start_ms
  set lines [list "-- mode $mode; on a new database"]
  lappend lines "PRAGMA foreign_keys = [expr {[string match *fk1* $mode]}];"
  lappend lines "PRAGMA recursive_triggers = [expr {[string match *rt1 $mode]}];"
  lappend lines "[clock_sql $ms];"
  foreach step $history {
    lassign $step pause op
    if {$pause != 0} {
      incr ms $pause
      lappend lines "UPDATE farm_settings SET value = '[model::format_time \
        $ms]' WHERE name = 'clock';"
    }
    lappend lines "[sql $op [string match ext* $mode]];"
  }
  return [join $lines \n]
}

# A history in which something failed, told to whoever must mend it.
proc hist::describe {seed history modes lead kind message} {
  set text "FAILED: seed $seed, mode $lead, operation [llength $history]"
  append text " ($kind)\n"
  append text "[sql [lindex [lindex $history end] 1] 0];\n$message\n"
  # One mode is enough, unless modes differ.
  set few [expr {[string match modes* $kind] ? $modes : [list $lead]}]
  if {[llength $few] > 2} {
    foreach m $modes {
      if {$m ne $lead && [string first "$m:" $message] >= 0} {
        set few [list $lead $m]
      }
    }
  }
  set deep [expr {![regexp {^(state|refusal|message)} $kind]}]
  set short [shorten $history $few $lead $kind $deep]
  set result [replay $short $few $lead $deep]
  append text "\nshortened to [llength $short] operations,\
    in $few:\n[script $short $lead];\n"
  append text "-- [string map {\n "\n-- "} [lindex $result 1]]\n"
  return $text
}

# One run: histories until $ops operations are done or the time is up.
# Returns {operations histories failure}, the failure {} when there is none.
proc hist::run {seed ops length modes seconds} {
  variable history
  variable verbose
  set done 0
  set n 0
  set until [expr {[clock milliseconds] + 1000 * $seconds}]
  while {$done < $ops && [clock milliseconds] < $until} {
    set this [expr {min($length, $ops - $done)}]
    set s [expr {$seed * 1000 + $n}]
    set lead [lindex $modes [expr {$n % [llength $modes]}]]
    if {[catch {run_history $s $this $modes $lead} message options]} {
      set code [dict get $options -errorcode]
      if {[lindex $code 0] ne "HISTORY"} {
        puts stderr "seed $s, lead $lead, after [llength $history] operations"
        return -options $options $message
      }
      return [list [expr {$done + [llength $history]}] $n \
        [describe $s $history $modes $lead [lindex $code 1] $message]]
    }
    incr done $this
    incr n
    if {$verbose} { puts "history $s: $this operations, lead $lead" }
  }
  close_all
  return [list $done $n {}]
}

# The zone that a seed stands for: without clock changes, since next_check is
# only exact without them. To be set before the first use of local time.
proc hist::set_zone {n} {
  variable zone_minutes [lindex {0 330 -480} [expr {$n % 3}]]
  set ::env(TZ) [lindex {UTC0 <+0530>-5:30 <-08>8} [expr {$n % 3}]]
}

if {[info exists argv0] && [file tail $argv0] eq "random_histories.tcl"} {
  set opt [dict create -seed [clock seconds] -ops 10000 -runs 1 -length 500 \
    -seconds 1000000 -modes $hist::modes -every 20 -shrink 120 -zone {} \
    -verbose 0 -known {}]
  foreach {k v} $argv {
    if {![dict exists $opt $k]} {
      puts stderr "random_histories: no such option: $k"
      exit 2
    }
    dict set opt $k $v
  }
  set seed [dict get $opt -seed]
  set hist::every [dict get $opt -every]
  set hist::shrink_seconds [dict get $opt -shrink]
  set hist::verbose [dict get $opt -verbose]
  set hist::known [dict get $opt -known]
  set zone [dict get $opt -zone]
  hist::set_zone [expr {$zone eq {} ? $seed : $zone}]
  set started [clock milliseconds]
  set total 0
  set histories 0
  for {set i 0} {$i < [dict get $opt -runs]} {incr i} {
    set left [expr {[dict get $opt -seconds]
      - ([clock milliseconds] - $started) / 1000}]
    if {$left <= 0} break
    lassign [hist::run [expr {$seed + $i}] [dict get $opt -ops] \
      [dict get $opt -length] [dict get $opt -modes] $left] done n failure
    incr total $done
    incr histories $n
    if {$failure ne {}} {
      puts "$failure\nagain: tclsh tests/random_histories.tcl\
        -seed [expr {$seed + $i}] -zone [expr {$zone eq {} ? $seed : $zone}]"
      exit 1
    }
  }
  puts "random histories: $total operations in $histories histories,\
    [llength [dict get $opt -modes]] modes, seed $seed:\
    no difference ([expr {([clock milliseconds] - $started) / 1000}] s)"
}
