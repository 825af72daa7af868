-- Tables and indexes. The columns of a table are Flamenco Manager's, in its
-- order and with its declared types; what follows a `tablao_` column is ours.
-- Two habits explain the defaults: a literal 'now' and randomblob(4) would be
-- rewritten into constants by engines that replicate statements, so they are
-- spelled strftime(format) and randomblob(4+0).

-- One row per numbered migration that this database has been through.
-- checksum: the SHA-256 of the migration's file.
-- @both
CREATE TABLE tablao_migrations (
  version integer NOT NULL PRIMARY KEY,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at datetime NOT NULL
);

-- The views and triggers that Tablao made here. A later version tells by it
-- those that it no longer has from the user's own.
-- @both
CREATE TABLE tablao_objects (
  name text NOT NULL PRIMARY KEY
) WITHOUT ROWID;

-- One row per setting of the farm; deleting a row restores its default.
-- NUMERIC makes a whole number of '600' and of 600.0.
-- @both
CREATE TABLE farm_settings (
  name text NOT NULL PRIMARY KEY,
  value numeric
) WITHOUT ROWID;

-- The settings there are, and what each is when nobody has set it.
-- minimum: lowest and highest value of a number;
-- maximum: NULL for a setting that is not a number
-- @both
CREATE TABLE tablao_setting_defaults (
  name text NOT NULL PRIMARY KEY,
  value numeric,
  minimum integer,
  maximum integer
) WITHOUT ROWID;

-- @both
INSERT INTO tablao_setting_defaults (name, value, minimum, maximum) VALUES
  ('state_machine', 'on', NULL, NULL),
  ('task_timeout', 600, 0, 9223372036854775807),
  ('worker_timeout', 60, 0, 9223372036854775807),
  ('blocklist_threshold', 3, 0, 9223372036854775807),
  ('task_fail_after_softfail_count', 3, 0, 9223372036854775807),
  ('job_fail_percentage', 10, 1, 100),
  ('clock', NULL, NULL, NULL);

-- @both
INSERT INTO farm_settings (name, value)
SELECT name, value FROM tablao_setting_defaults;

-- One row per worker tag; a job with a tag runs on workers that have it.
CREATE TABLE worker_tags (
  id integer NOT NULL PRIMARY KEY,
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  updated_at datetime DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  uuid varchar(36) NOT NULL UNIQUE DEFAULT (lower(hex(randomblob(4+0)) || '-' || hex(randomblob(2+0)) || '-4' ||
    substr(hex(randomblob(2+0)), 2) || '-' || substr('89AB', 1 + (random() & 3), 1) ||
    substr(hex(randomblob(2+0)), 2) || '-' || hex(randomblob(6+0)))),
  name varchar(64) NOT NULL UNIQUE DEFAULT '',
  description varchar(255) NOT NULL DEFAULT ''
);

-- One row per job. steps_completed and steps_total are the sums over its
-- tasks, kept by triggers.
-- tablao_status: The status that was last acted upon. Where it differs from
-- status, what the status does to the job's tasks is still to be done.
-- tablao_rev: counted up by every UPDATE of ours that stamps the row itself.
CREATE TABLE jobs (
  id integer NOT NULL PRIMARY KEY,
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  updated_at datetime DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  uuid varchar(36) NOT NULL UNIQUE DEFAULT (lower(hex(randomblob(4+0)) || '-' || hex(randomblob(2+0)) || '-4' ||
    substr(hex(randomblob(2+0)), 2) || '-' || substr('89AB', 1 + (random() & 3), 1) ||
    substr(hex(randomblob(2+0)), 2) || '-' || hex(randomblob(6+0)))),
  name varchar(64) NOT NULL DEFAULT '',
  job_type varchar(32) NOT NULL DEFAULT '',
  priority smallint NOT NULL DEFAULT 0,
  status varchar(32) NOT NULL DEFAULT 'under-construction',
  activity varchar(255) NOT NULL DEFAULT '',
  settings jsonb NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}',
  delete_requested_at datetime,
  storage_shaman_checkout_id varchar(255) NOT NULL DEFAULT '',
  worker_tag_id integer REFERENCES worker_tags (id) ON DELETE SET NULL,
  steps_completed integer NOT NULL DEFAULT 0,
  steps_total integer NOT NULL DEFAULT 0,
  tablao_status varchar(32) NOT NULL DEFAULT '',
  tablao_rev integer NOT NULL DEFAULT 0
);

CREATE INDEX tablao_jobs_status_idx ON jobs (status);
-- Empty but while a change of a job's status is on its way.
CREATE INDEX tablao_jobs_unsettled_idx ON jobs (id)
WHERE status <> tablao_status;
CREATE INDEX tablao_jobs_worker_tag_idx ON jobs (worker_tag_id)
WHERE worker_tag_id IS NOT NULL;
CREATE INDEX tablao_jobs_delete_requested_idx
ON jobs (substr(delete_requested_at, 1, 23))
WHERE delete_requested_at IS NOT NULL;

-- One row per worker, soft-deleted ones (deleted_at) included.
-- tablao_rev: 0 while the row is being inserted.
CREATE TABLE workers (
  id integer NOT NULL PRIMARY KEY,
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  updated_at datetime DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  uuid varchar(36) NOT NULL UNIQUE DEFAULT (lower(hex(randomblob(4+0)) || '-' || hex(randomblob(2+0)) || '-4' ||
    substr(hex(randomblob(2+0)), 2) || '-' || substr('89AB', 1 + (random() & 3), 1) ||
    substr(hex(randomblob(2+0)), 2) || '-' || hex(randomblob(6+0)))),
  secret varchar(255) NOT NULL DEFAULT '',
  name varchar(64) NOT NULL DEFAULT '',
  address varchar(39) NOT NULL DEFAULT '',
  platform varchar(16) NOT NULL DEFAULT '',
  software varchar(32) NOT NULL DEFAULT '',
  status varchar(16) NOT NULL DEFAULT '',
  last_seen_at datetime,
  status_requested varchar(16) NOT NULL DEFAULT '',
  lazy_status_request boolean NOT NULL DEFAULT 0,
  supported_task_types varchar(255) NOT NULL DEFAULT '',
  deleted_at datetime,
  can_restart boolean NOT NULL DEFAULT 0,
  tablao_rev integer NOT NULL DEFAULT 0
);

-- None on last_seen_at, which would move with every claim: a tick looks at all
-- workers.
CREATE INDEX tablao_workers_status_idx ON workers (status) WHERE deleted_at IS NULL;

-- One row per task of a job.
-- index_in_job: from 1; 0 is given the next.
-- tablao_rev: 0 while the row is being inserted, then counted up by every
-- UPDATE of ours that stamps the row itself.
-- tablao_swept: the mark of the job's change of many tasks that last gave it a
-- status; it ends in a blank and that status.
-- tablao_done: 1 when the tasks that depend on it know that it is completed.
-- tablao_open_deps: how many of the tasks it depends on are not done.
-- tablao_lane: its row in tablao_lanes.
CREATE TABLE tasks (
  id integer NOT NULL PRIMARY KEY,
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  updated_at datetime DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  uuid varchar(36) NOT NULL UNIQUE DEFAULT (lower(hex(randomblob(4+0)) || '-' || hex(randomblob(2+0)) || '-4' ||
    substr(hex(randomblob(2+0)), 2) || '-' || substr('89AB', 1 + (random() & 3), 1) ||
    substr(hex(randomblob(2+0)), 2) || '-' || hex(randomblob(6+0)))),
  name varchar(64) NOT NULL DEFAULT '',
  type varchar(32) NOT NULL DEFAULT '',
  job_id integer NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  index_in_job integer NOT NULL DEFAULT 0,
  priority smallint NOT NULL DEFAULT 50,
  status varchar(16) NOT NULL DEFAULT 'queued',
  worker_id integer REFERENCES workers (id) ON DELETE SET NULL,
  last_touched_at datetime,
  commands jsonb NOT NULL DEFAULT '[]',
  activity varchar(255) NOT NULL DEFAULT '',
  steps_completed integer NOT NULL DEFAULT 0,
  steps_total integer NOT NULL DEFAULT 0,
  tablao_rev integer NOT NULL DEFAULT 0,
  tablao_swept text NOT NULL DEFAULT '',
  tablao_done integer NOT NULL DEFAULT 0,
  tablao_open_deps integer NOT NULL DEFAULT 0,
  tablao_lane integer NOT NULL DEFAULT 0,
  UNIQUE (job_id, index_in_job)
);

-- The tasks that may run, in the order in which a lane hands them out.
CREATE INDEX tablao_tasks_ready_idx ON tasks (tablao_lane, index_in_job)
WHERE (status = 'queued' OR status = 'soft-failed') AND tablao_open_deps = 0;
-- Who works on what: as many entries as there are active tasks, which is also
-- what a tick looks through for those that have timed out.
CREATE INDEX tablao_tasks_active_idx ON tasks (status, worker_id)
WHERE status = 'active';
-- A worker's tasks by their last update, to the hour, so that the entry stays
-- where it is while the task is worked on.
CREATE INDEX tablao_tasks_worker_idx
ON tasks (worker_id, substr(updated_at, 1, 13))
WHERE worker_id IS NOT NULL;

-- task_id can run once dependency_id is completed. Rows keep the order in
-- which they came (rowid), so that a document comes out as it went in.
CREATE TABLE task_dependencies (
  task_id integer NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  dependency_id integer NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  PRIMARY KEY (task_id, dependency_id)
);

CREATE INDEX tablao_task_dependencies_dependency_idx
ON task_dependencies (dependency_id);

-- worker_id has failed task_id and does not get it again.
-- tablao_job_id: the job of the task, by which the failures of a worker on a
-- job are counted; 0 only while the row is being inserted.
CREATE TABLE task_failures (
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  task_id integer NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  worker_id integer NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  tablao_job_id integer NOT NULL DEFAULT 0,
  PRIMARY KEY (task_id, worker_id)
);

CREATE INDEX tablao_task_failures_worker_idx
ON task_failures (worker_id, tablao_job_id);

-- worker_id gets no more tasks of task_type of job_id.
CREATE TABLE job_blocks (
  id integer NOT NULL PRIMARY KEY,
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  job_id integer NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  worker_id integer NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  task_type text NOT NULL,
  UNIQUE (job_id, worker_id, task_type)
);

CREATE INDEX tablao_job_blocks_worker_idx ON job_blocks (worker_id);

-- The job that rendered last: at most one row.
CREATE TABLE last_rendereds (
  id integer NOT NULL PRIMARY KEY,
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  updated_at datetime DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  job_id integer NOT NULL REFERENCES jobs (id) ON DELETE CASCADE
);

CREATE INDEX tablao_last_rendereds_job_idx ON last_rendereds (job_id);

-- worker_id has the tag worker_tag_id.
CREATE TABLE worker_tag_membership (
  worker_tag_id integer NOT NULL REFERENCES worker_tags (id) ON DELETE CASCADE,
  worker_id integer NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  PRIMARY KEY (worker_tag_id, worker_id)
);

CREATE INDEX tablao_worker_tag_membership_worker_idx
ON worker_tag_membership (worker_id);

-- When a worker sleeps, in local time; next_check is in UTC.
CREATE TABLE sleep_schedules (
  id integer NOT NULL PRIMARY KEY,
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  updated_at datetime DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  worker_id integer NOT NULL UNIQUE
    REFERENCES workers (id) ON DELETE CASCADE,
  is_active boolean NOT NULL DEFAULT 0,
  days_of_week text NOT NULL DEFAULT '',
  start_time text NOT NULL DEFAULT '',
  end_time text NOT NULL DEFAULT '',
  next_check datetime
);

CREATE INDEX tablao_sleep_schedules_due_idx
ON sleep_schedules (coalesce(substr(next_check, 1, 23), ''))
WHERE is_active;

-- What is derived -----------------------------------------------------------
-- Everything below follows from the tables above: triggers keep it, the view
-- farm_problems compares it, and DELETE FROM farm_problems makes it anew.

-- How many tasks a job has, in all and in each status, and the sums of their
-- steps: one row per job that has had a task. Triggers that write nothing else
-- book every change of a task here, so no trigger of a user's can run while they
-- do. The row goes before its job does, and that is how the triggers know that a
-- job is being deleted.
CREATE TABLE tablao_counts (
  job_id integer NOT NULL PRIMARY KEY,
  num_tasks integer NOT NULL DEFAULT 0,
  num_queued integer NOT NULL DEFAULT 0,
  num_active integer NOT NULL DEFAULT 0,
  num_completed integer NOT NULL DEFAULT 0,
  num_failed integer NOT NULL DEFAULT 0,
  num_canceled integer NOT NULL DEFAULT 0,
  num_soft_failed integer NOT NULL DEFAULT 0,
  num_paused integer NOT NULL DEFAULT 0,
  steps_completed integer NOT NULL DEFAULT 0,
  steps_total integer NOT NULL DEFAULT 0
);

-- A lane is what tasks of one job, type and priority queue in. It carries what
-- decides its turn, so that a change of a job's priority, tag or status touches
-- its few lanes and none of its many tasks. It goes with its last task.
-- task_type: trimmed and in lower case.
-- worker_tag_id: of the job; 0 when it has none.
-- is_open: the job hands out tasks.
-- has_ready: some task of it may run.
CREATE TABLE tablao_lanes (
  id integer NOT NULL PRIMARY KEY,
  job_id integer NOT NULL,
  task_type text NOT NULL,
  task_priority integer NOT NULL,
  worker_tag_id integer NOT NULL,
  job_priority integer NOT NULL,
  is_open integer NOT NULL,
  has_ready integer NOT NULL DEFAULT 0,
  num_tasks integer NOT NULL DEFAULT 0,
  UNIQUE (job_id, task_type, task_priority)
);

CREATE INDEX tablao_lanes_claim_idx
ON tablao_lanes (
  task_type, worker_tag_id, job_priority DESC, task_priority DESC, job_id
)
WHERE is_open = 1 AND has_ready = 1;

-- Where a worker that has failed tasks of a lane starts to look in it: it has
-- failed all ready tasks with a lower index_in_job. Without a row: at the start.
CREATE TABLE tablao_skips (
  lane_id integer NOT NULL,
  worker_id integer NOT NULL,
  from_index integer NOT NULL,
  PRIMARY KEY (lane_id, worker_id)
) WITHOUT ROWID;

-- The (task type, tag) pairs that a worker takes tasks of; tag 0 stands for
-- jobs without a tag.
CREATE TABLE tablao_worker_types (
  worker_id integer NOT NULL,
  task_type text NOT NULL,
  worker_tag_id integer NOT NULL,
  PRIMARY KEY (worker_id, task_type, worker_tag_id)
) WITHOUT ROWID;

-- UNIQUE, as the key is: where all three are given, that tells SQLite of one
-- row, after which the lanes need no sorting.
CREATE UNIQUE INDEX tablao_worker_types_type_idx
ON tablao_worker_types (task_type, worker_tag_id, worker_id);

-- Rules that are rows -------------------------------------------------------

-- What a new status of a job does: docs/rules.md, "A job's status". First to its
-- tasks: one row per status that they have and lose. old_status tells rules
-- apart that differ by the status before; '' stands for any other.
CREATE TABLE tablao_sweep_rules (
  job_status text NOT NULL,
  old_status text NOT NULL,
  from_status text NOT NULL,
  to_status text NOT NULL,
  PRIMARY KEY (job_status, old_status, from_status)
) WITHOUT ROWID;

INSERT INTO tablao_sweep_rules (job_status, old_status, from_status, to_status) VALUES
  ('cancel-requested', '', 'active', 'canceled'),
  ('cancel-requested', '', 'queued', 'canceled'),
  ('cancel-requested', '', 'soft-failed', 'canceled'),
  ('failed', '', 'active', 'canceled'),
  ('failed', '', 'queued', 'canceled'),
  ('failed', '', 'soft-failed', 'canceled'),
  ('pause-requested', '', 'queued', 'paused'),
  ('pause-requested', '', 'soft-failed', 'paused'),
  ('requeueing', '', 'canceled', 'queued'),
  ('requeueing', '', 'failed', 'queued'),
  ('requeueing', '', 'paused', 'queued'),
  ('requeueing', '', 'soft-failed', 'queued'),
  ('requeueing', 'completed', 'active', 'queued'),
  ('requeueing', 'completed', 'canceled', 'queued'),
  ('requeueing', 'completed', 'completed', 'queued'),
  ('requeueing', 'completed', 'failed', 'queued'),
  ('requeueing', 'completed', 'paused', 'queued'),
  ('requeueing', 'completed', 'queued', 'queued'),
  ('requeueing', 'completed', 'soft-failed', 'queued');

-- Then to the job itself. has_more: it has a task that is not completed; for a
-- pause, one that is active. Without a row, the status leads to no other.
CREATE TABLE tablao_job_rules (
  job_status text NOT NULL,
  has_more integer NOT NULL,
  next_status text NOT NULL,
  activity text NOT NULL,
  PRIMARY KEY (job_status, has_more)
) WITHOUT ROWID;

INSERT INTO tablao_job_rules (job_status, has_more, next_status, activity) VALUES
  ('cancel-requested', 0, 'canceled', 'Job changed to canceled: its cancellation was requested'),
  ('cancel-requested', 1, 'canceled', 'Job changed to canceled: its cancellation was requested'),
  ('pause-requested', 0, 'paused', 'Job changed to paused: a pause was requested and no task is active'),
  ('requeueing', 0, 'completed', 'Job changed to completed: it was requeued and has no task left to do'),
  ('requeueing', 1, 'queued', 'Job changed to queued: it was requeued'),
  ('queued', 0, 'completed', 'Job changed to completed: it has no task left to do');

-- Scratch: empty between statements, or of no meaning -----------------------

-- Tables a row of which has the key of the row that is being written: only a
-- REPLACE gets past that.
CREATE TABLE tablao_replaced (
  table_name text NOT NULL PRIMARY KEY
) WITHOUT ROWID;

-- One row. is_moving: the rules are changing a job's status because of a task;
-- what users' triggers do to other tasks meanwhile goes to tablao_pending.
-- is_replacing: see tablao_settings_before_insert. last_tick_at: when
-- the farm last ticked.
-- @both
CREATE TABLE tablao_scratch (
  key integer NOT NULL PRIMARY KEY,
  is_moving integer NOT NULL DEFAULT 0,
  is_replacing integer NOT NULL DEFAULT 0,
  last_tick_at datetime
);

-- @both
INSERT INTO tablao_scratch (key) VALUES (1);

-- Jobs the status of which is being acted upon. num_swept: how many tasks have
-- lost the last status, num_tasks: how many have changed in all.
CREATE TABLE tablao_acting (
  job_id integer NOT NULL PRIMARY KEY,
  num_swept integer NOT NULL DEFAULT 0,
  num_tasks integer NOT NULL DEFAULT 0
);

-- Tasks whose new status has yet to be looked at.
CREATE TABLE tablao_pending (
  task_id integer NOT NULL PRIMARY KEY,
  job_id integer NOT NULL,
  status text NOT NULL
);

-- Times as a client wrote them, in the form in which they are stored: see
-- tablao_times, the door to it.
CREATE TABLE tablao_written_times (
  n integer NOT NULL PRIMARY KEY,
  value text
);

INSERT INTO tablao_written_times (n) VALUES (0), (1), (2), (3);

-- The document that is being stored: its job. Columns without a type keep
-- what came, a BLOB standing for a member of the wrong JSON type.
-- is_adding: tasks are added to a job stored already
-- is_object: the document has the JSON type it should have
-- stranger: a member that a job does not have. has_zero: there is a zero byte.
-- last_index: the highest index_in_job that the document takes, once it is
-- being stored.
-- is_linking: its dependencies are being stored, all at once.
CREATE TABLE tablao_authored_job (
  id integer NOT NULL PRIMARY KEY,
  is_adding integer NOT NULL,
  is_object integer NOT NULL,
  job_id integer,
  uuid,
  name,
  job_type,
  priority,
  status,
  settings,
  metadata,
  storage_shaman_checkout_id,
  worker_tag,
  tasks,
  stranger,
  has_zero,
  last_index integer,
  is_linking integer NOT NULL DEFAULT 0
);

-- The document that is being stored: its tasks, numbered from 1.
-- stranger: a member that a task does not have.
CREATE TABLE tablao_authored_tasks (
  number integer NOT NULL PRIMARY KEY,
  uuid,
  name,
  type,
  priority,
  commands,
  dependencies,
  stranger,
  has_zero,
  steps_total integer NOT NULL DEFAULT 0
);

CREATE INDEX tablao_authored_tasks_uuid_idx ON tablao_authored_tasks (uuid);

-- The document that is being stored: which task waits for which. One of
-- dependency_number (a task of the document) and dependency_id (a task that
-- is stored already) is set, unless the document names a task that is not.
CREATE TABLE tablao_authored_dependencies (
  number integer NOT NULL,
  dependency_uuid,
  dependency_number integer,
  dependency_id integer
);

CREATE INDEX tablao_authored_dependencies_idx
ON tablao_authored_dependencies (number);
