# An independent model of the farm's rules, in plain Tcl, without SQL.
#
# It was written from the specification, which docs/rules.md has grown out of, and
# never from sql/ or views/, so that a disagreement between the two means something.
# tests/random_histories.tcl runs random operations through both.
#
# A row is a dict of column and value, a table a dict of key and row. NULL is
# the word NULL. A JSON column holds its storage class and its text, as in
# text:{}; in an operation also blob:[], and bomt: and bomb: for a text and a
# BLOB behind a byte order mark. An operation either happens or is refused; a
# refused one leaves the model as it was.
#
# What the model leaves open
# --------------------------
# The sentences that ripples write to `activity` are not predicted. Where a
# ripple wrote one, the model holds a list of alternatives (see `wrote`); the
# comparison checks that the text found fits one and then adopts it, so a
# later change of the text that no rule asks for is still found.
# Where a step count was written that the bounds or the status do not leave, it
# may or may not count as a change of the job's sums, which went with it for a
# moment (see may_stamp).
# `next_check` after a schedule was written may be as written or moved on.
# An INSERT OR REPLACE or UPDATE OR REPLACE that would replace a row may be
# refused or done: the model follows what happened.
#
# Where the rules can be read in more than one way, and how they are read here
# ----------------------------------------------------------------------------
# R1  "An UPDATE of a row in a table with `updated_at` sets it to now": so too
#     for the job whose sums, and the task whose worker_id, a trigger or a
#     cascade changed; not for a row on which a ripple found nothing to change
#     (a job already in the status, sums that are what they were).
# R2  "An UPDATE of a row": also one that sets a column to the value it had,
#     updated_at among them.
# R3  "Refused: ... a status other than completed for a task that is not
#     active": a report without a status is accepted for any task.
# R4  "asked to change status": a lazy request counts.
# R5  "the tasks of this type on this job that it left failed": in status
#     failed with that worker as their worker_id.
# R6  "task -> failed and the job -> failed": in that order, the first by the
#     task rules, the second whatever the job's status is then.
# R7  "As if the job had just got its status" (the tick): so the activity names
#     a status only where the job gets another one.
# R8  "Unless the statement changed it itself": another text than the stored
#     one, even if it is the same time in another form.
# R9  "All tasks of the job completed: job -> completed" (and the other rows of
#     that table) hold whatever the job's status is, unless the row names it.
# R10 Types are compared "in tasks, workers, blocks alike", and kept as they
#     were written. A block that the failure policy makes has the spelling of
#     the task; it makes none where there is one in another spelling.
# R11 "Every row that such a statement saw is treated": also in the order of
#     ids, each by the task rules in full.
# R12 A step of the failure policy sees what the steps before it have left;
#     n and f are counted once, in step 1.

namespace eval model {
  # The tables: key -> row. See `reset` for the keys.
  variable T
  # The pinned clock in milliseconds, and what is added to get local time.
  variable now 0
  variable utc_offset 0
  # Rows whose activity the current statement changed itself: it stays.
  variable keep_activity {}
  # Was the statement refused in the database? Only asked for a REPLACE.
  variable hint_refused 1

  variable job_statuses {active canceled completed failed paused
    pause-requested queued cancel-requested requeueing under-construction}
  variable task_statuses {active canceled completed failed queued soft-failed
    paused}
  variable worker_statuses {starting awake asleep error testing offline
    restart {}}
  variable setting_defaults {state_machine on task_timeout 600
    worker_timeout 60 blocklist_threshold 3 task_fail_after_softfail_count 3
    job_fail_percentage 10 history on events_keep 10000 clock NULL}

  variable tables {jobs tasks task_dependencies task_failures job_blocks
    last_rendereds workers worker_tags worker_tag_membership sleep_schedules
    farm_settings}

  # Columns that an INSERT may leave out.
  variable column_defaults
  array set column_defaults {
    jobs {priority 0 status under-construction activity {} settings text:\{\}
      metadata text:\{\} delete_requested_at NULL
      storage_shaman_checkout_id {} worker_tag_id NULL}
    tasks {index_in_job 0 priority 50 status queued worker_id NULL
      last_touched_at NULL commands text:[] activity {} steps_completed 0
      steps_total 0}
    workers {secret {} address {} platform {} software {} status {}
      last_seen_at NULL status_requested {} lazy_status_request 0
      supported_task_types {} deleted_at NULL can_restart 0}
    worker_tags {description {}}
    sleep_schedules {is_active 0 days_of_week {} start_time {} end_time {}
      next_check NULL}
    task_dependencies {}
    task_failures {}
    job_blocks {}
    worker_tag_membership {}
    last_rendereds {}
  }
  # The columns that are a row's key here.
  variable key_columns
  array set key_columns {
    jobs id tasks id workers id worker_tags id
    task_dependencies {task_id dependency_id}
    task_failures {task_id worker_id}
    job_blocks {job_id worker_id task_type}
    worker_tag_membership {worker_tag_id worker_id}
    sleep_schedules worker_id last_rendereds job_id farm_settings name
  }
  # What else is unique.
  variable unique_columns
  array set unique_columns {
    jobs {uuid} tasks {uuid {job_id index_in_job}} workers {uuid}
    worker_tags {uuid name}
    task_dependencies {} task_failures {} job_blocks {}
    worker_tag_membership {} sleep_schedules {} last_rendereds {}
  }
  variable parents
  array set parents {
    jobs {worker_tag_id worker_tags}
    tasks {job_id jobs worker_id workers}
    task_dependencies {task_id tasks dependency_id tasks}
    task_failures {task_id tasks worker_id workers}
    job_blocks {job_id jobs worker_id workers}
    last_rendereds {job_id jobs}
    workers {} worker_tags {}
    worker_tag_membership {worker_tag_id worker_tags worker_id workers}
    sleep_schedules {worker_id workers}
  }
  # Columns that hold a time. Empty is NULL in those that may be NULL.
  variable time_columns {created_at updated_at delete_requested_at
    last_touched_at last_seen_at deleted_at next_check}
  variable boolean_columns {lazy_status_request can_restart is_active}
  variable most_steps 9007199254740992
  # A change of nothing but these does not move updated_at.
  variable unstamped {storage_shaman_checkout_id deleted_at next_check}
}

# ---------------------------------------------------------------------------
# Small things

proc model::reset {clock_ms {offset 0}} {
  variable T
  variable now $clock_ms
  variable utc_offset $offset
  variable tables
  variable setting_defaults
  foreach t $tables { set T($t) {} }
  set T(farm_settings) $setting_defaults
  dict set T(farm_settings) clock [format_time $clock_ms]
}

# The stored form of a time given in milliseconds.
proc model::format_time {ms} {
  set s [expr {$ms / 1000}]
  return [clock format $s -gmt 1 -format "%Y-%m-%d %H:%M:%S"][format \
    ".%03d+00:00" [expr {$ms % 1000}]]
}

proc model::now {} {
  variable now
  return [format_time $now]
}

proc model::refuse {why} {
  return -code error -errorcode {MODEL REFUSED} $why
}

proc model::setting {name} {
  variable T
  return [expr {int([dict get $T(farm_settings) $name])}]
}

proc model::get {table key column} {
  variable T
  return [dict get $T($table) $key $column]
}

proc model::put {table key args} {
  variable T
  foreach {c v} $args { dict set T($table) $key $c $v }
}

proc model::exists {table key} {
  variable T
  return [dict exists $T($table) $key]
}

proc model::ids {table} {
  variable T
  return [lsort -integer [dict keys $T($table)]]
}

# The key of the row with that uuid, or {}.
proc model::by_uuid {table uuid} {
  variable T
  dict for {k row} $T($table) {
    if {[dict get $row uuid] eq $uuid} { return $k }
  }
  return {}
}

proc model::tasks_of {job} {
  variable T
  set r {}
  dict for {k row} $T(tasks) {
    if {[dict get $row job_id] == $job} { lappend r $k }
  }
  return [lsort -integer $r]
}

proc model::count {job args} {
  variable T
  set n 0
  dict for {k row} $T(tasks) {
    if {[dict get $row job_id] == $job && [dict get $row status] in $args} {
      incr n
    }
  }
  return $n
}

proc model::normal_type {type} {
  return [string tolower [string trim $type " \t\r\n"]]
}

proc model::stamp {table key} {
  put $table $key updated_at [now]
}

# Activities ----------------------------------------------------------------

# An activity that a ripple wrote: one of several alternatives, each the list
# of words that the text must contain.
proc model::wrote {args} {
  return "\x01$args"
}
# The same where nothing says that a sentence must be written.
proc model::may_write {old args} {
  if {[string index $old 0] eq "\x01"} {
    return "\x01[concat [string range $old 1 end] $args]"
  }
  return "\x01[concat [list [list =$old]] $args]"
}

# Does the text found agree with what the model holds?
proc model::activity_fits {expected found} {
  if {[string index $expected 0] ne "\x01"} {
    return [expr {$expected eq $found}]
  }
  foreach words [string range $expected 1 end] {
    set fits 1
    foreach w $words {
      if {[string index $w 0] eq "="} {
        if {[string range $w 1 end] ne $found} { set fits 0; break }
      } elseif {[string first [string tolower $w] \
                  [string tolower $found]] < 0} {
        set fits 0; break
      }
    }
    if {$fits} { return 1 }
  }
  return 0
}

proc model::keep {table key} {
  variable keep_activity
  dict set keep_activity $table,$key 1
}
proc model::kept {table key} {
  variable keep_activity
  return [dict exists $keep_activity $table,$key]
}

# ---------------------------------------------------------------------------
# Section 3: the status machine

# The sums of a job are always those over its tasks.
proc model::sum_job {job} {
  variable T
  if {![exists jobs $job]} return
  set done 0
  set total 0
  dict for {k row} $T(tasks) {
    if {[dict get $row job_id] == $job} {
      incr done [dict get $row steps_completed]
      incr total [dict get $row steps_total]
    }
  }
  if {[get jobs $job steps_completed] != $done
      || [get jobs $job steps_total] != $total} {
    variable most_steps
    if {$total > $most_steps} { refuse "too many steps in the job" }
    put jobs $job steps_completed $done steps_total $total
    stamp jobs $job
  }
}

# The steps of a task follow its new status.
proc model::follow_steps {task} {
  set given [get tasks $task steps_completed]
  switch -- [get tasks $task status] {
    completed { put tasks $task steps_completed [get tasks $task steps_total] }
    queued { put tasks $task steps_completed 0 }
  }
  if {[get tasks $task steps_completed] != $given} {
    may_stamp [get tasks $task job_id]
  }
}

# The farm gives a task a status; $activity is what its activity becomes.
proc model::task_status {task status activity} {
  set old [get tasks $task status]
  if {$old eq $status} return
  put tasks $task status $status
  follow_steps $task
  if {![kept tasks $task]} { put tasks $task activity $activity }
  stamp tasks $task
  sum_job [get tasks $task job_id]
  task_changed $task
}

# Pausing is complete: the job is pause-requested and has no active task.
proc model::pausing_complete {job} {
  return [expr {[get jobs $job status] eq "pause-requested"
    && [count $job active] == 0}]
}

# The job is over: nothing of it can be run any more, and not all is done.
proc model::over {job} {
  return [expr {[get jobs $job status] in {queued active pause-requested}
    && [count $job active queued soft-failed paused] == 0
    && [count $job completed] < [llength [tasks_of $job]]}]
}
proc model::end_of {job} {
  return [expr {[count $job failed] > 0 ? "failed" : "canceled"}]
}

# The effect of a task's new status on its job.
proc model::task_changed {task} {
  set job [get tasks $task job_id]
  set status [get jobs $job status]
  set total [llength [tasks_of $job]]
  switch -- [get tasks $task status] {
    completed {
      if {[count $job completed] == $total} {
        job_status $job completed
      } elseif {[over $job]} {
        job_status $job [end_of $job]
      } elseif {[pausing_complete $job]} {
        job_status $job paused
      } elseif {$status eq "queued"} {
        job_status $job active
      }
    }
    queued {
      if {$status eq "completed"} { job_status $job requeueing }
    }
    active {
      if {$status ni {active cancel-requested pause-requested}} {
        job_status $job active
      }
    }
    soft-failed {
      if {[pausing_complete $job]} {
        job_status $job paused
      } elseif {$status ni {active cancel-requested pause-requested}} {
        job_status $job active
      }
    }
    failed {
      if {100 * [count $job failed] / $total
          >= [setting job_fail_percentage]} {
        job_status $job failed
      } elseif {[over $job]} {
        job_status $job [end_of $job]
      } elseif {[pausing_complete $job]} {
        job_status $job paused
      } elseif {$status eq "queued"} {
        job_status $job active
      }
    }
    canceled {
      if {[pausing_complete $job] && [count $job paused] > 0} {
        job_status $job paused
      } elseif {[count $job active queued soft-failed] == 0} {
        job_status $job canceled
      }
    }
    paused {
      if {[pausing_complete $job]} { job_status $job paused }
    }
  }
}

# The farm gives a job a status.
proc model::job_status {job status {words {}}} {
  set old [get jobs $job status]
  if {$old eq $status} return
  put jobs $job status $status
  if {![kept jobs $job]} {
    put jobs $job activity [wrote [concat [list $status] $words]]
  }
  stamp jobs $job
  job_changed $job $old
}

# Tasks changed en masse by their job do not ripple back.
proc model::mass_change {job from to} {
  set changed 0
  foreach t [tasks_of $job] {
    set status [get tasks $t status]
    if {$status ni $from || $status eq $to} continue
    put tasks $t status $to
    follow_steps $t
    if {[kept tasks $t]} {
      # Only a statement with a CASE can get here: see the histories.
      put tasks $t activity [may_write [get tasks $t activity] [list $to]]
    } else {
      put tasks $t activity [wrote [list $to]]
    }
    stamp tasks $t
    set changed 1
  }
  if {$changed} { sum_job $job }
}

# The effect of a job's new status on its tasks, then on itself. $old is {}
# where nobody knows it any more (a job that is stuck).
proc model::job_changed {job old} {
  variable task_statuses
  switch -- [get jobs $job status] {
    cancel-requested {
      mass_change $job {active queued soft-failed} canceled
      job_status $job canceled
    }
    failed {
      mass_change $job {active queued soft-failed} canceled
    }
    pause-requested {
      mass_change $job {queued soft-failed} paused
      if {[pausing_complete $job]} { job_status $job paused }
    }
    requeueing {
      switch -- $old {
        completed { mass_change $job $task_statuses queued }
        under-construction {}
        default {
          mass_change $job {canceled failed paused soft-failed} queued
        }
      }
      clear_failures $job
      clear_blocks $job
      job_status $job queued
    }
    queued {
      if {[count $job completed] == [llength [tasks_of $job]]} {
        job_status $job completed
      }
    }
  }
}

proc model::clear_failures {job} {
  variable T
  foreach k [dict keys $T(task_failures)] {
    if {[get tasks [lindex $k 0] job_id] == $job} {
      dict unset T(task_failures) $k
    }
  }
}

proc model::clear_blocks {job} {
  variable T
  foreach k [dict keys $T(job_blocks)] {
    if {[lindex $k 0] == $job} { dict unset T(job_blocks) $k }
  }
}

# The active tasks of a worker return to the pool.
proc model::return_tasks {worker} {
  variable T
  set mine {}
  dict for {k row} $T(tasks) {
    if {[dict get $row worker_id] eq $worker
        && [dict get $row status] eq "active"} { lappend mine $k }
  }
  foreach t [lsort -integer $mine] {
    # An earlier one may have made its job requeue them all.
    if {[get tasks $t status] ne "active"} continue
    return_task $t [list [get workers $worker name]]
  }
}

proc model::return_task {task words} {
  set status queued
  if {[get jobs [get tasks $task job_id] status]
      in {paused pause-requested}} { set status paused }
  task_status $task $status [wrote [concat [list $status] $words]]
}

# What follows when a statement has written a worker's status, request or
# deletion.
proc model::worker_written {worker old written} {
  set status [get workers $worker status]
  set was [dict get $old status]
  if {("status" in $written || "status_requested" in $written
        || "deleted_at" in $written) && $status ne {}
      && $status eq [get workers $worker status_requested]} {
    put workers $worker status_requested {} lazy_status_request 0
  }
  if {$status ne $was && $status eq "offline"} {
    if {[get workers $worker status_requested] in {offline restart}} {
      put workers $worker status_requested {} lazy_status_request 0
    }
    if {[get workers $worker status_requested] eq {}
        && $was in {awake asleep}} {
      put workers $worker status_requested $was lazy_status_request 0
    }
  }
  set left_awake [expr {$was eq "awake" && $status ne "awake"}]
  set deleted [expr {[dict get $old deleted_at] eq "NULL"
    && [get workers $worker deleted_at] ne "NULL"}]
  if {$left_awake || $deleted} { return_tasks $worker }
}

# ---------------------------------------------------------------------------
# Section 4: scheduling

proc model::supports {worker type} {
  foreach s [split [get workers $worker supported_task_types] ,] {
    if {[normal_type $s] eq [normal_type $type]} { return 1 }
  }
  return 0
}

proc model::has_tag_of {worker job} {
  set tag [get jobs $job worker_tag_id]
  return [expr {$tag eq "NULL"
    || [exists worker_tag_membership [list $tag $worker]]}]
}

# What each task that waits for others waits for: their statuses.
proc model::unfinished {} {
  variable T
  set out {}
  dict for {k -} $T(task_dependencies) {
    lassign $k t d
    set status [get tasks $d status]
    if {$status ne "completed"} { dict lappend out $t $status }
  }
  return $out
}

# The tasks that await some worker: everything but what depends on the worker.
proc model::ready_tasks {} {
  variable T
  set waiting [unfinished]
  set open {}
  dict for {j row} $T(jobs) {
    if {[dict get $row status] in {queued active}
        && [dict get $row delete_requested_at] eq "NULL"} {
      dict set open $j 1
    }
  }
  set r {}
  dict for {t row} $T(tasks) {
    if {[dict get $row status] in {queued soft-failed}
        && [dict exists $open [dict get $row job_id]]
        && ![dict exists $waiting $t]} { lappend r $t }
  }
  return $r
}

proc model::blocked {job worker type} {
  variable T
  foreach k [dict keys $T(job_blocks)] {
    lassign $k j w t
    if {$j == $job && $w == $worker
        && [normal_type $t] eq [normal_type $type]} { return 1 }
  }
  return 0
}

proc model::may_run {worker task} {
  set job [get tasks $task job_id]
  set type [get tasks $task type]
  return [expr {[supports $worker $type] && [has_tag_of $worker $job]
    && ![blocked $job $worker $type]
    && ![exists task_failures [list $task $worker]]}]
}

# Every pair of a worker and a task it may run.
proc model::runnable {} {
  set ready [ready_tasks]
  set r {}
  foreach w [ids workers] {
    if {[get workers $w deleted_at] ne "NULL"} continue
    foreach t [lsort -integer $ready] {
      if {[may_run $w $t]} { lappend r $w $t }
    }
  }
  return $r
}

# The tasks that a worker may run, the first to claim first.
proc model::claim_order {worker} {
  set order {}
  foreach t [ready_tasks] {
    if {![may_run $worker $t]} continue
    set job [get tasks $t job_id]
    lappend order [list [expr {-[get jobs $job priority]}] \
      [expr {-[get tasks $t priority]}] $job [get tasks $t index_in_job] $t]
  }
  foreach i {3 2 1 0} { set order [lsort -integer -index $i $order] }
  return [lmap o $order { lindex $o 4 }]
}

proc model::seen {worker} {
  put workers $worker last_seen_at [now]
  stamp workers $worker
}

proc model::op_claim {uuid} {
  variable T
  set w [by_uuid workers $uuid]
  if {$w eq {}} { refuse "unknown worker" }
  if {[get workers $w deleted_at] ne "NULL"} { refuse "deleted worker" }
  if {[get workers $w status_requested] ne {}} { refuse "asked to change" }
  if {[get workers $w status] ne "awake"} { refuse "not awake" }
  seen $w
  dict for {t row} $T(tasks) {
    if {[dict get $row worker_id] eq $w && [dict get $row status] eq "active"
        && [get jobs [dict get $row job_id] status] in {queued active}} {
      return
    }
  }
  set t [lindex [claim_order $w] 0]
  if {$t eq {}} return
  put tasks $t worker_id $w last_touched_at [now]
  task_status $t active [may_write [get tasks $t activity] active]
}

# ---------------------------------------------------------------------------
# Section 5: operations

# A worker's report.
proc model::op_report {report} {
  variable task_statuses
  foreach c {task_uuid worker_uuid status activity steps_completed} {
    set $c NULL
    if {[dict exists $report $c]} { set $c [dict get $report $c] }
  }
  set t [by_uuid tasks $task_uuid]
  set w [by_uuid workers $worker_uuid]
  if {$t eq {}} { refuse "unknown task" }
  if {$w eq {}} { refuse "unknown worker" }
  if {[get workers $w deleted_at] ne "NULL"} { refuse "deleted worker" }
  if {[get tasks $t worker_id] ne $w} { refuse "not assigned" }
  if {$status ne "NULL"} {
    if {$status ni $task_statuses} { refuse "bad status" }
    if {$status eq "soft-failed"} { refuse "soft-failed" }
    if {$status ne "completed" && [get tasks $t status] ne "active"} {
      refuse "not active"
    }
  }
  if {$activity ne "NULL"} {
    put tasks $t activity $activity
    keep tasks $t
  }
  if {$steps_completed ne "NULL" && [get tasks $t status] eq "active"} {
    put tasks $t steps_completed $steps_completed
    clamp_steps $t
  }
  put tasks $t last_touched_at [now]
  stamp tasks $t
  seen $w
  if {$status eq "failed"} {
    task_failed $t $w
  } elseif {$status ne "NULL"} {
    task_status $t $status [may_write [get tasks $t activity] $status]
  }
  # Last: steps reported together with a status that undoes them change nothing.
  sum_job [get tasks $t job_id]
}

# Is there another worker that can still run this task?
proc model::others_left {task worker} {
  set job [get tasks $task job_id]
  set type [get tasks $task type]
  foreach w [ids workers] {
    if {$w != $worker && [get workers $w deleted_at] eq "NULL"
        && [may_run $w $task]} { return 1 }
  }
  return 0
}

# The failure policy.
proc model::task_failed {task worker} {
  variable T
  set job [get tasks $task job_id]
  set type [get tasks $task type]
  if {![exists task_failures [list $task $worker]]} {
    dict set T(task_failures) [list $task $worker] \
      [dict create task_id $task worker_id $worker created_at [now]]
  }
  set n 0
  set f 0
  dict for {k -} $T(task_failures) {
    lassign $k t w
    if {$t == $task} { incr n }
    if {$w == $worker && [get tasks $t job_id] == $job
        && [normal_type [get tasks $t type]] eq [normal_type $type]} { incr f }
  }
  set limit [setting blocklist_threshold]
  if {$limit > 0 && $f >= $limit} {
    set k [list $job $worker $type]
    if {![blocked $job $worker $type]} {
      dict set T(job_blocks) $k [dict create job_id $job worker_id $worker \
        task_type $type created_at [now]]
    }
    if {![others_left $task $worker]} {
      nobody_left $task
      return
    }
    foreach t [tasks_of $job] {
      if {[get tasks $t status] eq "failed"
          && [get tasks $t worker_id] eq $worker
          && [normal_type [get tasks $t type]] eq [normal_type $type]} {
        return_task $t {}
      }
    }
  }
  set limit [setting task_fail_after_softfail_count]
  if {$limit > 0 && $n >= $limit} {
    task_status $task failed [may_write [get tasks $task activity] failed]
  } elseif {![others_left $task $worker]} {
    nobody_left $task
  } else {
    task_status $task soft-failed \
      [may_write [get tasks $task activity] soft-failed]
  }
}

proc model::nobody_left {task} {
  set job [get tasks $task job_id]
  set was [get jobs $job status]
  task_status $task failed [may_write [get tasks $task activity] failed]
  job_status $job failed
  if {$was ne "failed"} {
    put jobs $job activity [wrote [list failed \
      "no more workers left to run tasks of type" [get tasks $task type]]]
  }
}

# Is a stored time at or before a limit in milliseconds? Times compare by
# their leading 23 characters.
proc model::not_after {time ms} {
  return [expr {[string compare [string range $time 0 22] \
    [string range [format_time $ms] 0 22]] <= 0}]
}

proc model::timed_out_tasks {} {
  variable T
  variable now
  set limit [setting task_timeout]
  set r {}
  if {$limit == 0} { return $r }
  dict for {t row} $T(tasks) {
    set at [dict get $row last_touched_at]
    if {[dict get $row status] eq "active" && $at ne "NULL"
        && [not_after $at [expr {$now - 1000 * $limit}]]} { lappend r $t }
  }
  return [lsort -integer $r]
}

proc model::timed_out_workers {} {
  variable T
  variable now
  set limit [setting worker_timeout]
  set r {}
  if {$limit == 0} { return $r }
  dict for {w row} $T(workers) {
    set at [dict get $row last_seen_at]
    if {[dict get $row deleted_at] eq "NULL"
        && [dict get $row status] ni {offline error} && $at ne "NULL"
        && [not_after $at [expr {$now - 1000 * $limit}]]} { lappend r $w }
  }
  return [lsort -integer $r]
}

proc model::time_out_tasks {tasks} {
  foreach t $tasks {
    set w [get tasks $t worker_id]
    set who -unassigned-
    if {$w ne "NULL"} {
      set who "[get workers $w name] ([get workers $w uuid])"
    }
    task_status $t failed "Task timed out on worker $who"
  }
}

proc model::time_out_workers {workers} {
  foreach w $workers {
    put workers $w status error status_requested {} lazy_status_request 0
    stamp workers $w
    return_tasks $w
  }
}

# UPDATE of a view of what has timed out, of all rows or of one. Anything but
# the one status is refused, but a statement that sees no row does nothing.
proc model::op_time_out {view set uuid} {
  set status [dict get {timed_out_tasks failed timed_out_workers error} $view]
  set seen [$view]
  set table [string range $view 10 end]
  if {$uuid ne {}} {
    set k [by_uuid $table $uuid]
    set seen [expr {$k in $seen ? [list $k] : [list]}]
  }
  if {![llength $seen]} return
  if {$set ne [list status $status]} { refuse "other update" }
  time_out_$table $seen
}

proc model::stuck_jobs {} {
  variable T
  set r {}
  dict for {j row} $T(jobs) {
    if {[dict get $row status] in {cancel-requested requeueing}
        || [pausing_complete $j] || [left_behind $j] ne {}} { lappend r $j }
  }
  return [lsort -integer $r]
}

# What a queued or active job should long have become, or {}.
proc model::left_behind {job} {
  set tasks [llength [tasks_of $job]]
  if {[get jobs $job status] ni {queued active} || !$tasks} { return {} }
  if {[count $job completed] == $tasks} { return completed }
  return [expr {[over $job] ? [end_of $job] : ""}]
}

# The jobs whose tasks wait for each other in a circle: nothing is active or ready,
# and every task that waits does so for such ones only.
proc model::cycles {} {
  set waits_for [unfinished]
  set out {}
  foreach job [ids jobs] {
    if {[get jobs $job status] ni {queued active}} continue
    set waiting 0
    set works [count $job active]
    foreach task [tasks_of $job] {
      if {[get tasks $task status] ni {queued soft-failed}} continue
      incr waiting
      if {![dict exists $waits_for $task]} {
        incr works
        continue
      }
      foreach status [dict get $waits_for $task] {
        if {$status ni {queued soft-failed}} {incr works}
      }
    }
    if {$waiting && !$works} {lappend out cycle [get jobs $job uuid]}
  }
  return $out
}

proc model::op_tick {} {
  time_out_tasks [timed_out_tasks]
  time_out_workers [timed_out_workers]
  foreach w [sleep_schedules_due] {
    put sleep_schedules $w next_check [next_check $w]
    apply_schedule $w
  }
  foreach j [stuck_jobs] {
    set status [left_behind $j]
    if {$status eq {}} { job_changed $j {} } else { job_status $j $status }
  }
}

proc model::tick_counts {} {
  return [list [llength [timed_out_tasks]] [llength [timed_out_workers]] \
    [llength [sleep_schedules_due]] [llength [stuck_jobs]]]
}

# store_authored_tasks: more tasks for a stored job, with the ids they got.
proc model::op_add_tasks {uuid tasks ids} {
  set job [by_uuid jobs $uuid]
  if {$job eq {}} { refuse "unknown job" }
  set id_of {}
  foreach t [tasks_of $job] { dict set id_of [get tasks $t uuid] $t }
  if {![llength $ids]} {
    foreach t $tasks { lappend ids [expr {1000000001 + [llength $ids]}] }
  }
  insert_authored $job $tasks $ids id_of
}

proc model::insert_authored {job tasks ids id_of_name} {
  upvar 1 $id_of_name id_of
  foreach t $tasks {
    if {[dict exists $t stranger]} { refuse "a task has no such member" }
    foreach m {name type} {
      if {![dict exists $t $m]} { refuse "a task without $m" }
    }
  }
  foreach t $tasks id $ids {
    set row [dict create id $id job_id $job]
    foreach m {uuid name type priority} {
      if {[dict exists $t $m]} { dict set row $m [dict get $t $m] }
    }
    set total 0
    foreach n [dict get $t steps] { incr total [expr {max(1, $n)}] }
    dict set row steps_total $total
    dict set row commands text:[commands_json [dict get $t steps]]
    insert_row tasks $row
    dict set id_of [dict get $t uuid] $id
  }
  foreach t $tasks {
    foreach d [dict get $t dependencies] {
      if {![dict exists $id_of $d]} { refuse "dangling dependency" }
      insert_row task_dependencies [dict create \
        task_id [dict get $id_of [dict get $t uuid]] \
        dependency_id [dict get $id_of $d]]
    }
  }
}

# A document: a dict of the members of the job, with `tasks` a list of dicts;
# `steps` stands for the commands: the total_step_count of each. $ids are the
# ids that the database gave: the job's, then the tasks'.
proc model::op_author {document ids} {
  if {[dict exists $document stranger]} { refuse "a job has no such member" }
  foreach m {name job_type} {
    if {![dict exists $document $m]} { refuse "no $m" }
  }
  set job {priority 50}
  foreach m {uuid name job_type priority status settings metadata} {
    if {[dict exists $document $m]} {
      dict set job $m [dict get $document $m]
    }
  }
  if {[dict exists $document shaman_checkout_id]} {
    dict set job storage_shaman_checkout_id \
      [dict get $document shaman_checkout_id]
  }
  if {[dict exists $document worker_tag]} {
    set tag [by_uuid worker_tags [dict get $document worker_tag]]
    if {$tag eq {}} { refuse "unknown tag" }
    dict set job worker_tag_id $tag
  }
  set tasks [dict get $document tasks]
  # Refusals come before the ids that only a stored job has.
  if {![llength $ids]} {
    set ids 1000000000
    foreach t $tasks { lappend ids [expr {1000000000 + [llength $ids]}] }
  }
  dict set job id [lindex $ids 0]
  insert_row jobs $job
  set id_of {}
  insert_authored [lindex $ids 0] $tasks [lrange $ids 1 end] id_of
}

# The commands of a task of an authored job, as the histories write them.
proc model::commands_json {steps} {
  set r {}
  foreach n $steps {
    lappend r "{\"name\":\"run\",\"parameters\":{\"n\":$n},\"total_step_count\":$n}"
  }
  return "\[[join $r ,]\]"
}

# ---------------------------------------------------------------------------
# Section 7: sleep schedules

proc model::minutes {time} {
  scan $time %d:%d h m
  return [expr {60 * $h + $m}]
}

proc model::day_listed {days day} {
  # Day 0 is the first of January 1970, a Thursday.
  set names {su mo tu we th fr sa}
  set name [lindex $names [expr {($day + 4) % 7}]]
  set any 0
  foreach d [split $days ", "] {
    if {$d eq {}} continue
    set any 1
    if {[string range [string tolower $d] 0 1] eq $name} { return 1 }
  }
  return [expr {!$any}]
}

proc model::scheduled_status {worker} {
  variable now
  variable utc_offset
  if {![exists sleep_schedules $worker]
      || ![get sleep_schedules $worker is_active]} { return awake }
  set local [expr {$now / 1000 + $utc_offset}]
  set day [expr {$local / 86400}]
  set minute [expr {$local % 86400 / 60}]
  set days [get sleep_schedules $worker days_of_week]
  set start [get sleep_schedules $worker start_time]
  set end [get sleep_schedules $worker end_time]
  set start [expr {$start eq {} ? 0 : [minutes $start]}]
  set end [expr {$end eq {} ? 1440 : [minutes $end]}]
  if {$start <= $end} {
    set asleep [expr {[day_listed $days $day]
      && $minute >= $start && $minute < $end}]
  } else {
    set asleep [expr {([day_listed $days $day] && $minute >= $start)
      || ([day_listed $days [expr {$day - 1}]] && $minute < $end)}]
  }
  return [expr {$asleep ? "asleep" : "awake"}]
}

# The earliest of the coming midnight, start and end, strictly after now.
proc model::next_check {worker} {
  variable now
  variable utc_offset
  set local [expr {$now + 1000 * $utc_offset}]
  set midnight [expr {$local / 86400000 * 86400000}]
  set next [expr {$midnight + 86400000}]
  foreach c {start_time end_time} {
    set t [get sleep_schedules $worker $c]
    if {$t eq {}} continue
    set at [expr {$midnight + 60000 * [minutes $t]}]
    if {$at > $local && $at < $next} { set next $at }
  }
  return [format_time [expr {$next - 1000 * $utc_offset}]]
}

proc model::sleep_schedules_due {} {
  variable T
  variable now
  set r {}
  dict for {w row} $T(sleep_schedules) {
    set at [dict get $row next_check]
    if {[dict get $row is_active] && [get workers $w deleted_at] eq "NULL"
        && ($at in {NULL {}} || [not_after $at $now])} { lappend r $w }
  }
  return [lsort -integer $r]
}

proc model::apply_schedule {worker} {
  if {[get workers $worker deleted_at] ne "NULL"} return
  set status [get workers $worker status]
  set wanted [scheduled_status $worker]
  set asked [get workers $worker status_requested]
  if {$status eq "error" || ($status eq $wanted && $asked eq {})} return
  if {$asked eq $wanted && ![get workers $worker lazy_status_request]} return
  set old [dict get $::model::T(workers) $worker]
  put workers $worker status_requested $wanted lazy_status_request 0
  stamp workers $worker
  worker_written $worker $old status_requested
}

proc model::check_schedule {row} {
  foreach c {start_time end_time} {
    set t [dict get $row $c]
    if {$t ne {} && ![regexp {^([01][0-9]|2[0-3]):[0-5][0-9]$} $t]} {
      refuse "bad time"
    }
  }
  set names {sunday monday tuesday wednesday thursday friday saturday}
  foreach d [split [dict get $row days_of_week] ", "] {
    if {$d eq {}} continue
    set d [string tolower $d]
    set ok 0
    foreach n $names {
      if {$d eq $n || $d eq [string range $n 0 1]} { set ok 1 }
    }
    if {!$ok} { refuse "bad day" }
  }
}

# ---------------------------------------------------------------------------
# Section 2: rows. Every INSERT, UPDATE and DELETE of a table.

# A JSON column as it is stored, whatever class it arrives in. The histories
# use only texts that the first and last character tell apart.
proc model::store_json {value what} {
  variable T
  if {$value eq "NULL"} { refuse "SQL NULL" }
  set text [string trim [string range $value 5 end]]
  set ends [string index $text 0][string index $text end]
  if {$text ne "null" && $ends ne [dict get {object \{\} array \[\]} $what]} {
    refuse "not a JSON $what"
  }
  return text:[string range $value 5 end]
}

# A time as it is stored, in whatever form it comes.
proc model::store_time {value column} {
  if {$value eq "NULL"} { return NULL }
  if {$value eq {}} {
    return [expr {$column in {created_at updated_at} ? [now] : "NULL"}]
  }
  if {![regexp -expanded {^(\d{4}-\d\d-\d\d)
      (?:[T\ ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?
        (?:\ ?Z|([-+])(\d\d):(\d\d)|\ ([-+])(\d\d)(\d\d)\ \S+
          (?:\ m=\S+)?)?
      )?$} $value - day h m s fraction sign oh om gsign gh gm]} {
    refuse "not a time"
  }
  foreach v {h m s oh om gh gm} {
    set $v [expr {[set $v] eq {} ? 0 : [scan [set $v] %d]}]
  }
  if {$h > 23 || $m > 59 || $s > 59} { refuse "not a time of the day" }
  set seconds [clock scan $day -gmt 1 -format %Y-%m-%d]
  if {[clock format $seconds -gmt 1 -format %Y-%m-%d] ne $day} {
    refuse "no such day"
  }
  incr seconds [expr {3600 * $h + 60 * $m + $s}]
  # One of the two is there, or none.
  set offset [expr {3600 * ($oh + $gh) + 60 * ($om + $gm)}]
  incr seconds [expr {"$sign$gsign" eq "-" ? $offset : -$offset}]
  return [format_time [expr {1000 * $seconds
    + [scan [string range ${fraction}000 0 2] %d]}]]
}

proc model::store_boolean {value} {
  switch -- [string tolower [regsub {^str:} $value {}]] {
    0 - false { return 0 }
    1 - true { return 1 }
  }
  refuse "not a boolean"
}

# The values of a row as they are stored, of the columns written.
proc model::stored {row written} {
  variable time_columns
  variable boolean_columns
  foreach c $written {
    if {$c in $time_columns} {
      dict set row $c [store_time [dict get $row $c] $c]
    } elseif {$c in $boolean_columns} {
      dict set row $c [store_boolean [dict get $row $c]]
    }
  }
  return $row
}

proc model::clamp_steps {task} {
  set given [get tasks $task steps_completed]
  set s [expr {max(0, min($given, [get tasks $task steps_total]))}]
  put tasks $task steps_completed $s
  if {$s != $given} { may_stamp [get tasks $task job_id] }
}

proc model::may_stamp {job} {
  if {[exists jobs $job]} { put jobs $job updated_at_or [now] }
}

# The rules on the values of a row; $written are the columns written.
proc model::check_row {table row written} {
  variable parents
  variable T
  foreach {c statuses} {
    status {jobs job_statuses tasks task_statuses workers worker_statuses}
    status_requested {workers worker_statuses}
  } {
    if {$c in $written && [dict exists $statuses $table]} {
      variable [dict get $statuses $table]
      if {[dict get $row $c] ni [set [dict get $statuses $table]]} {
        refuse "bad $c"
      }
    }
  }
  foreach {c parent} $parents($table) {
    if {$c in $written} {
      set v [dict get $row $c]
      if {$v eq "NULL" && $c in {worker_tag_id worker_id}
          && $table in {jobs tasks}} continue
      if {![exists $parent $v]} { refuse "no such row in $parent" }
    }
  }
  if {$table eq "task_dependencies"} {
    set t [dict get $row task_id]
    set d [dict get $row dependency_id]
    if {$t == $d} { refuse "depends on itself" }
    if {[get tasks $t job_id] != [get tasks $d job_id]} {
      refuse "another job"
    }
  }
  if {$table eq "sleep_schedules"} { check_schedule $row }
  if {$table eq "tasks" && "steps_total" in $written} {
    variable most_steps
    set n [dict get $row steps_total]
    if {$n < 0 || $n > $most_steps} { refuse "bad steps_total" }
  }
  if {$table eq "workers" && "supported_task_types" in $written
      && [regexp {[][{}"]} [dict get $row supported_task_types]]} {
    refuse "task types like JSON"
  }
}

proc model::key_of {table row} {
  variable key_columns
  set k [lmap c $key_columns($table) { dict get $row $c }]
  return [expr {[llength $key_columns($table)] == 1 ? [lindex $k 0] : $k}]
}

# The rows that stand in the way of this one, other than $self.
proc model::conflicts {table row {self {}}} {
  variable T
  variable unique_columns
  set r {}
  set k [key_of $table $row]
  if {$k ne $self && [exists $table $k]} { lappend r $k }
  foreach columns $unique_columns($table) {
    dict for {k other} $T($table) {
      if {$k eq $self || $k in $r} continue
      set same 1
      foreach c $columns {
        if {[dict get $row $c] ne [dict get $other $c]} { set same 0; break }
      }
      if {$same} { lappend r $k }
    }
  }
  return $r
}

# A new row, without regard to conflicts: "done", or the keys in the way.
proc model::insert_row {table given {conflict {}}} {
  variable T
  variable column_defaults
  set written [dict keys $given]
  set row [dict merge $column_defaults($table) $given]
  if {$table ni {task_dependencies worker_tag_membership farm_settings}
      && ![dict exists $row created_at]} {
    dict set row created_at [now]
  }
  if {$table in {jobs tasks workers worker_tags sleep_schedules
                 last_rendereds} && ![dict exists $row updated_at]} {
    dict set row updated_at [now]
  }
  if {$table eq "tasks" && [dict get $row index_in_job] == 0} {
    set max 0
    foreach t [tasks_of [dict get $row job_id]] {
      set max [expr {max($max, [get tasks $t index_in_job])}]
    }
    dict set row index_in_job [incr max]
  }
  check_row $table $row $written
  foreach {c what} {settings object metadata object commands array} {
    if {[dict exists $row $c]} {
      dict set row $c [store_json [dict get $row $c] $what]
    }
  }
  set row [stored $row $written]
  set k [key_of $table $row]
  set in_the_way [conflicts $table $row]
  if {[llength $in_the_way]} {
    switch -- [lindex $conflict 0] {
      ignore { return ignored }
      update {
        update_row $table [lindex $in_the_way 0] [lindex $conflict 1]
        return updated
      }
      replace {
        variable hint_refused
        if {$hint_refused} { refuse "would replace a row" }
        foreach other $in_the_way { delete_row $table $other }
      }
      default { refuse "not unique" }
    }
  }
  if {$table eq "jobs"} {
    dict set row steps_completed 0
    dict set row steps_total 0
  }
  dict set T($table) $k $row
  if {$table eq "tasks"} {
    clamp_steps $k
    sum_job [dict get $row job_id]
  }
  if {$table eq "workers"} {
    if {[dict get $row status_requested] eq "restart"
        && ![dict get $row can_restart]} { refuse "cannot restart" }
    if {[dict get $row status] ne {}
        && [dict get $row status] eq [dict get $row status_requested]} {
      put workers $k status_requested {} lazy_status_request 0
    }
  }
  if {$table eq "sleep_schedules"} { schedule_written $k }
  return done
}

# A schedule applies at once; nothing says whether next_check moves already.
proc model::schedule_written {worker} {
  variable T
  put sleep_schedules $worker next_check_or [next_check $worker]
  apply_schedule $worker
}

# One row of an UPDATE. $conflict: {}, ignore or replace.
proc model::update_row {table key given {conflict {}}} {
  variable T
  variable unstamped
  variable key_columns
  set old [dict get $T($table) $key]
  set row [dict merge $old $given]
  set written [dict keys $given]
  foreach c {id job_id} {
    if {$c in $written && ($c eq "id" || $table eq "tasks")
        && [dict get $row $c] ne [dict get $old $c]} { refuse "$c changed" }
  }
  check_row $table $row $written
  if {"settings" in $written || "metadata" in $written} {
    foreach c {settings metadata} {
      dict set row $c [store_json [dict get $row $c] object]
    }
  }
  if {"commands" in $written} {
    dict set row commands [store_json [dict get $row commands] array]
  }
  if {$table eq "workers"
      && [dict get $row status_requested] eq "restart"
      && [dict get $old status_requested] ne "restart"
      && ![dict get $row can_restart]} { refuse "cannot restart" }
  set same_time [expr {"updated_at" ni $written
    || [dict get $row updated_at] eq [dict get $old updated_at]}]
  set row [stored $row $written]
  set in_the_way [conflicts $table $row $key]
  if {[llength $in_the_way]} {
    switch -- $conflict {
      ignore return
      replace {
        variable hint_refused
        if {$hint_refused} { refuse "would replace a row" }
        foreach other $in_the_way { delete_row $table $other }
      }
      default { refuse "not unique" }
    }
  }
  if {$table eq "jobs"} {
    # The sums are what they are, whatever is written to them.
    foreach c {steps_completed steps_total} {
      dict set row $c [dict get $old $c]
    }
  }
  set new_key [key_of $table $row]
  if {$new_key ne $key} { dict unset T($table) $key }
  dict set T($table) $new_key $row
  set key $new_key
  if {[dict exists $row updated_at] && $same_time} {
    foreach c $written {
      if {$c ni $unstamped} {
        stamp $table $key
        break
      }
    }
  }
  if {"activity" in $written
      && [dict get $row activity] ne [dict get $old activity]} {
    keep $table $key
  }
  set moved [expr {"status" in $written
    && [dict get $row status] ne [dict get $old status]}]
  switch -- $table {
    tasks {
      clamp_steps $key
      if {$moved} { follow_steps $key }
      sum_job [dict get $row job_id]
      if {$moved} { task_changed $key }
    }
    jobs { if {$moved} { job_changed $key [dict get $old status] } }
    workers { worker_written $key $old $written }
    sleep_schedules {
      if {$written ne "next_check"} { schedule_written $key }
    }
  }
}

# One row of a DELETE, with what goes with it.
proc model::delete_row {table key} {
  variable T
  if {![exists $table $key]} return
  switch -- $table {
    jobs {
      foreach t [tasks_of $key] { delete_row tasks $t }
      clear_blocks $key
      dict unset T(last_rendereds) $key
    }
    tasks {
      foreach k [dict keys $T(task_dependencies)] {
        if {$key in $k} { dict unset T(task_dependencies) $k }
      }
      foreach k [dict keys $T(task_failures)] {
        if {[lindex $k 0] == $key} { dict unset T(task_failures) $k }
      }
    }
    workers {
      return_tasks $key
      dict for {t row} $T(tasks) {
        if {[dict get $row worker_id] eq $key} {
          put tasks $t worker_id NULL
          stamp tasks $t
        }
      }
      foreach {child i} {task_failures 1 job_blocks 1 worker_tag_membership 1} {
        foreach k [dict keys $T($child)] {
          if {[lindex $k $i] == $key} { dict unset T($child) $k }
        }
      }
      dict unset T(sleep_schedules) $key
    }
    worker_tags {
      dict for {j row} $T(jobs) {
        if {[dict get $row worker_tag_id] eq $key} {
          put jobs $j worker_tag_id NULL
          stamp jobs $j
        }
      }
      foreach k [dict keys $T(worker_tag_membership)] {
        if {[lindex $k 0] == $key} {
          dict unset T(worker_tag_membership) $k
        }
      }
    }
  }
  set row [dict get $T($table) $key]
  dict unset T($table) $key
  if {$table eq "tasks"} { sum_job [dict get $row job_id] }
}

proc model::op_insert {table row {conflict {}}} {
  insert_row $table $row $conflict
}

proc model::op_insert_many {table rows conflict} {
  foreach row $rows { insert_row $table $row $conflict }
}

# OR IGNORE and the like make no difference where no row is in another's way.
proc model::op_or {clause op} {
  op_[lindex $op 0] {*}[lrange $op 1 end]
}

# An UPDATE of some rows, by their keys; SQLite gathers the rows first, then
# updates one after the other, in the order of ids.
proc model::op_update {table keys given {conflict {}}} {
  set keys [expr {$table in {jobs tasks workers worker_tags}
    ? [lsort -integer $keys] : $keys}]
  foreach k $keys {
    if {[exists $table $k]} { update_row $table $k $given $conflict }
  }
}

# The same where each row gets a value of its own.
proc model::op_each {table column values} {
  foreach k [lsort -integer [dict keys $values]] {
    if {[exists $table $k]} {
      update_row $table $k [list $column [dict get $values $k]]
    }
  }
}

proc model::op_delete {table keys} {
  foreach k $keys {
    if {$table eq "farm_settings"} {
      variable setting_defaults
      if {$k eq "state_machine"} { refuse "it only tells" }
      if {[dict exists $setting_defaults $k]} {
        dict set ::model::T(farm_settings) $k [dict get $setting_defaults $k]
      }
    } else {
      delete_row $table $k
    }
  }
}

# Recording the last rendered job replaces the one row there is. The Manager
# does it by an upsert; an UPDATE of the row does as well, if there is one.
proc model::op_rendered {job {how insert}} {
  variable T
  if {$how eq "update" && ![dict size $T(last_rendereds)]} return
  if {![exists jobs $job]} { refuse "no such row in jobs" }
  set T(last_rendereds) [dict create $job [dict create job_id $job \
    updated_at [now]]]
}

# Section 6.
proc model::op_setting {name value {replace 0}} {
  variable T
  variable setting_defaults
  variable now
  variable hint_refused
  set v [regsub {^str:} $value {}]
  switch -- $name {
    state_machine { set ok [expr {$v eq "on"}] }
    history { set ok [expr {$v in {on off}}] }
    clock {
      set ok [regexp {^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+00:00$} $v]
    }
    default {
      if {![dict exists $setting_defaults $name]} { refuse "unknown name" }
      set ok [expr {[string is double -strict $v]
        && $v == int($v) && $v >= 0}]
      if {$ok && $name eq "job_fail_percentage"} {
        set ok [expr {$v >= 1 && $v <= 100}]
      }
    }
  }
  if {!$ok} { refuse "bad value" }
  if {$replace && $hint_refused} { refuse "would replace a row" }
  dict set T(farm_settings) $name $v
  if {$name eq "clock"} {
    scan [string range $v 20 22] %d ms
    set now [expr {1000 * [clock scan [string range $v 0 18] -gmt 1 \
      -format "%Y-%m-%d %H:%M:%S"] + $ms}]
  }
}

# Nothing is wrong, so nothing may change.
proc model::op_repair {} {}

# A statement that is refused if it finds the row it is about, else does
# nothing.
proc model::op_bad_if {table key sql} {
  if {[exists $table $key]} { refuse $sql }
}

# Does one operation. Returns {} when it is done, else why it is refused.
proc model::apply {op} {
  variable T
  variable now
  variable keep_activity {}
  set saved [array get T]
  set saved_now $now
  if {[catch {op_[lindex $op 0] {*}[lrange $op 1 end]} why options]} {
    if {[dict get $options -errorcode] ne {MODEL REFUSED}} {
      return -options $options $why
    }
    array set T $saved
    set now $saved_now
    return $why
  }
  return {}
}

# ---------------------------------------------------------------------------
# What the views show. Each gives a flat list of rows.

proc model::view_job_task_counts {} {
  variable T
  set n {}
  dict for {t row} $T(tasks) {
    dict incr n [list [dict get $row job_id] [dict get $row status]]
  }
  return [concat {*}[lsort [lmap {k v} $n { concat $k $v }]]]
}

proc model::view_status_counts {table} {
  variable T
  set n {}
  dict for {k row} $T($table) {
    if {$table eq "workers" && [dict get $row deleted_at] ne "NULL"} continue
    dict incr n [dict get $row status]
  }
  return [lsort -stride 2 $n]
}

# Who is working on what. Whether a soft-deleted worker with a task is shown
# is left open: these are views of tasks, too.
proc model::view_task_claims {} {
  variable T
  set r {}
  dict for {t row} $T(tasks) {
    set w [dict get $row worker_id]
    if {$w eq "NULL" || [dict get $row status] ne "active"} continue
    if {[get workers $w deleted_at] ne "NULL"} continue
    set j [dict get $row job_id]
    lappend r [list [get workers $w uuid] [dict get $row uuid] \
      [get jobs $j uuid] [get jobs $j status]]
  }
  return [concat {*}[lsort $r]]
}

proc model::view_farm_status {} {
  variable T
  set jobs {}
  dict for {j row} $T(jobs) { dict incr jobs [dict get $row status] }
  set workers {}
  set all 0
  set dead 0
  dict for {w row} $T(workers) {
    if {[dict get $row deleted_at] ne "NULL"} continue
    dict incr workers [dict get $row status]
    incr all
    if {[dict get $row status] in {offline error}} { incr dead }
  }
  set active [dict exists $jobs active]
  set work [expr {$active || [dict exists $jobs queued]}]
  set awake [dict exists $workers awake]
  if {$all == $dead} { return inoperative }
  if {$active && $awake} { return active }
  if {$work} { return waiting }
  if {!$awake && [dict exists $workers asleep]} { return asleep }
  return idle
}

# The worker, and the tasks that may stand for it: its active task on an
# active job, else the one updated last.
proc model::view_worker_tasks {} {
  variable T
  set active {}
  set last {}
  dict for {t row} $T(tasks) {
    set w [dict get $row worker_id]
    if {$w eq "NULL"} continue
    if {[dict get $row status] eq "active"
        && [get jobs [dict get $row job_id] status] eq "active"} {
      dict lappend active $w $t
    }
    dict lappend last $w $t
  }
  set r {}
  dict for {w tasks} $last {
    if {[get workers $w deleted_at] ne "NULL"} continue
    if {[dict exists $active $w]} {
      lappend r $w [dict get $active $w]
    } else {
      set best {}
      foreach t $tasks {
        set at [string range [get tasks $t updated_at] 0 22]
        switch -- [expr {$best eq {} ? 1 : [string compare $at $best]}] {
          1 { set best $at; set which $t }
          0 { lappend which $t }
        }
      }
      lappend r $w $which
    }
  }
  return $r
}

proc model::view_workers_left_to_run {} {
  variable T
  set r {}
  set seen {}
  dict for {t row} $T(tasks) {
    set job [dict get $row job_id]
    set type [normal_type [dict get $row type]]
    if {[dict exists $seen $job,$type]} continue
    dict set seen $job,$type 1
    foreach w [ids workers] {
      if {[get workers $w deleted_at] eq "NULL" && [supports $w $type]
          && [has_tag_of $w $job] && ![blocked $job $w $type]} {
        lappend r [list $job $type [get workers $w uuid]]
      }
    }
  }
  return [concat {*}[lsort $r]]
}
