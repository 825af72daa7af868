# Guests: triggers of users' own among ours, law 5 of the specification.
# Source tester.tcl and farm.tcl first. All act on the connection `db`.
#
#   guests::orders            the ways in which a guest can come: after ours,
#                             before ours, temporary
#   guests::make ORDER SQL    makes the guest of a CREATE TRIGGER statement
#   guests::foreach_order ?-modes {PATTERN ...}? SCRIPT   runs the script in
#                             all modes and orders, the order in $order; in half
#                             of the modes (TABLAO_MODES), by turns two of the orders
#                             or the third, each in two modes that differ in all
#   guests::wrong             what is wrong with the farm, by its base tables
#                             and not by our views: counters, sums, who may
#                             run what, who gets what. Empty when all is well.
#                             The guests are gone afterwards
#
# SQLite fires the newest trigger first, as a rule of thumb that it does not
# promise; that is why a guest is also made before ours.

namespace eval guests {
  variable orders {after before temp}
  # How wrong_claims keeps guests out for the while; if it is empty, by
  # dropping them for good: when that is taken back, SQLite reads all of the
  # schema again, which takes longer than the checks.
  variable silence {}
  variable turn -1         ;# another order in another pair of modes each time
}

proc guests::orders {} {
  variable orders
  return $orders
}

# Triggers fire in the order in which SQLite has read them, that of their rows in
# the schema: there the guest goes before ours. To make all of ours anew would
# have the same effect, and take longer than the rest of most tests.
proc guests::make {order sql} {
  if {$order eq "temp"} {
    regsub {^\s*CREATE TRIGGER} $sql {CREATE TEMP TRIGGER} sql
  }
  if {$order ne "before"} {
    db eval $sql
    return
  }
  # Where ours begin, once they have been moved; tables come before that.
  set ours 1000000
  db eval {SAVEPOINT guest}
  db eval $sql
  set guest [db one {SELECT max(rowid) FROM sqlite_schema}]
  db eval {
    PRAGMA writable_schema=ON;
    UPDATE sqlite_schema SET rowid=rowid+$ours
     WHERE rowid<$ours AND type='trigger' AND name LIKE 'tablao~_%' ESCAPE '~'
       AND tbl_name IN (SELECT name FROM sqlite_schema WHERE type='table');
    UPDATE sqlite_schema
       SET rowid=1+(SELECT max(rowid) FROM sqlite_schema
                     WHERE rowid<$ours AND rowid<>$guest)
     WHERE rowid=$guest;
    RELEASE guest;
    PRAGMA writable_schema=RESET;
  }
}

# Nobody but us.
proc guests::drop_all {} {
  foreach {schema table} {main sqlite_schema temp sqlite_temp_schema} {
    foreach name [db eval "SELECT name FROM $table
        WHERE type='trigger' AND name NOT LIKE 'tablao~_%' ESCAPE '~'"] {
      db eval "DROP TRIGGER $schema.\"$name\""
    }
  }
}

proc guests::foreach_order {args} {
  variable orders
  variable turn
  upvar 1 order order
  set at [lsearch -exact $args -modes]
  set named [expr {$at>=0 && [lindex $args $at+1] ne "*"}]
  foreach order [tester::half $orders] {
    set modes {}
    if {!$named} {set modes [tester::pair [incr turn]]}
    if {$modes ne ""} {set modes [list -modes $modes]}
    uplevel 1 [list foreach_mode {*}[lrange $args 0 end-1] {*}$modes [lindex $args end]]
  }
}

# Who may run what: docs/rules.md, "Who gets what", over the base tables. Types are
# compared as they stand, so tests give them in lower case and without blanks.
proc guests::runnable {} {
  return {
    SELECT w.id AS worker_id, t.id AS task_id, t.uuid AS task_uuid,
      j.priority AS jp, t.priority AS tp, j.id AS job_id, t.index_in_job AS n
    FROM workers w, tasks t, jobs j
    WHERE j.id = t.job_id
      AND t.status IN ('queued', 'soft-failed')
      AND j.status IN ('queued', 'active')
      AND j.delete_requested_at IS NULL
      AND w.deleted_at IS NULL
      AND instr(',' || w.supported_task_types || ',', ',' || t.type || ',')
      AND NOT EXISTS (
        SELECT 1 FROM task_dependencies d, tasks p
        WHERE d.task_id = t.id AND p.id = d.dependency_id
          AND p.status <> 'completed')
      AND (j.worker_tag_id IS NULL OR j.worker_tag_id IN (
        SELECT m.worker_tag_id FROM worker_tag_membership m
        WHERE m.worker_id = w.id))
      AND NOT EXISTS (
        SELECT 1 FROM job_blocks b
        WHERE b.job_id = j.id AND b.worker_id = w.id AND b.task_type = t.type)
      AND NOT EXISTS (
        SELECT 1 FROM task_failures f
        WHERE f.task_id = t.id AND f.worker_id = w.id)
  }
}

proc guests::wrong {} {
  set wrong {}
  set columns {num_tasks num_queued num_active num_completed num_failed
      num_canceled num_soft_failed num_paused}
  db eval {
    SELECT j.id, j.uuid, j.steps_completed AS done, j.steps_total AS total,
      coalesce((SELECT sum(steps_completed) FROM tasks WHERE job_id=j.id), 0)
        AS true_done,
      coalesce((SELECT sum(steps_total) FROM tasks WHERE job_id=j.id), 0)
        AS true_total
    FROM jobs j
  } job {
    if {"$job(done)/$job(total)" ne "$job(true_done)/$job(true_total)"} {
      lappend wrong "sums of job $job(id): $job(done)/$job(total), the tasks\
          have $job(true_done)/$job(true_total)"
    }
    set counts [db eval "SELECT [join $columns ,] FROM job_summaries
        WHERE job_uuid=\$job(uuid)"]
    set true [db eval {
      SELECT count(*), sum(status='queued'), sum(status='active'),
        sum(status='completed'), sum(status='failed'), sum(status='canceled'),
        sum(status='soft-failed'), sum(status='paused')
      FROM tasks WHERE job_id=$job(id)
    }]
    set true [lmap n $true {expr {$n eq "" ? 0 : $n}}]
    if {$counts ne $true} {
      lappend wrong "counters of job $job(id): $counts, right: $true"
    }
  }
  foreach {what sql} {
    "counted in no row of job_task_counts" {
      SELECT job_id, status, count(*) FROM tasks GROUP BY 1, 2
      EXCEPT SELECT job_id, status, num_tasks FROM job_task_counts}
    "no index_in_job" {SELECT id FROM tasks
      WHERE typeof(index_in_job)<>'integer' OR index_in_job<1}
    "steps out of bounds" {SELECT id FROM tasks
      WHERE steps_completed NOT BETWEEN 0 AND steps_total}
    "worker and task of two rows of runnable_tasks" {
      SELECT worker_id, task_id FROM runnable_tasks
      GROUP BY 1, 2 HAVING count(*)>1}
  } {
    set rows [db eval $sql]
    if {$rows ne ""} {lappend wrong "$what: $rows"}
  }
  set runnable [runnable]
  set rows [db eval "SELECT worker_id, task_id FROM ($runnable)
      EXCEPT SELECT worker_id, task_id FROM runnable_tasks"]
  if {$rows ne ""} {lappend wrong "not in runnable_tasks: $rows"}
  set rows [db eval "SELECT worker_id, task_id FROM runnable_tasks
      EXCEPT SELECT worker_id, task_id FROM ($runnable)"]
  if {$rows ne ""} {lappend wrong "must not be in runnable_tasks: $rows"}
  set rows [tester::unsound]
  if {$rows ne ""} {lappend wrong $rows}
  lappend wrong {*}[wrong_claims]
  return [join $wrong \n]
}

# What each worker gets is the first of what it may run; that, and not what
# runnable_tasks shows, is what a wrong lane spoils. Guests stay out of it.
proc guests::wrong_claims {} {
  variable silence
  set wrong {}
  set runnable [runnable]
  if {$silence eq ""} drop_all
  db eval {SAVEPOINT claims}
  {*}$silence
  foreach {id uuid} [db eval {
    SELECT id, uuid FROM workers
    WHERE status='awake' AND status_requested='' AND deleted_at IS NULL
  }] {
    set right [db eval {
      SELECT t.uuid FROM tasks t, jobs j
      WHERE j.id=t.job_id AND t.worker_id=$id AND t.status='active'
        AND j.status IN ('queued', 'active')
    }]
    set new {}
    if {$right eq ""} {
      set new [db eval "SELECT task_uuid FROM ($runnable) WHERE worker_id=\$id
          ORDER BY jp DESC, tp DESC, job_id, n LIMIT 1"]
    }
    set before [db eval {SELECT uuid FROM tasks
        WHERE worker_id=$id AND status='active'}]
    db eval {SAVEPOINT claim}
    if {[catch {
      db eval {INSERT INTO task_claims (worker_uuid) VALUES ($uuid)}
    } message]} {
      lappend wrong "claim of worker $id: $message"
    } else {
      set got [db eval {SELECT uuid FROM tasks
          WHERE worker_id=$id AND status='active'}]
      set got [lmap t $got {if {$t in $before} continue; set t}]
      if {$got ne $new} {
        lappend wrong "worker $id gets {$got}, should get {$new}"
      }
    }
    db eval {ROLLBACK TO claim; RELEASE claim}
  }
  db eval {ROLLBACK TO claims; RELEASE claims}
  return $wrong
}
