# Makes a database such as Flamenco Manager 3.9 leaves behind, of any size.
#
#   tclsh tests/make_flamenco_db.tcl PATH ?NUMBER OF TASKS?
#
# Or, in a test: source it and call, with an open, empty database,
#   flamenco::make db 1000       tables and about so many tasks
#   flamenco::tables db          just the tables, at version 8
#   flamenco::template 1000      the path of a file of about so many tasks, which
#                                is made once and then copied; needs tester.tcl
#
# The tables are those of docs/schema.md that Flamenco has, too, with its ways:
# no default for times and JSON, '' and 0 for the rest, keys under names of
# their own, goose_db_version; and the three indexes that its migrations leave,
# which its plans, and so the order of what it finds, depend on. Times are written as Go's driver does, JSON
# comes as BLOBs. It is a farm in the middle of its day: finished, running,
# paused, failed and canceled jobs; workers that are awake, asleep, gone for
# good (soft-deleted) or have never signed on. The same size gives the same
# bytes of data.

package require sqlite3

namespace eval flamenco {
  variable seed 1
}

proc flamenco::tables {db} {
  $db eval {
CREATE TABLE goose_db_version (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  version_id INTEGER NOT NULL,
  is_applied INTEGER NOT NULL,
  tstamp TIMESTAMP DEFAULT (datetime('now'))
);
CREATE TABLE "worker_tags" (
  id integer NOT NULL,
  created_at datetime NOT NULL,
  updated_at datetime,
  uuid varchar(36) UNIQUE DEFAULT '' NOT NULL,
  name varchar(64) UNIQUE DEFAULT '' NOT NULL,
  description varchar(255) DEFAULT '' NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE "jobs" (
  id integer NOT NULL,
  created_at datetime NOT NULL,
  updated_at datetime,
  uuid varchar(36) UNIQUE DEFAULT '' NOT NULL,
  name varchar(64) DEFAULT '' NOT NULL,
  job_type varchar(32) DEFAULT '' NOT NULL,
  priority smallint DEFAULT 0 NOT NULL,
  status varchar(32) DEFAULT '' NOT NULL,
  activity varchar(255) DEFAULT '' NOT NULL,
  settings jsonb NOT NULL,
  metadata jsonb NOT NULL,
  delete_requested_at datetime,
  storage_shaman_checkout_id varchar(255) DEFAULT '' NOT NULL,
  worker_tag_id integer,
  PRIMARY KEY (id),
  CONSTRAINT fk_jobs_worker_tag FOREIGN KEY (worker_tag_id)
    REFERENCES worker_tags (id) ON DELETE SET NULL
);
CREATE TABLE workers (
  id integer NOT NULL,
  created_at datetime NOT NULL,
  updated_at datetime,
  uuid varchar(36) UNIQUE DEFAULT '' NOT NULL,
  secret varchar(255) DEFAULT '' NOT NULL,
  name varchar(64) DEFAULT '' NOT NULL,
  address varchar(39) DEFAULT '' NOT NULL,
  platform varchar(16) DEFAULT '' NOT NULL,
  software varchar(32) DEFAULT '' NOT NULL,
  status varchar(16) DEFAULT '' NOT NULL,
  last_seen_at datetime,
  status_requested varchar(16) DEFAULT '' NOT NULL,
  lazy_status_request boolean DEFAULT false NOT NULL,
  supported_task_types varchar(255) DEFAULT '' NOT NULL,
  deleted_at datetime,
  can_restart boolean DEFAULT false NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE "tasks" (
  id integer NOT NULL,
  created_at datetime NOT NULL,
  updated_at datetime,
  uuid varchar(36) UNIQUE DEFAULT '' NOT NULL,
  name varchar(64) DEFAULT '' NOT NULL,
  type varchar(32) DEFAULT '' NOT NULL,
  job_id integer DEFAULT 0 NOT NULL,
  index_in_job integer DEFAULT 0 NOT NULL,
  priority smallint DEFAULT 50 NOT NULL,
  status varchar(16) DEFAULT '' NOT NULL,
  worker_id integer,
  last_touched_at datetime,
  commands jsonb NOT NULL,
  activity varchar(255) DEFAULT '' NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (job_id, index_in_job),
  CONSTRAINT fk_tasks_job FOREIGN KEY (job_id)
    REFERENCES jobs (id) ON DELETE CASCADE,
  CONSTRAINT fk_tasks_worker FOREIGN KEY (worker_id)
    REFERENCES workers (id) ON DELETE SET NULL
);
CREATE TABLE task_dependencies (
  task_id integer NOT NULL,
  dependency_id integer NOT NULL,
  PRIMARY KEY (task_id, dependency_id),
  CONSTRAINT fk_dependencies_task FOREIGN KEY (task_id)
    REFERENCES tasks (id) ON DELETE CASCADE,
  CONSTRAINT fk_dependencies_dependency FOREIGN KEY (dependency_id)
    REFERENCES tasks (id) ON DELETE CASCADE
);
CREATE TABLE task_failures (
  created_at datetime NOT NULL,
  task_id integer NOT NULL,
  worker_id integer NOT NULL,
  PRIMARY KEY (task_id, worker_id),
  CONSTRAINT fk_failures_task FOREIGN KEY (task_id)
    REFERENCES tasks (id) ON DELETE CASCADE,
  CONSTRAINT fk_failures_worker FOREIGN KEY (worker_id)
    REFERENCES workers (id) ON DELETE CASCADE
);
CREATE TABLE job_blocks (
  id integer NOT NULL,
  created_at datetime NOT NULL,
  job_id integer DEFAULT 0 NOT NULL,
  worker_id integer DEFAULT 0 NOT NULL,
  task_type text NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT fk_blocks_job FOREIGN KEY (job_id)
    REFERENCES jobs (id) ON DELETE CASCADE,
  CONSTRAINT fk_blocks_worker FOREIGN KEY (worker_id)
    REFERENCES workers (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX job_worker_tasktype
  ON job_blocks (job_id, worker_id, task_type);
CREATE TABLE last_rendereds (
  id integer NOT NULL,
  created_at datetime NOT NULL,
  updated_at datetime,
  job_id integer DEFAULT 0 NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT fk_rendereds_job FOREIGN KEY (job_id)
    REFERENCES jobs (id) ON DELETE CASCADE
);
CREATE TABLE worker_tag_membership (
  worker_tag_id integer NOT NULL,
  worker_id integer NOT NULL,
  PRIMARY KEY (worker_tag_id, worker_id),
  CONSTRAINT fk_membership_tag FOREIGN KEY (worker_tag_id)
    REFERENCES worker_tags (id) ON DELETE CASCADE,
  CONSTRAINT fk_membership_worker FOREIGN KEY (worker_id)
    REFERENCES workers (id) ON DELETE CASCADE
);
CREATE TABLE sleep_schedules (
  id integer NOT NULL,
  created_at datetime NOT NULL,
  updated_at datetime,
  worker_id integer UNIQUE DEFAULT 0 NOT NULL,
  is_active boolean DEFAULT false NOT NULL,
  days_of_week text DEFAULT '' NOT NULL,
  start_time text DEFAULT '' NOT NULL,
  end_time text DEFAULT '' NOT NULL,
  next_check datetime,
  PRIMARY KEY (id),
  CONSTRAINT fk_schedules_worker FOREIGN KEY (worker_id)
    REFERENCES workers (id) ON DELETE CASCADE
);
CREATE INDEX idx_worker_tags_uuid ON worker_tags (uuid);
CREATE INDEX idx_jobs_uuid ON jobs (uuid);
-- Its last migration adds these.
ALTER TABLE jobs ADD COLUMN steps_completed integer DEFAULT 0 NOT NULL;
ALTER TABLE jobs ADD COLUMN steps_total integer DEFAULT 0 NOT NULL;
ALTER TABLE tasks ADD COLUMN steps_completed integer DEFAULT 0 NOT NULL;
ALTER TABLE tasks ADD COLUMN steps_total integer DEFAULT 0 NOT NULL;
  }
  for {set v 0} {$v<=8} {incr v} {
    $db eval {
      INSERT INTO goose_db_version (version_id, is_applied, tstamp)
      VALUES ($v, 1, '2026-01-01 08:00:00')
    }
  }
}

# A number from 0 to $n-1.
proc flamenco::random {n} {
  variable seed
  set seed [expr {($seed*1103515245+12345)%2147483648}]
  return [expr {($seed/65536)%$n}]
}

proc flamenco::uuid {} {
  set hex ""
  foreach - {1 2 3 4 5 6 7 8} {append hex [format %04x [random 32768]]}
  return [string range $hex 0 7]-[string range $hex 8 11]-4[string range \
      $hex 13 15]-a[string range $hex 17 19]-[string range $hex 20 31]
}

# A time as Go writes it: so many seconds after the start of the day, zeros at
# the end of the fraction dropped, sometimes with the monotonic clock behind.
proc flamenco::time {seconds} {
  set text [clock format [expr {1767603600+$seconds}] -gmt 1 \
      -format {%Y-%m-%d %H:%M:%S}]
  set fraction [string trimright [format %09d [expr {
    [random 4]==0 ? [random 1000]*1000000 : [random 32768]*30517
  }]] 0]
  if {$fraction ne ""} {append text .$fraction}
  append text " +0000 UTC"
  if {[random 5]==0} {append text " m=+$seconds.[random 32768]"}
  return $text
}

# Makes the tables and fills them. The number of tasks is met within a job.
proc flamenco::make {db {tasks 1000}} {
  variable seed 20260105
  tables $db
  $db transaction {fill $db $tasks}
}

proc flamenco::template {tasks} {
  set path [tmp_path flamenco$tasks.db]
  if {![file exists $path]} {
    sqlite3 maker $path
    maker eval {PRAGMA synchronous=OFF}
    make maker $tasks
    maker close
  }
  return $path
}

proc flamenco::fill {db tasks} {
  for {set i 1} {$i<=3} {incr i} {
    set uuid [uuid]
    set at [time $i]
    set name [lindex {- CPU GPU {Big Memory}} $i]
    $db eval {
      INSERT INTO worker_tags (id, created_at, updated_at, uuid, name, description)
      VALUES ($i, $at, NULL, $uuid, $name, 'machines of the studio')
    }
  }
  for {set i 1} {$i<=12} {incr i} {
    set uuid [uuid]
    set at [time $i]
    set status [lindex {
      - awake awake awake asleep offline offline error {} awake testing starting offline
    } $i]
    set seen [expr {$status eq "" ? "" : [time [expr {30000+$i}]]}]
    set asked [expr {$i==6 ? "awake" : ""}]
    set lazy [expr {$i==3}]
    set gone [expr {$i==12 ? [time 20000] : ""}]
    set types [expr {$i%3 ? "blender,ffmpeg,file-management,misc" : "blender"}]
    $db eval {
      INSERT INTO workers (id, created_at, updated_at, uuid, secret, name, address,
        platform, software, status, last_seen_at, status_requested,
        lazy_status_request, supported_task_types, deleted_at, can_restart)
      VALUES ($i, $at, $at, $uuid, '$2a$10$' || $uuid, 'render-' || $i,
        '192.168.3.' || $i, 'linux', '3.9', $status, nullif($seen, ''), $asked,
        $lazy+0, $types, nullif($gone, ''), $i % 2)
    }
    if {$i%2==0} {
      $db eval {
        INSERT INTO worker_tag_membership (worker_tag_id, worker_id)
        VALUES (1 + $i % 3, $i)
      }
    }
    if {$i%4==0} {
      set next [expr {$i==4 ? "" : [time 60000]}]
      set days [lindex {{mo tu we th fr} {} {sa su}} [expr {$i/4-1}]]
      set start [expr {$i==8 ? "" : "22:30"}]
      $db eval {
        INSERT INTO sleep_schedules (id, created_at, updated_at, worker_id,
          is_active, days_of_week, start_time, end_time, next_check)
        VALUES ($i, $at, $at, $i, $i = 4, $days, $start, '08:00', nullif($next, ''))
      }
    }
  }
  set task 0
  for {set job 1} {$task<$tasks} {incr job} {
    set size [expr {min(3+[random [expr {2+int($tasks/20)}]], max(3, $tasks-$task))}]
    make_job $db $job $task $size
    incr task $size
  }
  set at [time 40000]
  $db eval {
    INSERT INTO last_rendereds (id, created_at, updated_at, job_id)
    VALUES (1, $at, $at, 1)
  }
}

# A job that copies, renders its frames, and makes a film of them.
proc flamenco::make_job {db job task size} {
  set status [lindex {
    active completed queued paused failed canceled completed under-construction
    pause-requested cancel-requested active
  } [expr {$job%11}]]
  set uuid [uuid]
  set at [time [expr {$job*60}]]
  set later [expr {$job%7==0 ? "" : [time [expr {$job*60+3600}]]}]
  set tag [expr {$job%3==0 ? $job/3%3+1 : 0}]
  set deleted [expr {$job%13==0 ? [time 50000] : ""}]
  set settings "{\"blendfile\": \"/shots/[random 100]/lighting.blend\",\
      \"chunk_size\": 1, \"frames\": \"1-$size\", \"note\": \"caf\u00e9\"}"
  set metadata [expr {$job%5==0 ? "null" : "{\"project\":\"Sprite\",\"user.name\":\"dana\"}"}]
  # Flamenco counts steps as they are reported, not as they should be.
  $db eval {
    INSERT INTO jobs (id, created_at, updated_at, uuid, name, job_type, priority,
      status, activity, settings, metadata, delete_requested_at,
      storage_shaman_checkout_id, worker_tag_id, steps_completed, steps_total)
    VALUES ($job, $at, nullif($later, ''), $uuid, 'shot ' || $job,
      'simple-blender-render', 30 + $job % 40, $status, 'Job is ' || $status,
      CAST($settings AS BLOB), CAST($metadata AS BLOB), nullif($deleted, ''),
      'checkout/' || $job, nullif($tag+0, 0), 0, 0)
  }
  for {set i 1} {$i<=$size} {incr i} {
    set id [expr {$task+$i}]
    set uuid [uuid]
    if {$i==1} {
      set type file-management
      set name copy
    } elseif {$i==$size} {
      set type ffmpeg
      set name film
    } else {
      set type [expr {$id%97==0 ? " Blender" : "blender"}]
      set name "render-$i"
    }
    set done [expr {$i<$size/2}]
    set mine [switch $status {
      completed {set done 1; string cat completed}
      under-construction {set done 0; string cat queued}
      failed {expr {$done ? "completed" : $i%2 ? "failed" : "canceled"}}
      canceled - cancel-requested {expr {$done ? "completed" : "canceled"}}
      paused {expr {$done ? "completed" : "paused"}}
      default {
        expr {$done ? "completed" : $i==$size/2 ? "active"
              : $i==$size/2+1 ? "soft-failed" : "queued"}
      }
    }]
    set worker [expr {$mine in {active completed failed soft-failed} ? $id%11+1 : 0}]
    set touched [expr {$mine eq "active" ? [time [expr {30000+$i}]] : ""}]
    set steps [expr {1+$id%3}]
    set reported [expr {$mine eq "completed" ? $steps : 0}]
    set commands "\[{\"name\":\"blender-render\",\"parameters\":{\"args\":\[\"-f\",\
        \"$i\"\],\"blendfile\":\"/shots/lighting.blend\"},\"total_step_count\":$steps}\]"
    if {$id%101==0} {set commands null}
    $db eval {
      INSERT INTO tasks (id, created_at, updated_at, uuid, name, type, job_id,
        index_in_job, priority, status, worker_id, last_touched_at, commands,
        activity, steps_completed, steps_total)
      VALUES ($id, $at, nullif($later, ''), $uuid, $name, $type, $job, $i,
        50 + ($i % 10 = 0), $mine, nullif($worker+0, 0), nullif($touched, ''),
        CAST($commands AS BLOB), 'Task is ' || $mine, $reported+0, $steps+0)
    }
    if {$i>1} {
      # Every task waits for the copy, the film for all frames, last first.
      set first [expr {$task+1}]
      if {$i==$size} {
        for {set k [expr {$size-1}]} {$k>1} {incr k -1} {
          set other [expr {$task+$k}]
          $db eval {INSERT INTO task_dependencies VALUES ($id, $other)}
        }
      }
      $db eval {INSERT INTO task_dependencies VALUES ($id, $first)}
    }
    if {$mine in {failed soft-failed}} {
      $db eval {INSERT INTO task_failures VALUES ($at, $id, $worker+0)}
    }
  }
  if {$job%6==0} {
    $db eval {
      INSERT INTO job_blocks (created_at, job_id, worker_id, task_type)
      VALUES ($at, $job, 1 + $job % 12, 'blender')
    }
  }
}

if {[info exists argv0] && [file tail $argv0] eq "make_flamenco_db.tcl"} {
  if {[llength $argv] ni {1 2}} {
    puts stderr "usage: tclsh make_flamenco_db.tcl PATH ?NUMBER OF TASKS?"
    exit 1
  }
  lassign $argv path tasks
  if {$tasks eq ""} {set tasks 1000}
  if {[file exists $path]} {
    puts stderr "tablao: $path exists already"
    exit 1
  }
  sqlite3 db $path
  db eval {PRAGMA synchronous = OFF}
  flamenco::make db $tasks
  puts "$path: [db eval {SELECT count(*) FROM jobs}] jobs,\
      [db eval {SELECT count(*) FROM tasks}] tasks"
  db close
}
