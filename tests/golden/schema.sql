CREATE TABLE farm_settings (
  -- One row per setting of the farm; deleting a row restores its default.
  -- NUMERIC makes a whole number of '600' and of 600.0.
  name text NOT NULL PRIMARY KEY,
  value numeric
) WITHOUT ROWID;
CREATE TABLE job_blocks (
  -- worker_id gets no more tasks of task_type of job_id.
  id integer NOT NULL PRIMARY KEY,
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  job_id integer NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  worker_id integer NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  task_type text NOT NULL,
  UNIQUE (job_id, worker_id, task_type)
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
CREATE TABLE last_rendereds (
  -- The job that rendered last: at most one row.
  id integer NOT NULL PRIMARY KEY,
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  updated_at datetime DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  job_id integer NOT NULL REFERENCES jobs (id) ON DELETE CASCADE
);
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
CREATE TABLE tablao_authored_dependencies (
  -- The document that is being stored: which task waits for which. One of
  -- dependency_number (a task of the document) and dependency_id (a task that
  -- is stored already) is set, unless the document names a task that is not.
  number integer NOT NULL,
  dependency_uuid,
  dependency_number integer,
  dependency_id integer
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
CREATE TABLE tablao_bulk (
  -- The job whose tasks are being stored all at once. The triggers per task
  -- and per dependency keep quiet meanwhile.
  job_id integer NOT NULL PRIMARY KEY
);
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
CREATE TABLE tablao_migrations (
  -- One row per numbered migration that this database has been through.
  version integer NOT NULL PRIMARY KEY,
  name text NOT NULL,
  checksum text NOT NULL, -- SHA-256 of the migration's file
  applied_at datetime NOT NULL
);
CREATE TABLE tablao_objects (
  -- The views and triggers that Tablao made here. A later version tells by it
  -- those that it no longer has from the user's own.
  name text NOT NULL PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE tablao_replaced (
  -- Tables a row of which has the key of the row that is being written: only
  -- a REPLACE gets past that.
  table_name text NOT NULL PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE tablao_setting_defaults (
  -- The settings there are, and what each is when nobody has set it.
  name text NOT NULL PRIMARY KEY,
  value numeric,
  minimum integer, -- lowest and highest value of a number;
  maximum integer  -- NULL for a setting that is not a number
) WITHOUT ROWID;
CREATE TABLE tablao_taken (
  -- One row, which triggers try to insert again: INSERT OR IGNORE. The OR
  -- clause of the outer statement is put in place of the one there, so only a
  -- REPLACE sets is_replacing, which is how a BEFORE trigger knows of one.
  -- Under OR ABORT, FAIL or ROLLBACK this is the key that is taken.
  key integer NOT NULL PRIMARY KEY,
  is_replacing integer NOT NULL
);
CREATE TABLE tablao_worker_types (
  -- The (task type, tag) pairs that a worker takes tasks of; tag 0 stands for
  -- jobs without a tag.
  worker_id integer NOT NULL,
  task_type text NOT NULL,
  worker_tag_id integer NOT NULL,
  PRIMARY KEY (worker_id, task_type, worker_tag_id)
) WITHOUT ROWID;
CREATE TABLE task_dependencies (
  -- task_id can run once dependency_id is completed. Rows keep the order in
  -- which they came (rowid), so that a document comes out as it went in.
  task_id integer NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  dependency_id integer NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  PRIMARY KEY (task_id, dependency_id)
);
CREATE TABLE task_failures (
  -- worker_id has failed task_id and does not get it again.
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  task_id integer NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  worker_id integer NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  PRIMARY KEY (task_id, worker_id)
);
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
CREATE TABLE worker_tag_membership (
  -- worker_id has the tag worker_tag_id.
  worker_tag_id integer NOT NULL REFERENCES worker_tags (id) ON DELETE CASCADE,
  worker_id integer NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  PRIMARY KEY (worker_tag_id, worker_id)
);
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
CREATE INDEX job_blocks_worker_idx ON job_blocks (worker_id);
CREATE INDEX jobs_delete_requested_idx
ON jobs (substr(delete_requested_at, 1, 23))
WHERE delete_requested_at IS NOT NULL;
CREATE INDEX jobs_status_idx ON jobs (status);
CREATE INDEX jobs_worker_tag_idx ON jobs (worker_tag_id)
WHERE worker_tag_id IS NOT NULL;
CREATE INDEX last_rendereds_job_idx ON last_rendereds (job_id);
CREATE INDEX sleep_schedules_due_idx
ON sleep_schedules (coalesce(substr(next_check, 1, 23), ''))
WHERE is_active;
CREATE INDEX tablao_authored_dependencies_idx
ON tablao_authored_dependencies (number);
CREATE INDEX tablao_authored_tasks_uuid_idx ON tablao_authored_tasks (uuid);
CREATE INDEX tablao_lanes_claim_idx
ON tablao_lanes (
  task_type, worker_tag_id, job_priority DESC, task_priority DESC, job_id
)
WHERE is_open = 1 AND has_ready = 1;
CREATE INDEX tablao_tasks_ready_idx ON tasks (tablao_lane, index_in_job)
WHERE (status = 'queued' OR status = 'soft-failed') AND tablao_open_deps = 0;
CREATE INDEX tablao_tasks_touched_idx ON tasks (substr(last_touched_at, 1, 16))
WHERE status = 'active';
CREATE INDEX tablao_tasks_worker_idx
ON tasks (worker_id, status = 'active', substr(updated_at, 1, 23))
WHERE worker_id IS NOT NULL;
CREATE UNIQUE INDEX tablao_worker_types_type_idx
ON tablao_worker_types (task_type, worker_tag_id, worker_id);
CREATE INDEX task_dependencies_dependency_idx
ON task_dependencies (dependency_id);
CREATE INDEX task_failures_worker_idx ON task_failures (worker_id);
CREATE INDEX worker_tag_membership_worker_idx
ON worker_tag_membership (worker_id);
CREATE INDEX workers_seen_idx ON workers (substr(last_seen_at, 1, 18))
WHERE deleted_at IS NULL AND status <> 'offline' AND status <> 'error';
CREATE INDEX workers_status_idx ON workers (status) WHERE deleted_at IS NULL;
CREATE VIEW authored_jobs (uuid, document);
CREATE VIEW farm_clock (now);
CREATE VIEW farm_problems (kind, object, message);
CREATE VIEW farm_status (status);
CREATE VIEW farm_ticks (timed_out_tasks, timed_out_workers, sleep_schedules, stuck_jobs);
CREATE VIEW job_blocklist (job_uuid, worker_uuid, worker_name, task_type);
CREATE VIEW job_status_counts (status, num_jobs);
CREATE VIEW job_storage_infos (job_uuid, shaman_checkout_id);
CREATE VIEW job_summaries (job_uuid, name, job_type, priority, status, activity, num_tasks, num_queued, num_active, num_completed, num_failed, num_canceled, num_soft_failed, num_paused, steps_completed, steps_total, job_id, created_at, updated_at, delete_requested_at);
CREATE VIEW job_task_counts (job_id, status, num_tasks);
CREATE VIEW jobs_to_delete (job_uuid, delete_requested_at, job_id);
CREATE VIEW last_rendered (job_uuid, updated_at);
CREATE VIEW runnable_tasks (worker_id, worker_uuid, task_id, task_uuid, job_id, job_uuid, job_priority, task_priority, task_type, index_in_job, task_name, worker_name);
CREATE VIEW sleep_schedules_due (worker_uuid, worker_name, next_check);
CREATE VIEW stuck_jobs (job_uuid, status);
CREATE VIEW tablao_add_open_deps (task_id, delta);
CREATE VIEW tablao_add_steps (job_id, steps_completed, steps_total, now);
CREATE VIEW tablao_apply_schedules (worker_id);
CREATE VIEW tablao_assert_authoring (problem);
CREATE VIEW tablao_assert_block (job_id, worker_id);
CREATE VIEW tablao_assert_dependency (task_id, dependency_id);
CREATE VIEW tablao_assert_failure (task_id, worker_id);
CREATE VIEW tablao_assert_job_priority (priority);
CREATE VIEW tablao_assert_job_status (status);
CREATE VIEW tablao_assert_job_tag (worker_tag_id);
CREATE VIEW tablao_assert_json (column_name, value, root_type);
CREATE VIEW tablao_assert_last_rendered (job_id);
CREATE VIEW tablao_assert_membership (worker_tag_id, worker_id);
CREATE VIEW tablao_assert_setting (name, value);
CREATE VIEW tablao_assert_sleep_schedule (worker_id, days_of_week, start_time, end_time);
CREATE VIEW tablao_assert_strict_json (value);
CREATE VIEW tablao_assert_task (priority, index_in_job, steps_completed, steps_total, worker_id);
CREATE VIEW tablao_assert_task_status (status);
CREATE VIEW tablao_assert_task_types (supported_task_types);
CREATE VIEW tablao_assert_worker_status (status, status_requested);
CREATE VIEW tablao_authoring_problems (problem, offender);
CREATE VIEW tablao_blocks (job_id, worker_id, task_type);
CREATE VIEW tablao_claims (worker_id, now);
CREATE VIEW tablao_current_tasks (worker_id, worker_uuid, task_id);
CREATE VIEW tablao_dependents (task_id, delta);
CREATE VIEW tablao_due_schedules (worker_id);
CREATE VIEW tablao_failure_reports (task_id, worker_id, has_activity);
CREATE VIEW tablao_failure_verdicts (task_id, worker_id, job_id, task_type, is_over, is_blocked, is_left);
CREATE VIEW tablao_job_effects (job_id, status, old_status, keeps_activity, stamp);
CREATE VIEW tablao_job_lanes (job_id, is_open, worker_tag_id, job_priority);
CREATE VIEW tablao_job_moves (job_id, status, task_id);
CREATE VIEW tablao_job_skeletons (job_id, text);
CREATE VIEW tablao_last_tasks (worker_id, task_id);
CREATE VIEW tablao_local_times (now, today, time_of_day, day_name, yesterday_name, is_shifting);
CREATE VIEW tablao_new_lanes (job_id, task_type, task_priority);
CREATE VIEW tablao_new_uuid (uuid);
CREATE VIEW tablao_next_job_statuses (job_id, status, completed, queued, active, soft_failed, failed, canceled, paused);
CREATE VIEW tablao_next_tasks (worker_id, task_id);
CREATE VIEW tablao_note_replaced (table_name, is_taken);
CREATE VIEW tablao_open_dependency (task_id, dependency_id, delta);
CREATE VIEW tablao_open_lanes (worker_id, task_type, worker_tag_id, lane_id, job_id, job_priority, task_priority);
CREATE VIEW tablao_place_task (task_id, old_lane);
CREATE VIEW tablao_pool_statuses (job_id, status);
CREATE VIEW tablao_ready_tasks (task_id, lane_id, index_in_job);
CREATE VIEW tablao_recount_job (job_id);
CREATE VIEW tablao_refresh_lanes (job_id);
CREATE VIEW tablao_refresh_ready (job_id);
CREATE VIEW tablao_refresh_worker_types (worker_id);
CREATE VIEW tablao_reported_failures (task_id, worker_id, status, has_activity);
CREATE VIEW tablao_reports (task_id, worker_id, status, activity, steps_completed, now);
CREATE VIEW tablao_requests (worker_id, old_status);
CREATE VIEW tablao_return_tasks (worker_id, reason);
CREATE VIEW tablao_row_problems (kind, object, message);
CREATE VIEW tablao_settings (name, value);
CREATE VIEW tablao_store (job_id);
CREATE VIEW tablao_task_lanes (task_id, job_id, task_type, task_priority, failed_by);
CREATE VIEW tablao_task_ripples (task_id, job_id, steps_completed, steps_total, open_deps, job_status, is_stamped);
CREATE VIEW tablao_task_skeletons (task_id, text);
CREATE VIEW tablao_tick_steps (step, is_due);
CREATE VIEW tablao_time_limits (name, before);
CREATE VIEW tablao_true_counts (job_id, num_tasks, num_queued, num_active, num_completed, num_failed, num_canceled, num_soft_failed, num_paused, steps_completed, steps_total);
CREATE VIEW tablao_true_open_deps (task_id, job_id, open_deps);
CREATE VIEW tablao_unpack (document, job_uuid, tasks);
CREATE VIEW tablao_unpack_task (number, task, type);
CREATE VIEW tablao_worker_labels (worker_id, label);
CREATE VIEW tablao_worker_supports (worker_id, task_type);
CREATE VIEW tablao_worker_type_pairs (worker_id, task_type, worker_tag_id);
CREATE VIEW task_claims (worker_uuid, task_uuid, job_uuid, job_status, last_touched_at, worker_name, task_name, task_type);
CREATE VIEW task_details (id, created_at, updated_at, uuid, name, type, job_id, index_in_job, priority, status, worker_id, last_touched_at, commands, activity, steps_completed, steps_total, job_uuid, worker_uuid, worker_name);
CREATE VIEW task_failure_list (task_uuid, worker_uuid, worker_name, created_at);
CREATE VIEW task_updates (task_uuid, worker_uuid, status, activity, steps_completed, job_uuid, steps_total, last_touched_at);
CREATE VIEW timed_out_tasks (task_uuid, task_name, job_uuid, worker_uuid, worker_name, last_touched_at, status, activity);
CREATE VIEW timed_out_workers (worker_uuid, worker_name, last_seen_at, status);
CREATE VIEW worker_next_statuses (worker_uuid, status);
CREATE VIEW worker_sleep_statuses (worker_uuid, scheduled_status, next_check, worker_id);
CREATE VIEW worker_status_counts (status, num_workers);
CREATE VIEW worker_summaries (worker_uuid, name, status, status_requested, last_seen_at, task_uuid, lazy_status_request, address, platform, software, supported_task_types, can_restart, task_name, task_status, job_uuid, job_name);
CREATE VIEW worker_tasks (worker_uuid, task_uuid, job_uuid, is_active, worker_name, task_name, task_status, job_name);
CREATE VIEW workers_left_to_run (job_id, task_type, worker_uuid, worker_id);
CREATE TRIGGER authored_jobs_ii INSTEAD OF INSERT ON authored_jobs;
CREATE TRIGGER farm_problems_id INSTEAD OF DELETE ON farm_problems;
CREATE TRIGGER farm_settings_ad AFTER DELETE ON farm_settings;
CREATE TRIGGER farm_settings_ai AFTER INSERT ON farm_settings;
CREATE TRIGGER farm_settings_bi BEFORE INSERT ON farm_settings;
CREATE TRIGGER farm_settings_bu BEFORE UPDATE OF name, value ON farm_settings;
CREATE TRIGGER farm_ticks_ii INSTEAD OF INSERT ON farm_ticks;
CREATE TRIGGER job_blocks_ai AFTER INSERT ON job_blocks;
CREATE TRIGGER job_blocks_ai_id AFTER INSERT ON job_blocks;
CREATE TRIGGER job_blocks_bi BEFORE INSERT ON job_blocks;
CREATE TRIGGER job_blocks_bu BEFORE UPDATE OF job_id, worker_id ON job_blocks;
CREATE TRIGGER job_blocks_bu_id BEFORE UPDATE OF id, rowid, oid, _rowid_ ON job_blocks;
CREATE TRIGGER jobs_ai AFTER INSERT ON jobs;
CREATE TRIGGER jobs_au_json AFTER UPDATE OF settings, metadata ON jobs;
CREATE TRIGGER jobs_au_lanes AFTER UPDATE OF priority, worker_tag_id, delete_requested_at ON jobs;
CREATE TRIGGER jobs_au_own AFTER UPDATE OF tablao_rev ON jobs;
CREATE TRIGGER jobs_au_stamp AFTER UPDATE OF created_at, uuid, name, job_type, priority, status, activity, settings, metadata, delete_requested_at, worker_tag_id, steps_completed, steps_total ON jobs;
CREATE TRIGGER jobs_au_status AFTER UPDATE OF status ON jobs;
CREATE TRIGGER jobs_au_steps AFTER UPDATE OF steps_completed, steps_total ON jobs;
CREATE TRIGGER jobs_bd BEFORE DELETE ON jobs;
CREATE TRIGGER jobs_bi BEFORE INSERT ON jobs;
CREATE TRIGGER jobs_bu_id BEFORE UPDATE OF id, rowid, oid, _rowid_ ON jobs;
CREATE TRIGGER jobs_bu_metadata BEFORE UPDATE OF metadata ON jobs;
CREATE TRIGGER jobs_bu_priority BEFORE UPDATE OF priority ON jobs;
CREATE TRIGGER jobs_bu_settings BEFORE UPDATE OF settings ON jobs;
CREATE TRIGGER jobs_bu_status BEFORE UPDATE OF status ON jobs;
CREATE TRIGGER jobs_bu_uuid BEFORE UPDATE OF uuid ON jobs;
CREATE TRIGGER jobs_bu_worker_tag BEFORE UPDATE OF worker_tag_id ON jobs;
CREATE TRIGGER last_rendereds_ai AFTER INSERT ON last_rendereds;
CREATE TRIGGER last_rendereds_au_stamp AFTER UPDATE OF created_at, job_id ON last_rendereds;
CREATE TRIGGER last_rendereds_bi BEFORE INSERT ON last_rendereds;
CREATE TRIGGER last_rendereds_bu BEFORE UPDATE OF job_id ON last_rendereds;
CREATE TRIGGER last_rendereds_bu_id BEFORE UPDATE OF id, rowid, oid, _rowid_ ON last_rendereds;
CREATE TRIGGER sleep_schedules_ai AFTER INSERT ON sleep_schedules;
CREATE TRIGGER sleep_schedules_ai_id AFTER INSERT ON sleep_schedules;
CREATE TRIGGER sleep_schedules_au AFTER UPDATE OF worker_id, is_active, days_of_week, start_time, end_time ON sleep_schedules;
CREATE TRIGGER sleep_schedules_au_stamp AFTER UPDATE OF created_at, worker_id, is_active, days_of_week, start_time, end_time ON sleep_schedules;
CREATE TRIGGER sleep_schedules_bi BEFORE INSERT ON sleep_schedules;
CREATE TRIGGER sleep_schedules_bu BEFORE UPDATE OF worker_id, days_of_week, start_time, end_time ON sleep_schedules;
CREATE TRIGGER sleep_schedules_bu_id BEFORE UPDATE OF id, rowid, oid, _rowid_ ON sleep_schedules;
CREATE TRIGGER tablao_add_open_deps_ii INSTEAD OF INSERT ON tablao_add_open_deps;
CREATE TRIGGER tablao_add_steps_ii INSTEAD OF INSERT ON tablao_add_steps;
CREATE TRIGGER tablao_apply_schedules_ii INSTEAD OF INSERT ON tablao_apply_schedules;
CREATE TRIGGER tablao_assert_authoring_ii INSTEAD OF INSERT ON tablao_assert_authoring;
CREATE TRIGGER tablao_assert_block_ii INSTEAD OF INSERT ON tablao_assert_block;
CREATE TRIGGER tablao_assert_dependency_ii INSTEAD OF INSERT ON tablao_assert_dependency;
CREATE TRIGGER tablao_assert_failure_ii INSTEAD OF INSERT ON tablao_assert_failure;
CREATE TRIGGER tablao_assert_job_priority_ii INSTEAD OF INSERT ON tablao_assert_job_priority;
CREATE TRIGGER tablao_assert_job_status_ii INSTEAD OF INSERT ON tablao_assert_job_status;
CREATE TRIGGER tablao_assert_job_tag_ii INSTEAD OF INSERT ON tablao_assert_job_tag;
CREATE TRIGGER tablao_assert_json_ii INSTEAD OF INSERT ON tablao_assert_json;
CREATE TRIGGER tablao_assert_json_ii_strict INSTEAD OF INSERT ON tablao_assert_json;
CREATE TRIGGER tablao_assert_last_rendered_ii INSTEAD OF INSERT ON tablao_assert_last_rendered;
CREATE TRIGGER tablao_assert_membership_ii INSTEAD OF INSERT ON tablao_assert_membership;
CREATE TRIGGER tablao_assert_setting_ii INSTEAD OF INSERT ON tablao_assert_setting;
CREATE TRIGGER tablao_assert_sleep_schedule_ii INSTEAD OF INSERT ON tablao_assert_sleep_schedule;
CREATE TRIGGER tablao_assert_strict_json_ii INSTEAD OF INSERT ON tablao_assert_strict_json;
CREATE TRIGGER tablao_assert_task_ii INSTEAD OF INSERT ON tablao_assert_task;
CREATE TRIGGER tablao_assert_task_status_ii INSTEAD OF INSERT ON tablao_assert_task_status;
CREATE TRIGGER tablao_assert_task_types_ii INSTEAD OF INSERT ON tablao_assert_task_types;
CREATE TRIGGER tablao_assert_worker_status_ii INSTEAD OF INSERT ON tablao_assert_worker_status;
CREATE TRIGGER tablao_claims_ii INSTEAD OF INSERT ON tablao_claims;
CREATE TRIGGER tablao_dependents_ii_many INSTEAD OF INSERT ON tablao_dependents;
CREATE TRIGGER tablao_dependents_ii_one INSTEAD OF INSERT ON tablao_dependents;
CREATE TRIGGER tablao_due_schedules_ii INSTEAD OF INSERT ON tablao_due_schedules;
CREATE TRIGGER tablao_failure_reports_ii INSTEAD OF INSERT ON tablao_failure_reports;
CREATE TRIGGER tablao_job_effects_ii_cancel INSTEAD OF INSERT ON tablao_job_effects;
CREATE TRIGGER tablao_job_effects_ii_pause INSTEAD OF INSERT ON tablao_job_effects;
CREATE TRIGGER tablao_job_effects_ii_queue INSTEAD OF INSERT ON tablao_job_effects;
CREATE TRIGGER tablao_job_effects_ii_requeue INSTEAD OF INSERT ON tablao_job_effects;
CREATE TRIGGER tablao_job_moves_ii INSTEAD OF INSERT ON tablao_job_moves;
CREATE TRIGGER tablao_new_lanes_ii INSTEAD OF INSERT ON tablao_new_lanes;
CREATE TRIGGER tablao_note_replaced_ii INSTEAD OF INSERT ON tablao_note_replaced;
CREATE TRIGGER tablao_open_dependency_ii INSTEAD OF INSERT ON tablao_open_dependency;
CREATE TRIGGER tablao_place_task_ii INSTEAD OF INSERT ON tablao_place_task;
CREATE TRIGGER tablao_recount_job_ii INSTEAD OF INSERT ON tablao_recount_job;
CREATE TRIGGER tablao_refresh_lanes_ii INSTEAD OF INSERT ON tablao_refresh_lanes;
CREATE TRIGGER tablao_refresh_ready_ii INSTEAD OF INSERT ON tablao_refresh_ready;
CREATE TRIGGER tablao_refresh_worker_types_ii INSTEAD OF INSERT ON tablao_refresh_worker_types;
CREATE TRIGGER tablao_reported_failures_ii INSTEAD OF INSERT ON tablao_reported_failures;
CREATE TRIGGER tablao_reports_ii INSTEAD OF INSERT ON tablao_reports;
CREATE TRIGGER tablao_requests_ii INSTEAD OF INSERT ON tablao_requests;
CREATE TRIGGER tablao_return_tasks_ii INSTEAD OF INSERT ON tablao_return_tasks;
CREATE TRIGGER tablao_store_ii INSTEAD OF INSERT ON tablao_store;
CREATE TRIGGER tablao_task_ripples_ii INSTEAD OF INSERT ON tablao_task_ripples;
CREATE TRIGGER tablao_tick_steps_ii_jobs INSTEAD OF INSERT ON tablao_tick_steps;
CREATE TRIGGER tablao_tick_steps_ii_schedules INSTEAD OF INSERT ON tablao_tick_steps;
CREATE TRIGGER tablao_tick_steps_ii_tasks INSTEAD OF INSERT ON tablao_tick_steps;
CREATE TRIGGER tablao_tick_steps_ii_workers INSTEAD OF INSERT ON tablao_tick_steps;
CREATE TRIGGER tablao_unpack_ii INSTEAD OF INSERT ON tablao_unpack;
CREATE TRIGGER tablao_unpack_task_ii INSTEAD OF INSERT ON tablao_unpack_task;
CREATE TRIGGER tablao_unpack_task_ii_other INSTEAD OF INSERT ON tablao_unpack_task;
CREATE TRIGGER task_claims_ii INSTEAD OF INSERT ON task_claims;
CREATE TRIGGER task_dependencies_ad AFTER DELETE ON task_dependencies;
CREATE TRIGGER task_dependencies_ai AFTER INSERT ON task_dependencies;
CREATE TRIGGER task_dependencies_au AFTER UPDATE ON task_dependencies;
CREATE TRIGGER task_dependencies_bi BEFORE INSERT ON task_dependencies;
CREATE TRIGGER task_dependencies_bu BEFORE UPDATE ON task_dependencies;
CREATE TRIGGER task_failures_ad_lane AFTER DELETE ON task_failures;
CREATE TRIGGER task_failures_ai AFTER INSERT ON task_failures;
CREATE TRIGGER task_failures_ai_lane AFTER INSERT ON task_failures;
CREATE TRIGGER task_failures_ai_rowid AFTER INSERT ON task_failures;
CREATE TRIGGER task_failures_au_lane AFTER UPDATE OF task_id, worker_id ON task_failures;
CREATE TRIGGER task_failures_bi BEFORE INSERT ON task_failures;
CREATE TRIGGER task_failures_bu BEFORE UPDATE OF task_id, worker_id ON task_failures;
CREATE TRIGGER task_failures_bu_rowid BEFORE UPDATE ON task_failures;
CREATE TRIGGER task_updates_ii INSTEAD OF INSERT ON task_updates;
CREATE TRIGGER tasks_ad AFTER DELETE ON tasks;
CREATE TRIGGER tasks_ai AFTER INSERT ON tasks;
CREATE TRIGGER tasks_au_commands AFTER UPDATE OF commands ON tasks;
CREATE TRIGGER tasks_au_lane AFTER UPDATE OF type, priority ON tasks;
CREATE TRIGGER tasks_au_own AFTER UPDATE OF status, tablao_rev, tablao_open_deps, tablao_lane ON tasks;
CREATE TRIGGER tasks_au_stamp AFTER UPDATE OF created_at, uuid, name, type, index_in_job, priority, worker_id, last_touched_at, commands, activity ON tasks;
CREATE TRIGGER tasks_au_status AFTER UPDATE OF status, steps_completed, steps_total ON tasks;
CREATE TRIGGER tasks_au_steps AFTER UPDATE OF steps_completed, steps_total ON tasks;
CREATE TRIGGER tasks_au_worker AFTER UPDATE OF worker_id ON tasks;
CREATE TRIGGER tasks_bd BEFORE DELETE ON tasks;
CREATE TRIGGER tasks_bi BEFORE INSERT ON tasks;
CREATE TRIGGER tasks_bu_commands BEFORE UPDATE OF commands ON tasks;
CREATE TRIGGER tasks_bu_id BEFORE UPDATE OF id, rowid, oid, _rowid_, job_id ON tasks;
CREATE TRIGGER tasks_bu_keys BEFORE UPDATE OF uuid, index_in_job ON tasks;
CREATE TRIGGER tasks_bu_numbers BEFORE UPDATE OF priority, index_in_job ON tasks;
CREATE TRIGGER timed_out_tasks_iu INSTEAD OF UPDATE ON timed_out_tasks;
CREATE TRIGGER timed_out_workers_iu INSTEAD OF UPDATE ON timed_out_workers;
CREATE TRIGGER worker_tag_membership_ad AFTER DELETE ON worker_tag_membership;
CREATE TRIGGER worker_tag_membership_ai AFTER INSERT ON worker_tag_membership;
CREATE TRIGGER worker_tag_membership_ai_rowid AFTER INSERT ON worker_tag_membership;
CREATE TRIGGER worker_tag_membership_au AFTER UPDATE ON worker_tag_membership;
CREATE TRIGGER worker_tag_membership_bi BEFORE INSERT ON worker_tag_membership;
CREATE TRIGGER worker_tag_membership_bu BEFORE UPDATE ON worker_tag_membership;
CREATE TRIGGER worker_tags_ai AFTER INSERT ON worker_tags;
CREATE TRIGGER worker_tags_au_stamp AFTER UPDATE OF created_at, uuid, name, description ON worker_tags;
CREATE TRIGGER worker_tags_bd BEFORE DELETE ON worker_tags;
CREATE TRIGGER worker_tags_bi BEFORE INSERT ON worker_tags;
CREATE TRIGGER worker_tags_bu_id BEFORE UPDATE OF id, rowid, oid, _rowid_ ON worker_tags;
CREATE TRIGGER worker_tags_bu_keys BEFORE UPDATE OF uuid, name ON worker_tags;
CREATE TRIGGER workers_ai AFTER INSERT ON workers;
CREATE TRIGGER workers_au_stamp AFTER UPDATE OF created_at, uuid, secret, name, address, platform, software, status, last_seen_at, status_requested, lazy_status_request, supported_task_types, can_restart ON workers;
CREATE TRIGGER workers_au_status AFTER UPDATE OF status, status_requested, lazy_status_request, deleted_at ON workers;
CREATE TRIGGER workers_au_types AFTER UPDATE OF supported_task_types ON workers;
CREATE TRIGGER workers_bd BEFORE DELETE ON workers;
CREATE TRIGGER workers_bi BEFORE INSERT ON workers;
CREATE TRIGGER workers_bu_id BEFORE UPDATE OF id, rowid, oid, _rowid_ ON workers;
CREATE TRIGGER workers_bu_own BEFORE UPDATE OF tablao_rev ON workers;
CREATE TRIGGER workers_bu_status BEFORE UPDATE OF status ON workers;
CREATE TRIGGER workers_bu_status_requested BEFORE UPDATE OF status_requested ON workers;
CREATE TRIGGER workers_bu_types BEFORE UPDATE OF supported_task_types ON workers;
CREATE TRIGGER workers_bu_uuid BEFORE UPDATE OF uuid ON workers;
