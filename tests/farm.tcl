# Short words to fill a farm with and to look at it, for tests of its rules.
# Source tester.tcl first. All act on the connection `db`.
#
#   set_clock TIME            pins the clock; TIME as it is stored, or
#                             '03:04:05', '03:04:05.678' of 2026-01-02
#   set_setting NAME VALUE ...
#   add_worker NAME ?COLUMN VALUE ...?      uuid and name NAME; awake, takes
#                             tasks of type misc, unless told otherwise
#   add_job NAME TASKS ?COLUMN VALUE ...?   uuid and name NAME, active. TASKS
#                             is a list of {NAME ?COLUMN VALUE ...?}: a task
#                             with uuid and name NAME, type misc, queued
#   insert_quietly TABLE PAIRS   a row as another program would leave it: no
#                             trigger fires
#   set_tags WORKER ?TAG ...? makes the tags where missing
#   report TASK WORKER ?STATUS? ?ACTIVITY? ?STEPS?   by task_updates; - is
#                             NULL. Empty, or the error message
#   give TASK WORKER ...      each task is active on that worker, as by a claim
#   attempt SQL               empty, or the error message
#   tasks JOB                 {NAME STATUS ...} in order; job JOB  its status
#   job_activity JOB, task_activity TASK
#   trial SCRIPT              the value of the script, whose changes are rolled
#                             back; what is unsound is an error. Not nested
#
# A COLUMN may also be an SQL expression's: -worker_id {SELECT ...}.

# An INSERT with the columns of a list of pairs; a column named -x has an
# expression for its value. The values are bound, since preparing an INSERT
# of this schema takes longer than running it.
proc insert_row {table pairs} {
  set columns {}
  set values {}
  foreach {column value} $pairs {
    if {[string index $column 0] eq "-"} {
      lappend columns [string range $column 1 end]
      lappend values ($value)
    } else {
      lappend columns $column
      lappend values \$v($column)
      if {$value ne "NULL"} {set v($column) $value}
    }
  }
  db eval "INSERT INTO $table ([join $columns ,]) VALUES ([join $values ,])"
}

proc insert_quietly {table pairs} {
  without_triggers {
    insert_row $table [dict merge {-created_at {SELECT now FROM farm_clock}
      -updated_at {SELECT now FROM farm_clock}} $pairs]
  }
}

proc full_time {time} {
  if {[string length $time]>15} {return $time}
  if {[string length $time]==8} {append time .000}
  return "2026-01-02 $time+00:00"
}

proc set_clock {time} {
  set time [full_time $time]
  db eval {UPDATE farm_settings SET value=$time WHERE name='clock'}
  return
}

proc set_setting {args} {
  foreach {name value} $args {
    db eval {UPDATE farm_settings SET value=$value WHERE name=$name}
  }
}

proc add_worker {name args} {
  set pairs [dict merge [list uuid $name name $name status awake \
      supported_task_types misc] $args]
  insert_row workers $pairs
  return
}

proc add_task {job spec} {
  set name [lindex $spec 0]
  set pairs [dict merge [list uuid $name name $name type misc] \
      [lrange $spec 1 end]]
  insert_row tasks [list job_id [db one {SELECT id FROM jobs WHERE uuid=$job}] \
      {*}$pairs]
}

proc add_job {name tasks args} {
  insert_row jobs [dict merge [list uuid $name name $name job_type test \
      status active] $args]
  foreach spec $tasks {add_task $name $spec}
  return
}

proc set_tags {worker args} {
  foreach tag $args {
    db eval {
      INSERT INTO worker_tags (uuid, name) VALUES ($tag, $tag)
      ON CONFLICT DO NOTHING;
      INSERT INTO worker_tag_membership (worker_tag_id, worker_id)
      SELECT g.id, w.id FROM worker_tags g, workers w
       WHERE g.uuid=$tag AND w.uuid=$worker;
    }
  }
}

proc attempt {sql} {
  if {[catch {uplevel 1 [list db eval $sql]} message]} {return $message}
  return
}

proc report {task worker {status -} {activity -} {steps -}} {
  foreach name {status activity steps} {
    if {[set $name] eq "-"} {unset $name}
  }
  # A variable that is not set is NULL.
  attempt {
    INSERT INTO task_updates (
      task_uuid, worker_uuid, status, activity, steps_completed
    ) VALUES ($task, $worker, $status, $activity, $steps)
  }
}

proc give {args} {
  foreach {task worker} $args {
    db eval {
      UPDATE tasks SET
        worker_id = (SELECT id FROM workers WHERE uuid=$worker),
        status = 'active',
        last_touched_at = (SELECT now FROM farm_clock)
      WHERE uuid=$task
    }
  }
}

proc tasks {job} {
  db eval {
    SELECT t.name, t.status FROM tasks t JOIN jobs j ON j.id=t.job_id
     WHERE j.uuid=$job ORDER BY t.index_in_job
  }
}

proc job {uuid} {db one {SELECT status FROM jobs WHERE uuid=$uuid}}
proc task {uuid} {db one {SELECT status FROM tasks WHERE uuid=$uuid}}
proc job_activity {uuid} {db one {SELECT activity FROM jobs WHERE uuid=$uuid}}
proc task_activity {uuid} {
  db one {SELECT activity FROM tasks WHERE uuid=$uuid}
}

proc trial {script} {
  db eval BEGIN
  set code [catch {uplevel 1 $script} result options]
  set wrong {}
  if {$code==0} {
    set wrong [db eval {SELECT * FROM farm_problems LIMIT 20}]
    lappend wrong {*}[db eval {PRAGMA foreign_key_check}]
  }
  db eval ROLLBACK
  if {$wrong ne ""} {error "unsound: $wrong"}
  return -options $options $result
}
