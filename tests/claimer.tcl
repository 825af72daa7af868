# A worker process for concurrency.test: claims from a farm's file and
# completes what it gets, until there is nothing left.
#
#   tclsh claimer.tcl BUILD PATH WORKER HOW ?LIBRARY?
#
# HOW is statement, immediate (BEGIN IMMEDIATE around each step) or function
# (schedule_task of the extension). Prints a line per task, `task ID`, and one
# per error, `error MESSAGE`; last `done`.

lassign $argv build path worker how library
if {$library ne ""} {load $library Sqlite3} else {package require sqlite3}
sqlite3 db $path
# A writer waits its turn; eight of them for a second each at the most.
db timeout 60000
db eval {PRAGMA synchronous=OFF}
if {$how eq "function"} {
  db enable_load_extension 1
  set library [file join $build tablao]
  db eval {SELECT load_extension($library)}
}

proc step {sql} {
  global how worker task
  if {$how eq "immediate"} {db eval {BEGIN IMMEDIATE}}
  set code [catch {uplevel #0 [list db eval $sql]} result]
  if {$code} {
    puts "error $result"
    catch {db eval ROLLBACK}
    return
  }
  if {$how eq "immediate"} {db eval COMMIT}
  return $result
}

while 1 {
  if {$how eq "function"} {
    set json [step {SELECT schedule_task($worker)}]
    if {$json eq "" || [lindex $json 0] eq ""} break
    set json [lindex $json 0]
    set task [db one {
      SELECT t.id FROM tasks t, json_each($json) e
      WHERE e.key='uuid' AND t.uuid=e.value
    }]
  } else {
    step {INSERT INTO task_claims(worker_uuid) VALUES($worker)}
    set task [db one {
      SELECT t.id FROM task_claims c JOIN tasks t ON t.uuid=c.task_uuid
      WHERE c.worker_uuid=$worker
    }]
    if {$task eq ""} break
  }
  puts "task $task"
  step {
    INSERT INTO task_updates(task_uuid, worker_uuid, status, steps_completed)
    SELECT uuid, $worker, 'completed', 1 FROM tasks WHERE id=$task
  }
}
puts done
db close
