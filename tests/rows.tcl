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
#   task_becomes JOB TASKS NEW, job_becomes OLD NEW TASKS
#       the state that a job gets to by the first task's, or its own, new
#       status: docs/rules.md, "A job's status" and "A task's status"
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

# The two tables ------------------------------------------------------------

proc among {statuses args} {
  foreach status $args {if {$status in $statuses} {return 1}}
  return 0
}

proc all {status statuses} {
  foreach other $statuses {if {$other ne $status} {return 0}}
  return 1
}

# The tasks with those that have one of the old statuses changed to the new.
proc swept {tasks old new} {
  lmap status $tasks {expr {$status in $old ? $new : $status}}
}

proc job_becomes {old new tasks} {
  switch $new {
    cancel-requested {
      return [list canceled {*}[swept $tasks {active queued soft-failed} canceled]]
    }
    failed {
      return [list failed {*}[swept $tasks {active queued soft-failed} canceled]]
    }
    pause-requested {
      set tasks [swept $tasks {queued soft-failed} paused]
      if {![among $tasks active]} {return [list paused {*}$tasks]}
    }
    requeueing {
      switch $old {
        completed {set tasks [lrepeat [llength $tasks] queued]}
        under-construction {}
        default {
          set tasks [swept $tasks {canceled failed paused soft-failed} queued]
        }
      }
      return [job_becomes requeueing queued $tasks]
    }
    queued {
      if {[all completed $tasks]} {return [list completed {*}$tasks]}
    }
  }
  return [list $new {*}$tasks]
}

proc task_becomes {job tasks status} {
  if {[lindex $tasks 0] eq $status} {return [list $job {*}$tasks]}
  lset tasks 0 $status
  set pausing [expr {$job eq "pause-requested" && ![among $tasks active]}]
  # Nothing of the job can be run any more.
  set over [expr {$job in {queued active pause-requested} &&
      ![among $tasks active queued soft-failed paused]}]
  set end [expr {[among $tasks failed] ? "failed" : "canceled"}]
  set busy [expr {$job in {active cancel-requested pause-requested}}]
  set next $job
  switch $status {
    completed {
      if {[all completed $tasks]} {set next completed
      } elseif {$over} {set next $end
      } elseif {$pausing} {set next paused
      } elseif {$job eq "queued"} {set next active}
    }
    queued {if {$job eq "completed"} {set next requeueing}}
    active {if {!$busy} {set next active}}
    soft-failed {
      if {$pausing} {set next paused
      } elseif {!$busy} {set next active}
    }
    failed {
      set failed [llength [lsearch -all $tasks failed]]
      if {100*$failed/[llength $tasks]>=10} {set next failed
      } elseif {$over} {set next $end
      } elseif {$pausing} {set next paused
      } elseif {$job eq "queued"} {set next active}
    }
    canceled {
      if {$pausing && [among $tasks paused]} {set next paused
      } elseif {![among $tasks active queued soft-failed]} {set next canceled}
    }
    paused {if {$pausing} {set next paused}}
  }
  if {$next eq $job} {return [list $job {*}$tasks]}
  return [job_becomes $job $next $tasks]
}
