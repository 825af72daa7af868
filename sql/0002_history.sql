-- What happened: attempts, events and the jobs that were. Nothing here refers
-- to a column that only an own farm has, so that it serves observed farms, too.
-- Behind that, for own farms, what costs less to compile: tables that only triggers write,
-- made anew, and indexes. Rows stay; the indexes of tasks take some seconds in a farm of a
-- million.

-- @both

-- One row per time that a worker had a task: open (ended_at NULL) while the task
-- is active and has that worker, closed when that ends. Rows may be deleted to
-- save space: what they added up to stays, but in the job_times of an observed farm.
-- worker_name: the worker's name then.
-- outcome: the status that the task got, or reassigned, or unassigned.
-- activity: what the task's activity said when the attempt closed.
CREATE TABLE task_attempts (
  id integer NOT NULL PRIMARY KEY,
  task_id integer NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  worker_id integer REFERENCES workers (id) ON DELETE SET NULL,
  worker_name varchar(64),
  started_at datetime,
  ended_at datetime,
  outcome varchar(16),
  activity varchar(255)
);

CREATE INDEX tablao_attempts_task_idx ON task_attempts (task_id);
CREATE INDEX tablao_attempts_worker_idx ON task_attempts (worker_id);

-- What closed attempts that are gone add up to, per worker and outcome. The others
-- are added up when somebody asks: to keep such a sum would be one more page to
-- write with each task.
CREATE TABLE tablao_attempt_sums (
  worker_id integer NOT NULL,
  outcome text NOT NULL,
  num_attempts integer,
  busy_ms integer,
  last_ended_at datetime,
  PRIMARY KEY (worker_id, outcome)
) WITHOUT ROWID;

-- One row per job that has been deleted, as it was then. What the trigger writes
-- is not checked for NULL: that would be one more thing to compile with each
-- DELETE of a job.
CREATE TABLE archived_jobs (
  id integer NOT NULL PRIMARY KEY,
  uuid varchar(36),
  name varchar(64),
  job_type varchar(32),
  status varchar(32),
  created_at datetime,
  deleted_at datetime,
  num_tasks integer,
  num_completed integer,
  num_failed integer,
  num_attempts integer,
  busy_seconds real
);

CREATE INDEX tablao_archived_jobs_uuid_idx ON archived_jobs (uuid);

-- One row per change of status of a job or a worker, and of a task that became
-- active, completed, failed or soft-failed by itself. The oldest rows go. An id
-- is given once, even when the newest rows were deleted: not by AUTOINCREMENT,
-- which would write one more page with each event.
-- kind: job, task or worker.
-- job_uuid: NULL for a worker.
-- old_status: NULL: it was made. new_status: NULL: it was deleted.
-- num_tasks: how many tasks the job has changed at once with its own status.
CREATE TABLE farm_events (
  id integer NOT NULL PRIMARY KEY,
  created_at datetime,
  kind varchar(8),
  uuid varchar(36),
  name varchar(64),
  job_uuid varchar(36),
  old_status varchar(32),
  new_status varchar(32),
  num_tasks integer,
  activity varchar(255)
);

-- The highest id of an event that has been deleted: one row.
CREATE TABLE tablao_deleted_events (
  key integer NOT NULL PRIMARY KEY,
  last_id integer
);

INSERT INTO tablao_deleted_events (key, last_id) VALUES (1, 0);

-- tablao_setting_defaults.minimum: the lowest value of a number; NULL for a
-- setting that is none.
-- tablao_setting_defaults.maximum: the highest.
INSERT INTO tablao_setting_defaults (name, value, minimum, maximum) VALUES
  ('history', 'on', NULL, NULL),
  ('events_keep', 10000, 0, 9223372036854775807);

INSERT INTO farm_settings (name, value)
SELECT name, value FROM tablao_setting_defaults
WHERE name IN ('history', 'events_keep');

-- Who is at work while the farm is upgraded has started now, for all we know.
-- @own
INSERT INTO task_attempts (task_id, worker_id, worker_name, started_at)
SELECT
  t.id, w.id, w.name,
  coalesce(
    (SELECT s.value FROM farm_settings s WHERE s.name = 'clock'),
    strftime('%Y-%m-%d %H:%M:%f+00:00')
  )
FROM tasks t CROSS JOIN workers w ON w.id = t.worker_id
WHERE t.status = 'active';

-- What a task waits for is one task, and no longer a number of them.
-- tasks.tablao_open_deps: a task that it depends on and that is not completed; 0
-- when there is none.
-- tasks.tablao_done: out of use since 0.2.0.
-- tablao_written_times.n: 0 stands for now: its value stays NULL.
-- @own
UPDATE tasks SET
  tablao_done = 0,
  tablao_open_deps = coalesce((
    SELECT max(d.dependency_id)
    FROM task_dependencies d JOIN tasks p ON p.id = d.dependency_id
    WHERE d.task_id = tasks.id AND p.status <> 'completed'
  ), 0)
WHERE tablao_open_deps <> 0 OR tablao_done <> 0;

-- 0.1.0 left standing where a worker was to look for tasks when those that it had
-- failed had gone, or had come to another lane, and when others were added: what
-- comes back before that place would be kept from it.
-- @own
DELETE FROM tablao_skips
WHERE (worker_id, lane_id) NOT IN (
    SELECT f.worker_id, t.tablao_lane
    FROM task_failures f CROSS JOIN tasks t ON t.id = f.task_id
  )
  OR EXISTS (
    SELECT 1 FROM tasks t
    WHERE t.tablao_lane = tablao_skips.lane_id
      AND t.index_in_job < tablao_skips.from_index
      AND (t.status = 'queued' OR t.status = 'soft-failed')
      AND t.tablao_open_deps = 0
      AND NOT EXISTS (
        SELECT 1 FROM task_failures f
        WHERE f.task_id = t.id AND f.worker_id = tablao_skips.worker_id
      )
  );

-- 0.1.0 wrote to row 0, too, what clients had written: as now it would be that time for ever.
-- @own
UPDATE tablao_written_times SET value = NULL;

-- Last ticked: the column of tablao_scratch; in a farm that is taken over, which no longer
-- has it, the one around it.
-- tablao_written_times.n: 4: when the farm last ticked.
-- @own
INSERT INTO tablao_written_times (n, value)
SELECT 4, (SELECT last_tick_at FROM tablao_scratch) FROM (SELECT NULL AS last_tick_at);

-- @both
DROP TABLE IF EXISTS tablao_scratch;

-- One row.
-- is_replacing: see tablao_settings_delete.
-- @both
CREATE TABLE tablao_scratch (
  key integer NOT NULL PRIMARY KEY,
  is_replacing integer NOT NULL DEFAULT 0
);

-- @both
INSERT INTO tablao_scratch (key) VALUES (1);

-- @own
DROP TABLE IF EXISTS tablao_sweep_rules;

-- What a new status of a job does to its tasks: one row per status that some of them lose.
-- old_status: what the job's status before is like (GLOB); a blank may follow, where a
-- task has led to the new one: tablao_act. From completed, requeueing
-- changes all tasks, from under-construction none, and else those that are not done: c[^o]*
-- is canceled and cancel-requested; '' a job that has just been inserted.
-- activity: what the tasks say then.
-- mark: what tablao_swept gets, behind the revision of the job and a colon.
-- @own
CREATE TABLE tablao_sweep_rules (
  job_status text NOT NULL,
  old_status text NOT NULL,
  from_status text NOT NULL,
  to_status text NOT NULL,
  activity text NOT NULL DEFAULT '',
  mark text NOT NULL DEFAULT '',
  PRIMARY KEY (job_status, old_status, from_status)
) WITHOUT ROWID;

-- @own
INSERT INTO tablao_sweep_rules (job_status, old_status, from_status, to_status) VALUES
  ('cancel-requested', '*', 'active', 'canceled'),
  ('cancel-requested', '*', 'queued', 'canceled'),
  ('cancel-requested', '*', 'soft-failed', 'canceled'),
  ('failed', '*', 'active', 'canceled'),
  ('failed', '*', 'queued', 'canceled'),
  ('failed', '*', 'soft-failed', 'canceled'),
  ('pause-requested', '*', 'queued', 'paused'),
  ('pause-requested', '*', 'soft-failed', 'paused'),
  ('requeueing', 'completed*', 'active', 'queued'),
  ('requeueing', 'completed*', 'canceled', 'queued'),
  ('requeueing', 'completed*', 'completed', 'queued'),
  ('requeueing', 'completed*', 'failed', 'queued'),
  ('requeueing', 'completed*', 'paused', 'queued'),
  ('requeueing', 'completed*', 'soft-failed', 'queued'),
  ('requeueing', 'c[^o]*', 'canceled', 'queued'),
  ('requeueing', 'c[^o]*', 'failed', 'queued'),
  ('requeueing', 'c[^o]*', 'paused', 'queued'),
  ('requeueing', 'c[^o]*', 'soft-failed', 'queued'),
  ('requeueing', '[^cu]*', 'canceled', 'queued'),
  ('requeueing', '[^cu]*', 'failed', 'queued'),
  ('requeueing', '[^cu]*', 'paused', 'queued'),
  ('requeueing', '[^cu]*', 'soft-failed', 'queued'),
  ('requeueing', '', 'canceled', 'queued'),
  ('requeueing', '', 'failed', 'queued'),
  ('requeueing', '', 'paused', 'queued'),
  ('requeueing', '', 'soft-failed', 'queued');

-- @own
UPDATE tablao_sweep_rules SET
  activity = 'Task changed to ' || to_status || ': its job ' || CASE job_status
    WHEN 'requeueing' THEN 'was requeued'
    ELSE 'changed to ' || job_status
  END,
  mark = from_status || ' ' || to_status;

-- @own
DROP TABLE IF EXISTS tablao_job_rules;

-- What a new status of a job, once its tasks have followed, leads to: the first row, in
-- the order of n, for its statuses and for whether it has more to do.
-- statuses: what these are like (GLOB), one right behind the other: what it is now, which
-- a user's trigger may have changed; the new one; the one before, a blank for a job that
-- is stuck, which a tick treats as if its status were new.
-- has_more: 0: only if it has no task whose status is none of those in done.
-- done: the statuses of tasks that the job does not wait for.
-- next_status: NULL: it stays as it is.
-- activity: NULL: it stays as it is.
-- @own
CREATE TABLE tablao_job_rules (
  n integer PRIMARY KEY,
  statuses text NOT NULL,
  has_more integer NOT NULL,
  done text NOT NULL,
  next_status text,
  activity text
);

-- @own
INSERT INTO tablao_job_rules (n, statuses, has_more, done, next_status, activity) VALUES
  (1, 'queuedqueued*', 0, 'completed', 'completed',
    'Job changed to completed: it has no task left to do'),
  (2, 'queuedqueued ', 0, 'completed canceled', 'canceled',
    'Job changed to canceled: it has no task left to run'),
  (3, 'queuedqueued ', 0, 'completed canceled failed', 'failed',
    'Job changed to failed: it has no task left to run, and some have failed'),
  (4, 'activeactive ', 0, 'completed', 'completed',
    'Job changed to completed: it has no task left to do'),
  (5, 'activeactive ', 0, 'completed canceled', 'canceled',
    'Job changed to canceled: it has no task left to run'),
  (6, 'activeactive ', 0, 'completed canceled failed', 'failed',
    'Job changed to failed: it has no task left to run, and some have failed'),
  (7, 'pause-requestedpause-requested*', 0, 'canceled completed failed paused queued soft-failed', 'paused',
    'Job changed to paused: a pause was requested and no task is active'),
  (8, 'cancel-requestedcancel-requested*', 1, '', 'canceled',
    'Job changed to canceled: its cancellation was requested'),
  (9, 'requeueingrequeueing*', 0, 'completed', 'completed',
    'Job changed to completed: it was requeued and has no task left to do'),
  (10, 'requeueingrequeueing*', 1, '', 'queued',
    'Job changed to queued: it was requeued'),
  (11, '*', 1, '', NULL, NULL);

-- What a new status of a task makes of its job: the first row, in the order of n,
-- for that status and a job that is like `farm` (GLOB).
-- tablao_task_rules.farm: a pattern of the job's status, and how many of its tasks
-- are not completed (c), active (a), queued or soft-failed (q), paused (p), failed
-- (f), and by how much the percentage of failed ones is above that of the setting (x).
-- tablao_task_rules.next_status: NULL: none, it stays as it is.
-- @own
CREATE TABLE tablao_task_rules (
  task_status text NOT NULL,
  n integer NOT NULL,
  farm text NOT NULL,
  next_status text,
  PRIMARY KEY (task_status, n)
) WITHOUT ROWID;

-- @own
INSERT INTO tablao_task_rules (task_status, n, farm, next_status) VALUES
  ('queued', 1, 'completed *', 'requeueing'),
  ('completed', 1, 'completed c0 *', NULL),
  ('completed', 2, '* c0 *', 'completed'),
  ('failed', 1, 'failed * x[0-9]*', NULL),
  ('failed', 2, '* x[0-9]*', 'failed'),
  -- The job is over.
  ('completed', 3, 'queued * a0 q0 p0 f0 *', 'canceled'),
  ('completed', 4, 'active * a0 q0 p0 f0 *', 'canceled'),
  ('completed', 5, 'pause-requested * a0 q0 p0 f0 *', 'canceled'),
  ('completed', 6, 'queued * a0 q0 p0 *', 'failed'),
  ('completed', 7, 'active * a0 q0 p0 *', 'failed'),
  ('completed', 8, 'pause-requested * a0 q0 p0 *', 'failed'),
  ('failed', 3, 'queued * a0 q0 p0 *', 'failed'),
  ('failed', 4, 'active * a0 q0 p0 *', 'failed'),
  ('failed', 5, 'pause-requested * a0 q0 p0 *', 'failed'),
  -- Pausing is complete, or still to come.
  ('completed', 9, 'pause-requested * a0 *', 'paused'),
  ('completed', 10, 'queued *', 'active'),
  ('failed', 6, 'pause-requested * a0 *', 'paused'),
  ('failed', 7, 'queued *', 'active'),
  ('paused', 1, 'pause-requested * a0 *', 'paused'),
  ('canceled', 1, 'pause-requested * a0 * p[^0]*', 'paused'),
  ('canceled', 2, 'canceled *', NULL),
  ('canceled', 3, '* a0 q0 *', 'canceled'),
  ('soft-failed', 1, 'pause-requested * a0 *', 'paused'),
  ('soft-failed', 2, 'pause-requested *', NULL),
  ('soft-failed', 3, 'cancel-requested *', NULL),
  ('soft-failed', 4, 'active *', NULL),
  ('soft-failed', 5, '*', 'active'),
  ('active', 1, 'pause-requested *', NULL),
  ('active', 2, 'cancel-requested *', NULL),
  ('active', 3, 'active *', NULL),
  ('active', 4, '*', 'active');

-- Tables that only triggers write are made anew, with the columns that there are now and
-- without NOT NULL: each of these is one more thing to compile with every statement that
-- can reach it. So are indexes, and indexes with a condition most of all.

-- @own
DROP TABLE IF EXISTS tablao_acting;

-- Jobs the status of which is being acted upon.
-- num_swept: how many tasks have lost the last status.
-- num_tasks: how many have changed in all.
-- booked: the revision of the job with a colon, and the marks of its changes of many
-- tasks that have been counted.
-- @own
CREATE TABLE tablao_acting (
  job_id integer NOT NULL PRIMARY KEY,
  num_swept integer DEFAULT 0,
  num_tasks integer DEFAULT 0,
  booked text
);

-- @own
DROP TABLE IF EXISTS tablao_replaced;

-- One row per table: whether a key of the row of it that is being written is that of
-- another row. Only a REPLACE gets past that.
-- key: what tells the row from others that are being written meanwhile; NULL: no key is
-- taken. It may be out of date between statements.
-- @own
CREATE TABLE tablao_replaced (
  table_name text NOT NULL PRIMARY KEY,
  key text
) WITHOUT ROWID;

-- @own
INSERT INTO tablao_replaced (table_name) VALUES
  ('jobs'), ('tasks'), ('task_dependencies'), ('task_failures'), ('job_blocks'),
  ('workers'), ('worker_tags'), ('worker_tag_membership'), ('sleep_schedules');

-- @own
DROP TABLE IF EXISTS tablao_pending;

-- Tasks whose new status has yet to be looked at.
-- @own
CREATE TABLE tablao_pending (
  task_id integer,
  job_id integer,
  status text
);

-- @own
CREATE INDEX tablao_pending_task_idx ON tablao_pending (task_id);

-- @own
CREATE TABLE tablao_copied AS SELECT * FROM tablao_counts;
-- @own
DROP TABLE tablao_counts;

-- How many tasks a job has, in all and in each status (canceled are those that are
-- left), the sums of their steps, and what its closed attempts add up to: one row per
-- job that has had a task. Triggers that write nothing else book every change of a task
-- here, so no trigger of a user's can run while they do. The row goes before its job
-- does, and that is how the triggers know that a job is being deleted.
-- num_failed_attempts: failed and soft-failed ones.
-- busy_ms: milliseconds.
-- first_started_at: the earliest start.
-- last_ended_at: the latest end.
-- @own
CREATE TABLE tablao_counts (
  job_id integer NOT NULL PRIMARY KEY,
  num_tasks integer DEFAULT 0,
  num_queued integer DEFAULT 0,
  num_active integer DEFAULT 0,
  num_completed integer DEFAULT 0,
  num_failed integer DEFAULT 0,
  num_soft_failed integer DEFAULT 0,
  num_paused integer DEFAULT 0,
  steps_completed integer DEFAULT 0,
  steps_total integer DEFAULT 0,
  num_attempts integer DEFAULT 0,
  num_failed_attempts integer DEFAULT 0,
  busy_ms integer DEFAULT 0,
  first_started_at datetime,
  last_ended_at datetime
);

-- @own
INSERT INTO tablao_counts (
  job_id, num_tasks, num_queued, num_active, num_completed, num_failed,
  num_soft_failed, num_paused, steps_completed, steps_total
)
SELECT
  job_id, num_tasks, num_queued, num_active, num_completed, num_failed,
  num_soft_failed, num_paused, steps_completed, steps_total
FROM tablao_copied;
-- @own
DROP TABLE tablao_copied;

-- @own
CREATE TABLE tablao_copied AS SELECT * FROM tablao_lanes;
-- @own
DROP INDEX IF EXISTS tablao_lanes_claim_idx;
-- @own
DROP TABLE tablao_lanes;

-- A lane is what tasks of one job, type and priority queue in. It carries what
-- decides its turn, so that a change of a job's priority, tag or status touches
-- its few lanes and none of its many tasks. It goes with its last task.
-- task_type: trimmed and in lower case.
-- worker_tag_id: of the job; 0 when it has none.
-- is_closed: the job hands out no tasks.
-- has_ready: some task of it may run.
-- @own
CREATE TABLE tablao_lanes (
  id integer NOT NULL PRIMARY KEY,
  job_id integer,
  task_type text,
  task_priority integer,
  worker_tag_id integer,
  job_priority integer,
  is_closed integer,
  has_ready integer DEFAULT 0,
  num_tasks integer DEFAULT 0,
  UNIQUE (job_id, task_type, task_priority)
);

-- @own
INSERT INTO tablao_lanes (
  id, job_id, task_type, task_priority, worker_tag_id, job_priority, is_closed,
  has_ready, num_tasks
)
SELECT
  id, job_id, task_type, task_priority, worker_tag_id, job_priority, NOT is_open,
  has_ready, num_tasks
FROM tablao_copied;
-- @own
DROP TABLE tablao_copied;

-- Lanes that have a ready task and are not closed, by one comparison: a condition is
-- compiled twice with each UPDATE of a lane.
-- @own
CREATE INDEX tablao_lanes_claim_idx
ON tablao_lanes (
  task_type, worker_tag_id, job_priority DESC, task_priority DESC, job_id
)
WHERE has_ready > is_closed;

-- @own
DROP INDEX IF EXISTS tablao_tasks_ready_idx;

-- The tasks that may run, in the order in which a lane hands them out. Of all statuses
-- only queued and soft-failed are greater than paused.
-- @own
CREATE INDEX tablao_tasks_ready_idx ON tasks (tablao_lane, index_in_job)
WHERE status > 'paused' AND NOT tablao_open_deps;

-- @own
DROP INDEX IF EXISTS tablao_tasks_worker_idx;

-- A worker's tasks by their last update. The entry of a task that is being worked on
-- moves within its page, mostly.
-- @own
CREATE INDEX tablao_tasks_worker_idx ON tasks (worker_id, updated_at)
WHERE worker_id IS NOT NULL;

-- @own
DROP INDEX IF EXISTS tablao_jobs_delete_requested_idx;
-- @own
CREATE INDEX tablao_jobs_delete_requested_idx ON jobs (delete_requested_at)
WHERE delete_requested_at IS NOT NULL;

-- Jobs 0 and -1, which there are not: of a table that has had one row, ANALYZE makes
-- SQLite take a scan for cheaper than a lookup.
-- @own
INSERT INTO tablao_counts (job_id) VALUES (0), (-1);
-- @own
INSERT INTO tablao_lanes (
  job_id, task_type, task_priority, worker_tag_id, job_priority, is_closed
) VALUES (0, '', 0, 0, 0, 1);

-- @own
DROP TABLE IF EXISTS tablao_authored_job;
-- @own
DROP INDEX IF EXISTS tablao_authored_tasks_uuid_idx;
-- @own
DROP TABLE IF EXISTS tablao_authored_tasks;
-- @own
DROP INDEX IF EXISTS tablao_authored_dependencies_idx;
-- @own
DROP TABLE IF EXISTS tablao_authored_dependencies;

-- The document that is being stored: its job, number 0, and its tasks, numbered from 1.
-- Columns without a type keep what came, a BLOB standing for a member of the wrong
-- JSON type.
-- type: a job's job_type; NULL where tasks are added to a job stored already, of which
-- nothing but the uuid is here then.
-- commands: of the job: its settings.
-- dependencies: of the job: the path to its tasks.
-- fault: the first thing that is wrong with it: a word, a blank, what offends.
-- storage: its shaman_checkout_id.
-- worker_tag: its id.
-- @own
CREATE TABLE tablao_authored_tasks (
  number integer NOT NULL PRIMARY KEY,
  uuid,
  name,
  type,
  priority,
  commands,
  dependencies,
  steps_total integer,
  fault,
  status,
  metadata,
  storage,
  worker_tag
);

-- @own
CREATE INDEX tablao_authored_tasks_uuid_idx ON tablao_authored_tasks (uuid);

-- The document that is being stored: which task waits for which. Without an index or
-- a rule on it, since each is one more thing to compile with a document.
-- number: the task that waits.
-- dependency_number: NULL for a task that is stored already, or that there is not.
-- @own
CREATE TABLE tablao_authored_dependencies (
  number,
  dependency_uuid,
  dependency_number
);

-- The job whose document is being stored: a row, or none. Not more columns: each
-- is compiled with each statement that makes the row.
-- tablao_storing.last_index: the highest index_in_job that the document takes.
-- @own
CREATE TABLE tablao_storing (
  job_id integer NOT NULL PRIMARY KEY,
  last_index integer
);
