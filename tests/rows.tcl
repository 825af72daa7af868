# Small farms for the tests of the rules, for files that have sourced
# tester.tcl. Everything works on the connection `db`.
#
#   pin TIME                sets the clock; pin "" lets it go
#   setting NAME VALUE      sets a setting
#   add_job ID STATUS TASKS ?STEPS?
#       a job in that status with a task per status in TASKS. Its tasks have
#       the ids 100*ID+1 and so on, the type render and STEPS steps (10).
#       Inserting does not ripple, so any state can be set up.
#   add_worker ID STATUS ?TYPES?
#       a worker that supports these types (render)
#   state ID                {status of the job, statuses of its tasks}
#   attempt SCRIPT          runs it and takes back what it did; its result
#   do_refusal NAME SQL MESSAGE
#       the statement fails with exactly this message and leaves no trace
# UUIDs: see uuid_of.

set noon {2026-01-02 12:00:00.000+00:00}
set later {2026-01-02 12:00:01.500+00:00}

proc pin {time} {
  if {$time eq ""} {
    db eval {UPDATE farm_settings SET value=NULL WHERE name='clock'}
  } else {
    db eval {UPDATE farm_settings SET value=$time WHERE name='clock'}
  }
  return
}

proc setting {name value} {
  db eval {UPDATE farm_settings SET value=$value WHERE name=$name}
  return
}

# job 7 has the uuid 00000000-0000-4000-8000-00000000a007.
proc uuid_of {kind id} {
  set digit [dict get {job a task b worker c tag d} $kind]
  return [format 00000000-0000-4000-8000-0000000%s%04d $digit $id]
}

proc add_job {id status tasks {steps 10}} {
  set uuid [uuid_of job $id]
  set name "job $id"
  db eval {
    INSERT INTO jobs(id, uuid, name, job_type, status)
    VALUES($id, $uuid, $name, 'test', $status)
  }
  set n [expr {100*$id}]
  foreach status $tasks {
    incr n
    set uuid [uuid_of task $n]
    set name "task $n"
    db eval {
      INSERT INTO tasks(id, uuid, name, type, job_id, status, steps_total)
      VALUES($n, $uuid, $name, 'render', $id, $status, $steps)
    }
  }
  return
}

proc add_worker {id status {types render}} {
  set uuid [uuid_of worker $id]
  set name "worker $id"
  db eval {
    INSERT INTO workers(id, uuid, name, status, supported_task_types)
    VALUES($id, $uuid, $name, $status, $types)
  }
  return
}

proc state {id} {
  return [list [db onecolumn {SELECT status FROM jobs WHERE id=$id}] \
      {*}[db eval {SELECT status FROM tasks WHERE job_id=$id ORDER BY id}]]
}

proc attempt {script} {
  db eval {SAVEPOINT attempt}
  set code [catch {uplevel 1 $script} result options]
  # Gone where the script has ended the transaction.
  catch {db eval {ROLLBACK TO attempt; RELEASE attempt}}
  return -options $options $result
}

proc do_refusal {name sql message} {
  uplevel 1 [list do_test $name [list refusal $sql] [list 1 $message same]]
}

proc refusal {sql} {
  set before [dump_rows db]
  set result [uplevel 1 [list catchsql $sql]]
  set after [dump_rows db]
  if {$after eq $before} {return [concat $result same]}
  return [concat $result [list \
      [tester::difference [split $before \n] [split $after \n]]]]
}
