# A simulated day on a farm: 50 workers and 20 jobs of mixed shape, with random
# failures, sign-offs, crashes, tasks that hang, sleep schedules, people who
# pause, cancel and requeue, and a tick a minute. The clock is pinned and moved
# on minute by minute.
#
#   tclsh tests/simulated_day.tcl ?-seed N? ?-hours N? ?-workers N? ?-jobs N?
#       ?-modes LIST?
#
# Each mode lives its own day: what workers and people do depends on the seed
# and on what they read from the farm. So the rows are the same in all modes
# only if the farm behaved the same all day. At the end every job must be in a
# final status, and farm_problems and foreign_key_check must be empty.
#
# With the extension claims, ticks and jobs go through its functions; without,
# through the views.

set day_dir [file dirname [file normalize [info script]]]
if {[info commands open_farm] eq {}} {
  # tcltest, which tester.tcl loads, has no use for our arguments.
  set day_argv $argv
  set argv {}
  source [file join $day_dir tester.tcl]
  set argv $day_argv
}
source [file join $day_dir random.tcl]

namespace eval day {
  namespace import ::random::*
  variable modes {ext.fk1.rt1 sql.fk0.rt0 ext.fk1.rt0 sql.fk0.rt1
    ext.fk0.rt1 sql.fk1.rt0 ext.fk0.rt0 sql.fk1.rt1}
  # Midnight, on the night to a Wednesday.
  variable midnight 1709683200
  # What happened, to see that the day was a full one.
  variable counts
}

proc day::now {minute} {
  variable midnight
  return [clock format [expr {$midnight + 60 * $minute}] -gmt 1 \
    -format "%Y-%m-%d %H:%M:%S.000+00:00"]
}

proc day::happened {what {n 1}} {
  variable counts
  dict incr counts $what $n
}

# ---------------------------------------------------------------------------
# The jobs: the shapes of the real ones in tests/data/jobs, smaller.

# A job as a document. $deps are, per task, the indexes it depends on.
proc day::document {n shape priority tag types steps deps} {
  set tasks {}
  set i 0
  foreach type $types step $steps dep $deps {
    set ids [lmap d $dep { set _ "\"job-$n-task-$d\"" }]
    lappend tasks "{\"uuid\":\"job-$n-task-$i\",\"name\":\"$shape-$i\",\
      \"type\":\"$type\",\"priority\":50,\"commands\":\[{\"name\":\"run\",\
      \"parameters\":{},\"total_step_count\":$step}\],\
      \"dependencies\":\[[join $ids ,]\]}"
    incr i
  }
  set tag [expr {$tag eq {} ? "null" : "\"$tag\""}]
  return "{\"uuid\":\"job-$n\",\"name\":\"$shape $n\",\"job_type\":\"$shape\",\
    \"priority\":$priority,\"status\":\"queued\",\"settings\":{},\
    \"metadata\":{\"project\":\"day\"},\"worker_tag\":$tag,\
    \"tasks\":\[[join $tasks ,]\]}"
}

proc day::job {n} {
  set types {}
  set steps {}
  set deps {}
  set shape [lindex {render diamond chain echo} [expr {$n % 4}]]
  switch -- $shape {
    render {
      # Frames, and a preview that depends on all of them.
      set k [expr {20 + [rnd 60]}]
      set all {}
      for {set i 0} {$i < $k} {incr i} {
        lappend types blender
        lappend steps [expr {1 + [rnd 10]}]
        lappend deps {}
        lappend all $i
      }
      lappend types ffmpeg
      lappend steps 1
      lappend deps $all
    }
    diamond {
      # Three layers, each depending on the whole layer before.
      set k [expr {4 + [rnd 5]}]
      for {set i 0} {$i < 3 * $k} {incr i} {
        lappend types [lindex {blender misc blender} [expr {$i / $k}]]
        lappend steps [expr {1 + [rnd 5]}]
        set before {}
        for {set d [expr {($i / $k - 1) * $k}]} {$d < $i / $k * $k} {incr d} {
          if {$d >= 0} { lappend before $d }
        }
        lappend deps $before
      }
    }
    chain {
      set k [expr {8 + [rnd 10]}]
      for {set i 0} {$i < $k} {incr i} {
        lappend types [pick {blender misc}]
        lappend steps [expr {1 + [rnd 3]}]
        lappend deps [expr {$i ? $i - 1 : {}}]
      }
    }
    echo {
      set types {misc misc misc misc misc}
      set steps {1 3 3 3 3}
      set deps {{} 0 0 0 0}
    }
  }
  set tag [expr {$shape eq "render" && [chance 40] ? "tag-gpu" : {}}]
  return [document $n $shape [pick {30 50 50 70}] $tag $types $steps $deps]
}

proc day::submit {n minute} {
  variable ext
  set document [job $n]
  if {$ext} {
    db eval {SELECT store_authored_job($document)}
  } else {
    db eval {INSERT INTO authored_jobs(document) VALUES ($document)}
  }
  happened submitted
}

# ---------------------------------------------------------------------------
# The workers. What a worker knows of itself: mood (up, down or hung), until
# when, and the task it works on with its end and the end's kind.

proc day::hire {n} {
  set types [switch [expr {$n % 5}] {
    0 { set _ blender,ffmpeg,misc }
    1 { set _ "Blender , misc" }
    2 { set _ blender }
    3 { set _ misc,ffmpeg }
    4 { set _ blender,ffmpeg,misc }
  }]
  db eval {
    INSERT INTO workers(uuid, name, supported_task_types, can_restart)
    VALUES ('worker-' || $n, 'node-' || $n, $types, $n % 2)
  }
  if {$n % 3 == 0} {
    db eval {
      INSERT INTO worker_tag_membership(worker_tag_id, worker_id)
      SELECT t.id, w.id FROM worker_tags AS t, workers AS w
      WHERE t.uuid = 'tag-gpu' AND w.uuid = 'worker-' || $n
    }
  }
  # Every fourth sleeps, at night, on its lunch or on some days.
  if {$n % 4 == 0} {
    lassign [pick {{{} 22:00 06:00} {{} 12:00 13:30} {{mo we fr} 09:00 17:00}
      {tuesday,wednesday 20:00 {}}}] days start end
    db eval {
      INSERT INTO sleep_schedules(worker_id, is_active, days_of_week,
        start_time, end_time)
      SELECT id, 1, $days, $start, $end FROM workers
      WHERE uuid = 'worker-' || $n
    }
  }
}

# Sign-on: the worker starts, then becomes what is wanted of it.
proc day::sign_on {uuid now} {
  db eval {
    UPDATE workers SET status = 'starting', last_seen_at = $now
    WHERE uuid = $uuid
  }
  set status [db onecolumn {
    SELECT status FROM worker_next_statuses WHERE worker_uuid = $uuid
  }]
  if {$status in {{} offline restart}} { set status awake }
  db eval {UPDATE workers SET status = $status WHERE uuid = $uuid}
  happened sign-on
}

proc day::claim {uuid} {
  variable ext
  if {$ext} {
    set json [db onecolumn {SELECT schedule_task($uuid)}]
    if {![regexp {"uuid":"([^"]*)"} $json - task]} { set task {} }
    return $task
  }
  db eval {INSERT INTO task_claims(worker_uuid) VALUES ($uuid)}
  return [db onecolumn {
    SELECT task_uuid FROM task_claims WHERE worker_uuid = $uuid
    AND job_status IN ('queued', 'active')
  }]
}

proc day::work {n minute now} {
  variable mood
  variable until
  variable task
  variable ends
  variable patience
  set uuid worker-$n
  if {$mood($n) eq "down"} {
    if {$minute < $until($n)} return
    set mood($n) up
    set task($n) {}
    sign_on $uuid $now
  }
  db eval {
    SELECT status AS status, status_requested AS asked,
      lazy_status_request AS lazy FROM workers WHERE uuid = $uuid
  } {}
  # What the farm thinks of it: a worker in error signs on again.
  if {$status in {error offline}} {
    sign_on $uuid $now
    set task($n) {}
    return
  }
  if {$task($n) ne {}} {
    set t $task($n)
    set mine [db onecolumn {
      SELECT count(*) FROM task_claims
      WHERE task_uuid = $t AND worker_uuid = $uuid
    }]
    if {!$mine} {
      happened {task taken away}
      set task($n) {}
    }
  }
  if {$asked ne {} && (!$lazy || $task($n) eq {})} {
    db eval {
      UPDATE workers SET status = $asked, last_seen_at = $now
      WHERE uuid = $uuid
    }
    happened "obeyed: $asked"
    set task($n) {}
    if {$asked in {offline restart}} {
      set mood($n) down
      set until($n) [expr {$minute + 3 + [rnd 20]}]
    }
    return
  }
  # Now and then something happens to the worker itself.
  switch -- [weigh {3964 nothing 6 crash 6 sign-off 24 hang}] {
    crash {
      set mood($n) down
      set until($n) [expr {$minute + 2 + [rnd 40]}]
      happened crash
      return
    }
    sign-off {
      db eval {UPDATE workers SET status = 'offline' WHERE uuid = $uuid}
      set mood($n) down
      set until($n) [expr {$minute + 5 + [rnd 90]}]
      happened sign-off
      return
    }
    hang {
      if {$task($n) ne {}} {
        dict set ends($n) at 1000000
        happened hang
      }
    }
  }
  if {$status ne "awake"} {
    db eval {UPDATE workers SET last_seen_at = $now WHERE uuid = $uuid}
    return
  }
  if {$task($n) ne {}} {
    if {$minute >= [dict get $ends($n) at]} {
      set status [dict get $ends($n) status]
      set t $task($n)
      set activity "$status on $uuid"
      db eval {
        INSERT INTO task_updates(task_uuid, worker_uuid, status, activity)
        VALUES ($t, $uuid, $status, $activity)
      }
      set task($n) {}
      happened "task $status"
    } elseif {[dict get $ends($n) at] < 1000000} {
      set t $task($n)
      set steps [incr_steps $n]
      db eval {
        INSERT INTO task_updates(task_uuid, worker_uuid, steps_completed)
        VALUES ($t, $uuid, $steps)
      }
    } else {
      # It hangs: the worker is there, but nothing comes of the task.
      db eval {UPDATE workers SET last_seen_at = $now WHERE uuid = $uuid}
    }
  }
  if {$task($n) eq {} && $asked eq {} && $minute >= $patience($n)} {
    set t [claim $uuid]
    if {$t eq {}} {
      # Nothing to do: it asks again a little later.
      set patience($n) [expr {$minute + 2 + [rnd 3]}]
    } else {
      set task($n) $t
      happened claim
      begin_task $n $t $minute
    }
  } elseif {$task($n) eq {}} {
    db eval {UPDATE workers SET last_seen_at = $now WHERE uuid = $uuid}
  }
}

proc day::incr_steps {n} {
  variable ends
  dict incr ends($n) steps
  return [dict get $ends($n) steps]
}

# How long it will take, and whether it ends well. Some workers have a broken
# Blender, which fails at once, and here and there is a task that hardly anybody
# can do.
proc day::begin_task {n t minute} {
  variable ends
  set type [db onecolumn {SELECT type FROM tasks WHERE uuid = $t}]
  set takes [expr {1 + [rnd 14]}]
  set percent 4
  if {$n % 12 == 5 && $type eq "blender"} {
    set percent 90
    set takes 1
  }
  if {[string match *-task-7 $t]} { set percent 60 }
  set ends($n) [dict create at [expr {$minute + $takes}] steps 0 \
    status [expr {[chance $percent] ? "failed" : "completed"}]]
}

# ---------------------------------------------------------------------------
# The people

proc day::meddle {minute last now} {
  if {[chance 94]} return
  set jobs [db eval {SELECT id FROM jobs ORDER BY id}]
  set job [pick $jobs]
  if {$job eq {}} return
  set status [db onecolumn {SELECT status FROM jobs WHERE id = $job}]
  switch -- [weigh {3 pause 1 cancel 4 requeue 2 priority 2 sleep 2 unblock
                    1 lazy 1 restart}] {
    pause {
      if {$status in {queued active}} {
        db eval {UPDATE jobs SET status = 'pause-requested' WHERE id = $job}
        happened pause
      }
    }
    cancel {
      if {$status in {queued active paused}} {
        db eval {
          UPDATE jobs SET status = 'cancel-requested', activity = 'not needed'
          WHERE id = $job
        }
        happened cancel
      }
    }
    requeue {
      if {$status in {failed canceled} && $minute < $last / 2} {
        db eval {UPDATE jobs SET status = 'requeueing' WHERE id = $job}
        happened requeue
      }
    }
    priority {
      set priority [pick {10 40 90}]
      db eval {UPDATE jobs SET priority = $priority WHERE id = $job}
    }
    sleep {
      set w worker-[expr {1 + [rnd 50]}]
      db eval {
        UPDATE sleep_schedules SET is_active = NOT is_active
        WHERE worker_id = (SELECT id FROM workers WHERE uuid = $w)
      }
    }
    unblock { db eval {DELETE FROM job_blocks WHERE job_id = $job} }
    lazy {
      set w worker-[expr {1 + [rnd 50]}]
      db eval {
        UPDATE workers SET status_requested = 'offline',
          lazy_status_request = 1
        WHERE uuid = $w AND status = 'awake'
      }
    }
    restart {
      set w worker-[expr {1 + [rnd 50]}]
      db eval {
        UPDATE workers SET status_requested = 'restart'
        WHERE uuid = $w AND can_restart
      }
    }
  }
}

# Whoever paused a job lets it go on after a while.
proc day::resume {minute} {
  foreach job [db eval {
    SELECT id FROM jobs WHERE status = 'paused' ORDER BY id
  }] {
    if {[chance 4]} {
      db eval {UPDATE jobs SET status = 'requeueing' WHERE id = $job}
      happened resume
    }
  }
}

# A failed task may leave its job with nothing to do but not failed: the tasks
# that depend on it wait. Somebody looks after such jobs once in a while, tries
# again by day and gives up in the evening, as with whatever is left then.
proc day::tidy {minute last} {
  set jobs [db eval {
    SELECT j.id FROM jobs AS j
    WHERE j.status IN ('queued', 'active')
      AND NOT EXISTS (SELECT 1 FROM tasks AS t
        WHERE t.job_id = j.id AND t.status = 'active')
      AND NOT EXISTS (SELECT 1 FROM runnable_tasks AS r
        WHERE r.job_id = j.id)
    ORDER BY j.id
  }]
  foreach job $jobs {
    if {$minute < 3 * $last / 4} {
      db eval {
        DELETE FROM task_failures WHERE task_id IN
          (SELECT id FROM tasks WHERE job_id = $job AND status = 'failed');
        UPDATE tasks SET status = 'queued', activity = 'once more'
        WHERE job_id = $job AND status = 'failed'
      }
      happened {tried again}
    } elseif {$minute > 11 * $last / 12} {
      db eval {UPDATE jobs SET status = 'cancel-requested' WHERE id = $job}
      happened {given up}
    }
  }
  if {$minute > 11 * $last / 12} {
    db eval {
      UPDATE jobs SET status = 'cancel-requested'
      WHERE status IN ('paused', 'under-construction')
    }
  }
}

# ---------------------------------------------------------------------------
# One day in the database `db`. Returns what is wrong in the end, {} if nothing.
proc day::live {seed hours workers jobs} {
  variable ext
  variable counts {}
  variable mood
  variable until
  variable task
  variable ends
  variable patience
  set ext $::mode(ext)
  seed $seed
  set last [expr {60 * $hours}]
  set now [now 0]
  db eval {UPDATE farm_settings SET value = $now WHERE name = 'clock'}
  db eval {
    INSERT INTO worker_tags(uuid, name, description)
    VALUES ('tag-gpu', 'GPU', 'has a graphics card')
  }
  for {set n 1} {$n <= $workers} {incr n} {
    hire $n
    set mood($n) down
    set until($n) [rnd [expr {$last / 12}]]
    set task($n) {}
    set patience($n) 0
  }
  # Jobs come in during the first half of the day.
  for {set n 1} {$n <= $jobs} {incr n} {
    lappend arrivals([rnd [expr {$last / 2}]]) $n
  }
  for {set minute 1} {$minute <= $last} {incr minute} {
    set now [now $minute]
    db eval {UPDATE farm_settings SET value = $now WHERE name = 'clock'}
    if {[info exists arrivals($minute)]} {
      foreach n $arrivals($minute) { submit $n $minute }
    } elseif {$minute == 1 && [info exists arrivals(0)]} {
      foreach n $arrivals(0) { submit $n $minute }
    }
    for {set n 1} {$n <= $workers} {incr n} { work $n $minute $now }
    meddle $minute $last $now
    resume $minute
    if {$minute % 30 == 0} { tidy $minute $last }
    db eval {SELECT * FROM farm_ticks} due {
      foreach what {timed_out_tasks timed_out_workers sleep_schedules
                    stuck_jobs} {
        if {$due($what)} { happened $what $due($what) }
      }
    }
    if {$ext} {
      db eval {SELECT farm_tick()}
    } else {
      db eval {INSERT INTO farm_ticks DEFAULT VALUES}
    }
    if {[db exists {SELECT 1 FROM job_blocks}]} { happened {minutes with blocks} }
    if {$minute % 120 == 0} {
      set problems [db eval {SELECT kind, object, message FROM farm_problems}]
      if {[llength $problems]} { return "minute $minute: $problems" }
    }
  }
  set wrong {}
  foreach {what sql} {
    {jobs not in a final status} {
      SELECT uuid, status FROM jobs
      WHERE status NOT IN ('completed', 'failed', 'canceled')
    }
    {active tasks} {SELECT uuid FROM tasks WHERE status = 'active'}
    farm_problems {SELECT kind, object, message FROM farm_problems}
    foreign_key_check {PRAGMA foreign_key_check}
  } {
    set rows [db eval $sql]
    if {[llength $rows]} { lappend wrong "$what: $rows" }
  }
  return [join $wrong \n]
}

if {[info exists argv0] && [file tail $argv0] eq "simulated_day.tcl"} {
  set opt [dict create -seed 1 -hours 24 -workers 50 -jobs 20 \
    -modes $day::modes]
  foreach {k v} $argv {
    if {![dict exists $opt $k]} {
      puts stderr "simulated_day: no such option: $k"
      exit 2
    }
    dict set opt $k $v
  }
  # Sleep schedules are in local time.
  set env(TZ) UTC0
  set first {}
  set bad 0
  foreach m [dict get $opt -modes] {
    scan [string map {ext 1 sql 0} $m] %d.fk%d.rt%d ext fk rt
    open_farm -ext $ext -fk $fk -rt $rt -trusted [expr {($ext+$fk+$rt) % 2}]
    set started [clock milliseconds]
    set wrong [day::live [dict get $opt -seed] [dict get $opt -hours] \
      [dict get $opt -workers] [dict get $opt -jobs]]
    set rows [dump_rows db]
    puts "$m: [string length $rows] bytes of rows,\
      [expr {([clock milliseconds] - $started) / 1000.0}] s"
    if {$wrong ne {}} {
      puts $wrong
      incr bad
    }
    if {$first eq {}} {
      puts [join [lmap {k v} $day::counts { set _ "  $k: $v" }] \n]
      set first $m
      set expected [split $rows \n]
    } elseif {[split $rows \n] ne $expected} {
      puts "rows differ (- $first, + $m):\n[tester::difference $expected \
        [split $rows \n]]"
      incr bad
    }
    db close
  }
  tester::remove_tmp
  exit [expr {$bad > 0}]
}
