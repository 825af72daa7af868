-- Tables and indexes. The columns of a table are Flamenco Manager's, in its
-- order and with its declared types; what follows a `tablao_` column is ours.
-- Two habits explain the defaults: a literal 'now' and randomblob(4) would be
-- rewritten into constants by engines that replicate statements, so they are
-- spelled strftime(format) and randomblob(4+0).

-- @both
CREATE TABLE tablao_migrations (
  -- One row per numbered migration that this database has been through.
  version integer NOT NULL PRIMARY KEY,
  name text NOT NULL,
  checksum text NOT NULL, -- SHA-256 of the migration's file
  applied_at datetime NOT NULL
);

-- @both
CREATE TABLE tablao_objects (
  -- The views and triggers that Tablao made here. A later version tells by it
  -- those that it no longer has from the user's own.
  name text NOT NULL PRIMARY KEY
) WITHOUT ROWID;

-- @both
CREATE TABLE farm_settings (
  -- One row per setting of the farm; deleting a row restores its default.
  -- NUMERIC makes a whole number of '600' and of 600.0.
  name text NOT NULL PRIMARY KEY,
  value numeric
) WITHOUT ROWID;

-- @both
CREATE TABLE tablao_setting_defaults (
  -- The settings there are, and what each is when nobody has set it.
  name text NOT NULL PRIMARY KEY,
  value numeric,
  minimum integer, -- lowest and highest value of a number;
  maximum integer  -- NULL for a setting that is not a number
) WITHOUT ROWID;

-- @both
INSERT INTO tablao_setting_defaults (name, value, minimum, maximum) VALUES
  ('state_machine', 'on', NULL, NULL),
  ('task_timeout', 600, 0, 9223372036854775807),
  ('worker_timeout', 60, 0, 9223372036854775807),
  ('blocklist_threshold', 3, 0, 9223372036854775807),
  ('task_fail_after_softfail_count', 3, 0, 9223372036854775807),
  ('job_fail_percentage', 10, 1, 100),
  ('json_storage', 'text', NULL, NULL),
  ('clock', NULL, NULL, NULL);

-- @both
INSERT INTO farm_settings (name, value)
SELECT name, value FROM tablao_setting_defaults;

CREATE TABLE worker_tags (
  -- One row per worker tag; a job with a tag runs on workers that have it.
  id integer NOT NULL PRIMARY KEY,
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  updated_at datetime DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  uuid varchar(36) NOT NULL UNIQUE DEFAULT (lower(hex(randomblob(4+0)) || '-' || hex(randomblob(2+0)) || '-4' ||
    substr(hex(randomblob(2+0)), 2) || '-' || substr('89AB', 1 + (random() & 3), 1) ||
    substr(hex(randomblob(2+0)), 2) || '-' || hex(randomblob(6+0)))),
  name varchar(64) NOT NULL UNIQUE DEFAULT '',
  description varchar(255) NOT NULL DEFAULT ''
);

CREATE TABLE jobs (
  -- One row per job. steps_completed and steps_total are the sums over its
  -- tasks, kept by triggers.
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
  -- Counted up by an UPDATE of ours that sees to its own consequences; the
  -- triggers on this table leave such an UPDATE alone.
  tablao_rev integer NOT NULL DEFAULT 0
);

CREATE INDEX jobs_status_idx ON jobs (status);
CREATE INDEX jobs_worker_tag_idx ON jobs (worker_tag_id)
WHERE worker_tag_id IS NOT NULL;
CREATE INDEX jobs_delete_requested_idx
ON jobs (substr(delete_requested_at, 1, 23))
WHERE delete_requested_at IS NOT NULL;

CREATE TABLE workers (
  -- One row per worker, soft-deleted ones (deleted_at) included.
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
  -- As in jobs.
  tablao_rev integer NOT NULL DEFAULT 0
);

-- To ten seconds, so that what sees a worker every few seconds need not move
-- its entry each time; timed_out_workers looks at the rest. Tasks are touched
-- as often and time out later: to the minute.
CREATE INDEX workers_seen_idx ON workers (substr(last_seen_at, 1, 18))
WHERE deleted_at IS NULL AND status <> 'offline' AND status <> 'error';
CREATE INDEX workers_status_idx ON workers (status) WHERE deleted_at IS NULL;

CREATE TABLE tasks (
  -- One row per task of a job.
  id integer NOT NULL PRIMARY KEY,
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  updated_at datetime DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  uuid varchar(36) NOT NULL UNIQUE DEFAULT (lower(hex(randomblob(4+0)) || '-' || hex(randomblob(2+0)) || '-4' ||
    substr(hex(randomblob(2+0)), 2) || '-' || substr('89AB', 1 + (random() & 3), 1) ||
    substr(hex(randomblob(2+0)), 2) || '-' || hex(randomblob(6+0)))),
  name varchar(64) NOT NULL DEFAULT '',
  type varchar(32) NOT NULL DEFAULT '',
  job_id integer NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  index_in_job integer NOT NULL DEFAULT 0, -- from 1; 0 is given the next
  priority smallint NOT NULL DEFAULT 50,
  status varchar(16) NOT NULL DEFAULT 'queued',
  worker_id integer REFERENCES workers (id) ON DELETE SET NULL,
  last_touched_at datetime,
  commands jsonb NOT NULL DEFAULT '[]',
  activity varchar(255) NOT NULL DEFAULT '',
  steps_completed integer NOT NULL DEFAULT 0,
  steps_total integer NOT NULL DEFAULT 0,
  -- As in jobs.
  tablao_rev integer NOT NULL DEFAULT 0,
  -- How many of the tasks it depends on are not completed.
  tablao_open_deps integer NOT NULL DEFAULT 0,
  -- Its row in tablao_lanes; 0 only while it is being inserted.
  tablao_lane integer NOT NULL DEFAULT 0,
  UNIQUE (job_id, index_in_job)
);

-- The tasks that may run, in the order in which a lane hands them out.
CREATE INDEX tablao_tasks_ready_idx ON tasks (tablao_lane, index_in_job)
WHERE (status = 'queued' OR status = 'soft-failed') AND tablao_open_deps = 0;
-- A worker's tasks: the active ones at the end, each part by its last update.
CREATE INDEX tablao_tasks_worker_idx
ON tasks (worker_id, status = 'active', substr(updated_at, 1, 23))
WHERE worker_id IS NOT NULL;
CREATE INDEX tablao_tasks_touched_idx ON tasks (substr(last_touched_at, 1, 16))
WHERE status = 'active';

CREATE TABLE task_dependencies (
  -- task_id can run once dependency_id is completed. Rows keep the order in
  -- which they came (rowid), so that a document comes out as it went in.
  task_id integer NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  dependency_id integer NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  PRIMARY KEY (task_id, dependency_id)
);

CREATE INDEX task_dependencies_dependency_idx
ON task_dependencies (dependency_id);

CREATE TABLE task_failures (
  -- worker_id has failed task_id and does not get it again.
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  task_id integer NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  worker_id integer NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  PRIMARY KEY (task_id, worker_id)
);

CREATE INDEX task_failures_worker_idx ON task_failures (worker_id);

CREATE TABLE job_blocks (
  -- worker_id gets no more tasks of task_type of job_id.
  id integer NOT NULL PRIMARY KEY,
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  job_id integer NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  worker_id integer NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  task_type text NOT NULL,
  UNIQUE (job_id, worker_id, task_type)
);

CREATE INDEX job_blocks_worker_idx ON job_blocks (worker_id);

CREATE TABLE last_rendereds (
  -- The job that rendered last: at most one row.
  id integer NOT NULL PRIMARY KEY,
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  updated_at datetime DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  job_id integer NOT NULL REFERENCES jobs (id) ON DELETE CASCADE
);

CREATE INDEX last_rendereds_job_idx ON last_rendereds (job_id);

CREATE TABLE worker_tag_membership (
  -- worker_id has the tag worker_tag_id.
  worker_tag_id integer NOT NULL REFERENCES worker_tags (id) ON DELETE CASCADE,
  worker_id integer NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  PRIMARY KEY (worker_tag_id, worker_id)
);

CREATE INDEX worker_tag_membership_worker_idx
ON worker_tag_membership (worker_id);

CREATE TABLE sleep_schedules (
  -- When a worker sleeps, in local time; next_check is in UTC.
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

CREATE INDEX sleep_schedules_due_idx
ON sleep_schedules (coalesce(substr(next_check, 1, 23), ''))
WHERE is_active;

-- What is derived -----------------------------------------------------------
-- Everything below follows from the tables above: triggers keep it, the view
-- farm_problems compares it, and DELETE FROM farm_problems makes it anew.

CREATE TABLE tablao_job_counts (
  -- How many tasks a job has, in all and in each status. The row goes before
  -- its job does, and that is how the triggers know that a job is being
  -- deleted and that nothing about it needs keeping.
  job_id integer NOT NULL PRIMARY KEY,
  num_tasks integer NOT NULL DEFAULT 0,
  num_queued integer NOT NULL DEFAULT 0,
  num_active integer NOT NULL DEFAULT 0,
  num_completed integer NOT NULL DEFAULT 0,
  num_failed integer NOT NULL DEFAULT 0,
  num_canceled integer NOT NULL DEFAULT 0,
  num_soft_failed integer NOT NULL DEFAULT 0,
  num_paused integer NOT NULL DEFAULT 0
);

CREATE TABLE tablao_lanes (
  -- A lane is what tasks of one job, type and priority queue in, that the same
  -- workers have failed. It carries what decides its turn, so that a change of
  -- a job's priority, tag or status touches its few lanes and none of its many
  -- tasks; and a worker passes by a lane, not by one task after another, that
  -- it has failed.
  id integer NOT NULL PRIMARY KEY,
  job_id integer NOT NULL,
  task_type text NOT NULL, -- trimmed and in lower case
  task_priority integer NOT NULL,
  failed_by text NOT NULL DEFAULT '', -- ids of workers: ,3,17, or empty
  worker_tag_id integer NOT NULL, -- of the job; 0 when it has none
  job_priority integer NOT NULL,
  is_open integer NOT NULL, -- the job hands out tasks
  has_ready integer NOT NULL DEFAULT 0, -- some task of it may run
  UNIQUE (job_id, task_type, task_priority, failed_by)
);

CREATE INDEX tablao_lanes_claim_idx
ON tablao_lanes (
  task_type, worker_tag_id, job_priority DESC, task_priority DESC, job_id
)
WHERE is_open = 1 AND has_ready = 1;

CREATE TABLE tablao_worker_types (
  -- The (task type, tag) pairs that a worker takes tasks of; tag 0 stands for
  -- jobs without a tag.
  worker_id integer NOT NULL,
  task_type text NOT NULL,
  worker_tag_id integer NOT NULL,
  PRIMARY KEY (worker_id, task_type, worker_tag_id)
) WITHOUT ROWID;

-- UNIQUE, as the key is: where all three are given, that tells SQLite of one
-- row, after which the lanes need no sorting.
CREATE UNIQUE INDEX tablao_worker_types_type_idx
ON tablao_worker_types (task_type, worker_tag_id, worker_id);

-- Scratch: empty between statements, or of no meaning -----------------------

CREATE TABLE tablao_replaced (
  -- Tables a row of which has the key of the row that is being written: only
  -- a REPLACE gets past that.
  table_name text NOT NULL PRIMARY KEY
) WITHOUT ROWID;

-- @both
CREATE TABLE tablao_taken (
  -- One row, which triggers try to insert again: INSERT OR IGNORE. The OR
  -- clause of the outer statement is put in place of the one there, so only a
  -- REPLACE sets is_replacing, which is how a BEFORE trigger knows of one.
  -- Under OR ABORT, FAIL or ROLLBACK this is the key that is taken.
  key integer NOT NULL PRIMARY KEY,
  is_replacing integer NOT NULL
);

-- @both
INSERT INTO tablao_taken (key, is_replacing) VALUES (1, 0);

CREATE TABLE tablao_bulk (
  -- The job whose tasks are being stored all at once. The triggers per task
  -- and per dependency keep quiet meanwhile.
  job_id integer NOT NULL PRIMARY KEY
);

CREATE TABLE tablao_authored_job (
  -- The document that is being stored: its job. Columns without a type keep
  -- what came, a BLOB standing for a member of the wrong JSON type.
  id integer NOT NULL PRIMARY KEY,
  is_adding integer NOT NULL, -- tasks are added to a job stored already
  is_object integer NOT NULL, -- the document has the JSON type it should have
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
  tasks
);

CREATE TABLE tablao_authored_tasks (
  -- The document that is being stored: its tasks, numbered from 1.
  number integer NOT NULL PRIMARY KEY,
  uuid,
  name,
  type,
  priority,
  commands,
  dependencies,
  steps_total integer NOT NULL DEFAULT 0
);

CREATE INDEX tablao_authored_tasks_uuid_idx ON tablao_authored_tasks (uuid);

CREATE TABLE tablao_authored_dependencies (
  -- The document that is being stored: which task waits for which. One of
  -- dependency_number (a task of the document) and dependency_id (a task that
  -- is stored already) is set, unless the document names a task that is not.
  number integer NOT NULL,
  dependency_uuid,
  dependency_number integer,
  dependency_id integer
);

CREATE INDEX tablao_authored_dependencies_idx
ON tablao_authored_dependencies (number);
