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
CREATE TABLE farm_settings (
  name text NOT NULL PRIMARY KEY,
  value numeric
) WITHOUT ROWID;
CREATE TABLE job_blocks (
  id integer NOT NULL PRIMARY KEY,
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  job_id integer NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  worker_id integer NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  task_type text NOT NULL,
  UNIQUE (job_id, worker_id, task_type)
);
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
CREATE TABLE last_rendereds (
  id integer NOT NULL PRIMARY KEY,
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  updated_at datetime DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  job_id integer NOT NULL REFERENCES jobs (id) ON DELETE CASCADE
);
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
CREATE TABLE tablao_acting (
  job_id integer NOT NULL PRIMARY KEY,
  num_swept integer DEFAULT 0,
  num_tasks integer DEFAULT 0,
  booked text
);
CREATE TABLE tablao_attempt_sums (
  worker_id integer NOT NULL,
  outcome text NOT NULL,
  num_attempts integer,
  busy_ms integer,
  last_ended_at datetime,
  PRIMARY KEY (worker_id, outcome)
) WITHOUT ROWID;
CREATE TABLE tablao_authored_dependencies (
  number,
  dependency_uuid,
  dependency_number
);
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
CREATE TABLE tablao_deleted_events (
  key integer NOT NULL PRIMARY KEY,
  last_id integer
);
CREATE TABLE tablao_job_rules (
  n integer PRIMARY KEY,
  statuses text NOT NULL,
  has_more integer NOT NULL,
  done text NOT NULL,
  next_status text,
  activity text
);
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
CREATE TABLE tablao_migrations (
  version integer NOT NULL PRIMARY KEY,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at datetime NOT NULL
);
CREATE TABLE tablao_objects (
  name text NOT NULL PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE tablao_pending (
  task_id integer,
  job_id integer,
  status text
);
CREATE TABLE tablao_replaced (
  table_name text NOT NULL PRIMARY KEY,
  key text
) WITHOUT ROWID;
CREATE TABLE tablao_scratch (
  key integer NOT NULL PRIMARY KEY,
  is_replacing integer NOT NULL DEFAULT 0
);
CREATE TABLE tablao_setting_defaults (
  name text NOT NULL PRIMARY KEY,
  value numeric,
  minimum integer,
  maximum integer
) WITHOUT ROWID;
CREATE TABLE tablao_skips (
  lane_id integer NOT NULL,
  worker_id integer NOT NULL,
  from_index integer NOT NULL,
  PRIMARY KEY (lane_id, worker_id)
) WITHOUT ROWID;
CREATE TABLE tablao_storing (
  job_id integer NOT NULL PRIMARY KEY,
  last_index integer
);
CREATE TABLE tablao_sweep_rules (
  job_status text NOT NULL,
  old_status text NOT NULL,
  from_status text NOT NULL,
  to_status text NOT NULL,
  activity text NOT NULL DEFAULT '',
  mark text NOT NULL DEFAULT '',
  PRIMARY KEY (job_status, old_status, from_status)
) WITHOUT ROWID;
CREATE TABLE tablao_task_rules (
  task_status text NOT NULL,
  n integer NOT NULL,
  farm text NOT NULL,
  next_status text,
  PRIMARY KEY (task_status, n)
) WITHOUT ROWID;
CREATE TABLE tablao_worker_types (
  worker_id integer NOT NULL,
  task_type text NOT NULL,
  worker_tag_id integer NOT NULL,
  PRIMARY KEY (worker_id, task_type, worker_tag_id)
) WITHOUT ROWID;
CREATE TABLE tablao_written_times (
  n integer NOT NULL PRIMARY KEY,
  value text
);
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
CREATE TABLE task_dependencies (
  task_id integer NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  dependency_id integer NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  PRIMARY KEY (task_id, dependency_id)
);
CREATE TABLE task_failures (
  created_at datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00')),
  task_id integer NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  worker_id integer NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  tablao_job_id integer NOT NULL DEFAULT 0,
  PRIMARY KEY (task_id, worker_id)
);
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
CREATE TABLE worker_tag_membership (
  worker_tag_id integer NOT NULL REFERENCES worker_tags (id) ON DELETE CASCADE,
  worker_id integer NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  PRIMARY KEY (worker_tag_id, worker_id)
);
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
CREATE INDEX tablao_archived_jobs_uuid_idx ON archived_jobs (uuid);
CREATE INDEX tablao_attempts_task_idx ON task_attempts (task_id);
CREATE INDEX tablao_attempts_worker_idx ON task_attempts (worker_id);
CREATE INDEX tablao_authored_tasks_uuid_idx ON tablao_authored_tasks (uuid);
CREATE INDEX tablao_job_blocks_worker_idx ON job_blocks (worker_id);
CREATE INDEX tablao_jobs_delete_requested_idx ON jobs (delete_requested_at)
WHERE delete_requested_at IS NOT NULL;
CREATE INDEX tablao_jobs_status_idx ON jobs (status);
CREATE INDEX tablao_jobs_unsettled_idx ON jobs (id)
WHERE status <> tablao_status;
CREATE INDEX tablao_jobs_worker_tag_idx ON jobs (worker_tag_id)
WHERE worker_tag_id IS NOT NULL;
CREATE INDEX tablao_lanes_claim_idx
ON tablao_lanes (
  task_type, worker_tag_id, job_priority DESC, task_priority DESC, job_id
)
WHERE has_ready > is_closed;
CREATE INDEX tablao_last_rendereds_job_idx ON last_rendereds (job_id);
CREATE INDEX tablao_pending_task_idx ON tablao_pending (task_id);
CREATE INDEX tablao_sleep_schedules_due_idx
ON sleep_schedules (coalesce(substr(next_check, 1, 23), ''))
WHERE is_active;
CREATE INDEX tablao_task_dependencies_dependency_idx
ON task_dependencies (dependency_id);
CREATE INDEX tablao_task_failures_worker_idx
ON task_failures (worker_id, tablao_job_id);
CREATE INDEX tablao_tasks_active_idx ON tasks (status, worker_id)
WHERE status = 'active';
CREATE INDEX tablao_tasks_ready_idx ON tasks (tablao_lane, index_in_job)
WHERE status > 'paused' AND NOT tablao_open_deps;
CREATE INDEX tablao_tasks_worker_idx ON tasks (worker_id, updated_at)
WHERE worker_id IS NOT NULL;
CREATE INDEX tablao_worker_tag_membership_worker_idx
ON worker_tag_membership (worker_id);
CREATE UNIQUE INDEX tablao_worker_types_type_idx
ON tablao_worker_types (task_type, worker_tag_id, worker_id);
CREATE INDEX tablao_workers_status_idx ON workers (status) WHERE deleted_at IS NULL;
CREATE VIEW authored_jobs (uuid, document);
CREATE VIEW farm_clock (now);
CREATE VIEW farm_problems (kind, object, message);
CREATE VIEW farm_status (status);
CREATE VIEW farm_ticks (timed_out_tasks, timed_out_workers, sleep_schedules, stuck_jobs);
CREATE VIEW farm_timeline (task_uuid, task_name, job_uuid, job_name, worker_uuid, worker_name, started_at, ended_at, seconds, outcome, activity, started_unix, ended_unix, task_type);
CREATE VIEW job_blocklist (job_uuid, worker_uuid, worker_name, task_type);
CREATE VIEW job_status_counts (status, num_jobs);
CREATE VIEW job_storage_infos (job_uuid, shaman_checkout_id);
CREATE VIEW job_summaries (job_uuid, name, job_type, priority, status, activity, num_tasks, num_queued, num_active, num_completed, num_failed, num_canceled, num_soft_failed, num_paused, steps_completed, steps_total, job_id, created_at, updated_at, delete_requested_at);
CREATE VIEW job_task_counts (job_id, status, num_tasks);
CREATE VIEW job_times (job_uuid, name, status, num_attempts, num_failed_attempts, first_started_at, last_ended_at, busy_seconds, seconds_left, expected_end_at);
CREATE VIEW jobs_to_delete (job_uuid, delete_requested_at, job_id);
CREATE VIEW last_rendered (job_uuid, updated_at);
CREATE VIEW runnable_tasks (worker_id, worker_uuid, task_id, task_uuid, job_id, job_uuid, job_priority, task_priority, task_type, index_in_job, task_name, worker_name);
CREATE VIEW sleep_schedules_due (worker_uuid, worker_name, next_check);
CREATE VIEW stuck_jobs (job_uuid, status);
CREATE VIEW tablao_act (job_id, status, says, next_status, now);
CREATE VIEW tablao_apply_schedules (worker_id, status, next_check);
CREATE VIEW tablao_assert_json (value, rule);
CREATE VIEW tablao_attempt (task_id, worker_id);
CREATE VIEW tablao_authoring_problems (problem, offender);
CREATE VIEW tablao_blocks (job_id, worker_id, task_type);
CREATE VIEW tablao_claim (worker_id, now);
CREATE VIEW tablao_count (job_id, from_status, to_status, n);
CREATE VIEW tablao_current_tasks (worker_id, worker_uuid, task_id);
CREATE VIEW tablao_events (kind, uuid, name, job_uuid, old_status, new_status, activity);
CREATE VIEW tablao_finish_job (job_id, step);
CREATE VIEW tablao_finish_task (task_id, rev);
CREATE VIEW tablao_hand_out (task_id, worker_id, now);
CREATE VIEW tablao_job_counts (job_id, num_tasks, num_queued, num_active, num_completed, num_failed, num_canceled, num_soft_failed, num_paused, steps_completed, steps_total);
CREATE VIEW tablao_job_lanes (job_id, is_closed, worker_tag_id, job_priority, pool_status);
CREATE VIEW tablao_judge_failure (now, task_id, worker_id, job_id, type, task_type, label, num_failures, max_failures, is_blocked, is_left, activity);
CREATE VIEW tablao_last_tasks (worker_id, task_id);
CREATE VIEW tablao_link (task_id, dependency_id, job_id, other_id);
CREATE VIEW tablao_move_job (job_id, task_id, status);
CREATE VIEW tablao_new_lanes (job_id, task_type, task_priority, n, from_lane);
CREATE VIEW tablao_note_replaced (table_name, key, taken);
CREATE VIEW tablao_offers (worker_id, task_type, worker_tag_id, lane_id, job_id, job_priority, task_priority, index_in_job, task_id);
CREATE VIEW tablao_place_task (task_id, from_lane);
CREATE VIEW tablao_ready_tasks (task_id, lane_id, index_in_job);
CREATE VIEW tablao_recount_job (job_id);
CREATE VIEW tablao_report (task_id, worker_id, status, activity, steps_completed, now, is_verdict);
CREATE VIEW tablao_return_tasks (worker_id, reason);
CREATE VIEW tablao_row_problems (kind, object, message);
CREATE VIEW tablao_settle (job_id, activity);
CREATE VIEW tablao_skeletons (kind, id, text);
CREATE VIEW tablao_state_problems (kind, object, message);
CREATE VIEW tablao_store (job_id);
CREATE VIEW tablao_store_tasks (job_id, now, first_index, num_tasks, steps_total);
CREATE VIEW tablao_sums (job_id, n);
CREATE VIEW tablao_sweep (job_id, from_status, to_status, activity, mark, now);
CREATE VIEW tablao_time_limits (name, before);
CREATE VIEW tablao_time_out (task_uuid, worker_uuid, worker_name);
CREATE VIEW tablao_timed_attempts (id, task_id, worker_id, worker_name, started_at, ended_at, outcome, activity, until, ms);
CREATE VIEW tablao_times (n, value);
CREATE VIEW tablao_true_counts (job_id, num_tasks, num_queued, num_active, num_completed, num_failed, num_canceled, num_soft_failed, num_paused, steps_completed, steps_total);
CREATE VIEW tablao_unpack (document, job_uuid);
CREATE VIEW tablao_unpack_part (number, uuid, kind, members, fault, document);
CREATE VIEW tablao_wait (task_id, waits_for);
CREATE VIEW tablao_worker_supports (worker_id, task_type);
CREATE VIEW tablao_worker_type_pairs (worker_id, task_type, worker_tag_id);
CREATE VIEW task_attempt_list (task_uuid, task_name, job_uuid, job_name, worker_uuid, worker_name, started_at, ended_at, seconds, outcome, activity);
CREATE VIEW task_claims (worker_uuid, task_uuid, job_uuid, job_status, last_touched_at, worker_name, task_name, task_type);
CREATE VIEW task_details (id, created_at, updated_at, uuid, name, type, job_id, index_in_job, priority, status, worker_id, last_touched_at, commands, activity, steps_completed, steps_total, job_uuid, worker_uuid, worker_name);
CREATE VIEW task_failure_list (task_uuid, worker_uuid, worker_name, created_at);
CREATE VIEW task_updates (task_uuid, worker_uuid, status, activity, steps_completed, job_uuid, steps_total, last_touched_at);
CREATE VIEW timed_out_tasks (task_uuid, task_name, job_uuid, worker_uuid, worker_name, last_touched_at, status, activity);
CREATE VIEW timed_out_workers (worker_uuid, worker_name, last_seen_at, status);
CREATE VIEW waiting_jobs (job_uuid, name, status, reason, num_tasks, detail);
CREATE VIEW waiting_tasks (task_uuid, task_name, task_type, job_uuid, job_name, reason, detail);
CREATE VIEW worker_next_statuses (worker_uuid, status);
CREATE VIEW worker_sleep_statuses (worker_uuid, scheduled_status, next_check, worker_id);
CREATE VIEW worker_statistics (worker_uuid, worker_name, num_completed, num_failed, busy_seconds, mean_seconds, last_ended_at);
CREATE VIEW worker_status_counts (status, num_workers);
CREATE VIEW worker_summaries (worker_uuid, name, status, status_requested, last_seen_at, task_uuid, lazy_status_request, address, platform, software, supported_task_types, can_restart, task_name, task_status, job_uuid, job_name);
CREATE VIEW worker_tasks (worker_uuid, task_uuid, job_uuid, is_active, worker_name, task_name, task_status, job_name);
CREATE VIEW workers_left_to_run (job_id, task_type, worker_uuid, worker_id);
CREATE TRIGGER tablao_act_insert INSTEAD OF INSERT ON tablao_act;
CREATE TRIGGER tablao_apply_schedules_insert INSTEAD OF INSERT ON tablao_apply_schedules;
CREATE TRIGGER tablao_assert_json_insert INSTEAD OF INSERT ON tablao_assert_json;
CREATE TRIGGER tablao_attempt_insert INSTEAD OF INSERT ON tablao_attempt;
CREATE TRIGGER tablao_attempts_count AFTER UPDATE OF ended_at ON task_attempts;
CREATE TRIGGER tablao_attempts_delete AFTER DELETE ON task_attempts;
CREATE TRIGGER tablao_attempts_insert AFTER INSERT ON task_attempts;
CREATE TRIGGER tablao_attempts_update AFTER UPDATE OF task_id, worker_id ON task_attempts;
CREATE TRIGGER tablao_authored_jobs_insert INSTEAD OF INSERT ON authored_jobs;
CREATE TRIGGER tablao_blocks_before_insert BEFORE INSERT ON job_blocks;
CREATE TRIGGER tablao_blocks_insert AFTER INSERT ON job_blocks;
CREATE TRIGGER tablao_blocks_update AFTER UPDATE ON job_blocks;
CREATE TRIGGER tablao_claim_insert INSTEAD OF INSERT ON tablao_claim;
CREATE TRIGGER tablao_claims_insert INSTEAD OF INSERT ON task_claims;
CREATE TRIGGER tablao_count_insert INSTEAD OF INSERT ON tablao_count;
CREATE TRIGGER tablao_dependencies_before_insert BEFORE INSERT ON task_dependencies;
CREATE TRIGGER tablao_dependencies_before_update BEFORE UPDATE ON task_dependencies;
CREATE TRIGGER tablao_dependencies_delete AFTER DELETE ON task_dependencies;
CREATE TRIGGER tablao_dependencies_insert AFTER INSERT ON task_dependencies;
CREATE TRIGGER tablao_dependencies_update AFTER UPDATE ON task_dependencies;
CREATE TRIGGER tablao_events_delete AFTER DELETE ON farm_events;
CREATE TRIGGER tablao_events_insert INSTEAD OF INSERT ON tablao_events;
CREATE TRIGGER tablao_events_prune AFTER INSERT ON farm_events;
CREATE TRIGGER tablao_failures_before_insert BEFORE INSERT ON task_failures;
CREATE TRIGGER tablao_failures_delete AFTER DELETE ON task_failures;
CREATE TRIGGER tablao_failures_insert AFTER INSERT ON task_failures;
CREATE TRIGGER tablao_failures_move AFTER UPDATE OF task_id, worker_id ON task_failures;
CREATE TRIGGER tablao_failures_update AFTER UPDATE ON task_failures;
CREATE TRIGGER tablao_finish_job_insert INSTEAD OF INSERT ON tablao_finish_job;
CREATE TRIGGER tablao_finish_task_insert INSTEAD OF INSERT ON tablao_finish_task;
CREATE TRIGGER tablao_hand_out_insert INSTEAD OF INSERT ON tablao_hand_out;
CREATE TRIGGER tablao_jobs_before_delete_archive BEFORE DELETE ON jobs;
CREATE TRIGGER tablao_jobs_before_insert BEFORE INSERT ON jobs;
CREATE TRIGGER tablao_jobs_before_uuid BEFORE UPDATE OF uuid ON jobs;
CREATE TRIGGER tablao_jobs_delete AFTER DELETE ON jobs;
CREATE TRIGGER tablao_jobs_insert AFTER INSERT ON jobs;
CREATE TRIGGER tablao_jobs_update AFTER UPDATE OF id, rowid, oid, _rowid_, created_at, updated_at, uuid, name, job_type, priority, status, activity, settings, metadata, delete_requested_at, worker_tag_id, steps_completed, steps_total ON jobs;
CREATE TRIGGER tablao_jobs_update_names AFTER UPDATE OF id, rowid, oid, _rowid_, uuid, name, job_type, priority, worker_tag_id ON jobs;
CREATE TRIGGER tablao_jobs_update_own AFTER UPDATE OF status, tablao_status ON jobs;
CREATE TRIGGER tablao_jobs_update_status AFTER UPDATE OF status ON jobs;
CREATE TRIGGER tablao_jobs_update_values AFTER UPDATE OF created_at, delete_requested_at, settings, metadata ON jobs;
CREATE TRIGGER tablao_jobs_write_count_lanes AFTER UPDATE OF priority, status, delete_requested_at, worker_tag_id ON jobs;
CREATE TRIGGER tablao_jobs_write_insert_event AFTER INSERT ON jobs;
CREATE TRIGGER tablao_jobs_write_status_event AFTER UPDATE OF status ON jobs;
CREATE TRIGGER tablao_judge_failure_insert INSTEAD OF INSERT ON tablao_judge_failure;
CREATE TRIGGER tablao_last_rendered_insert AFTER INSERT ON last_rendereds;
CREATE TRIGGER tablao_last_rendered_update AFTER UPDATE ON last_rendereds;
CREATE TRIGGER tablao_link_insert INSTEAD OF INSERT ON tablao_link;
CREATE TRIGGER tablao_membership_before_insert BEFORE INSERT ON worker_tag_membership;
CREATE TRIGGER tablao_membership_delete AFTER DELETE ON worker_tag_membership;
CREATE TRIGGER tablao_membership_insert AFTER INSERT ON worker_tag_membership;
CREATE TRIGGER tablao_membership_update AFTER UPDATE ON worker_tag_membership;
CREATE TRIGGER tablao_move_job_insert INSTEAD OF INSERT ON tablao_move_job;
CREATE TRIGGER tablao_new_lanes_insert INSTEAD OF INSERT ON tablao_new_lanes;
CREATE TRIGGER tablao_note_replaced_insert INSTEAD OF INSERT ON tablao_note_replaced;
CREATE TRIGGER tablao_place_task_insert INSTEAD OF INSERT ON tablao_place_task;
CREATE TRIGGER tablao_problems_delete INSTEAD OF DELETE ON farm_problems;
CREATE TRIGGER tablao_recount_job_insert INSTEAD OF INSERT ON tablao_recount_job;
CREATE TRIGGER tablao_report_insert INSTEAD OF INSERT ON tablao_report;
CREATE TRIGGER tablao_report_insert_failure INSTEAD OF INSERT ON tablao_report;
CREATE TRIGGER tablao_return_tasks_insert INSTEAD OF INSERT ON tablao_return_tasks;
CREATE TRIGGER tablao_schedules_before_insert BEFORE INSERT ON sleep_schedules;
CREATE TRIGGER tablao_schedules_insert AFTER INSERT ON sleep_schedules;
CREATE TRIGGER tablao_schedules_update AFTER UPDATE OF id, rowid, oid, _rowid_, created_at, updated_at, worker_id, is_active, days_of_week, start_time, end_time ON sleep_schedules;
CREATE TRIGGER tablao_schedules_update_check AFTER UPDATE OF next_check ON sleep_schedules;
CREATE TRIGGER tablao_settings_delete AFTER DELETE ON farm_settings;
CREATE TRIGGER tablao_settings_insert AFTER INSERT ON farm_settings;
CREATE TRIGGER tablao_settings_update AFTER UPDATE OF name, value ON farm_settings;
CREATE TRIGGER tablao_settle_insert INSTEAD OF INSERT ON tablao_settle;
CREATE TRIGGER tablao_store_insert INSTEAD OF INSERT ON tablao_store;
CREATE TRIGGER tablao_store_tasks_insert INSTEAD OF INSERT ON tablao_store_tasks;
CREATE TRIGGER tablao_sums_insert INSTEAD OF INSERT ON tablao_sums;
CREATE TRIGGER tablao_sweep_insert INSTEAD OF INSERT ON tablao_sweep;
CREATE TRIGGER tablao_tags_before_insert BEFORE INSERT ON worker_tags;
CREATE TRIGGER tablao_tags_before_keys BEFORE UPDATE OF uuid, name ON worker_tags;
CREATE TRIGGER tablao_tags_delete AFTER DELETE ON worker_tags;
CREATE TRIGGER tablao_tags_insert AFTER INSERT ON worker_tags;
CREATE TRIGGER tablao_tags_update AFTER UPDATE ON worker_tags;
CREATE TRIGGER tablao_tasks_before_delete BEFORE DELETE ON tasks;
CREATE TRIGGER tablao_tasks_before_insert BEFORE INSERT ON tasks;
CREATE TRIGGER tablao_tasks_before_keys BEFORE UPDATE OF uuid, index_in_job ON tasks;
CREATE TRIGGER tablao_tasks_delete AFTER DELETE ON tasks;
CREATE TRIGGER tablao_tasks_insert AFTER INSERT ON tasks;
CREATE TRIGGER tablao_tasks_move_job AFTER UPDATE OF status ON tasks;
CREATE TRIGGER tablao_tasks_update AFTER UPDATE OF id, rowid, oid, _rowid_, created_at, updated_at, uuid, name, type, job_id, index_in_job, priority, status, worker_id, last_touched_at, commands, activity, steps_completed, steps_total ON tasks;
CREATE TRIGGER tablao_tasks_update_done AFTER UPDATE OF status ON tasks;
CREATE TRIGGER tablao_tasks_update_keys AFTER UPDATE OF id, rowid, oid, _rowid_, uuid, name, type, job_id, index_in_job, priority ON tasks;
CREATE TRIGGER tablao_tasks_update_lane AFTER UPDATE OF type, priority ON tasks;
CREATE TRIGGER tablao_tasks_update_own AFTER UPDATE OF status, tablao_swept, tablao_open_deps, tablao_lane ON tasks;
CREATE TRIGGER tablao_tasks_update_steps AFTER UPDATE OF steps_completed, steps_total ON tasks;
CREATE TRIGGER tablao_tasks_update_touched AFTER UPDATE OF last_touched_at ON tasks;
CREATE TRIGGER tablao_tasks_update_values AFTER UPDATE OF created_at, commands ON tasks;
CREATE TRIGGER tablao_tasks_update_worker AFTER UPDATE OF worker_id ON tasks;
CREATE TRIGGER tablao_tasks_write_attempt AFTER UPDATE OF status, worker_id ON tasks;
CREATE TRIGGER tablao_tasks_write_count_delete AFTER DELETE ON tasks;
CREATE TRIGGER tablao_tasks_write_count_insert AFTER INSERT ON tasks;
CREATE TRIGGER tablao_tasks_write_count_ready AFTER UPDATE OF status, index_in_job, tablao_open_deps, tablao_lane ON tasks;
CREATE TRIGGER tablao_tasks_write_count_status AFTER UPDATE OF status ON tasks;
CREATE TRIGGER tablao_tasks_write_count_steps AFTER UPDATE OF steps_completed, steps_total ON tasks;
CREATE TRIGGER tablao_ticks_insert INSTEAD OF INSERT ON farm_ticks;
CREATE TRIGGER tablao_time_out_insert INSTEAD OF INSERT ON tablao_time_out;
CREATE TRIGGER tablao_timed_out_tasks_update INSTEAD OF UPDATE ON timed_out_tasks;
CREATE TRIGGER tablao_timed_out_workers_update INSTEAD OF UPDATE ON timed_out_workers;
CREATE TRIGGER tablao_times_insert INSTEAD OF INSERT ON tablao_times;
CREATE TRIGGER tablao_unpack_insert INSTEAD OF INSERT ON tablao_unpack;
CREATE TRIGGER tablao_unpack_part_insert INSTEAD OF INSERT ON tablao_unpack_part;
CREATE TRIGGER tablao_updates_insert INSTEAD OF INSERT ON task_updates;
CREATE TRIGGER tablao_wait_insert INSTEAD OF INSERT ON tablao_wait;
CREATE TRIGGER tablao_workers_before_insert BEFORE INSERT ON workers;
CREATE TRIGGER tablao_workers_before_uuid BEFORE UPDATE OF uuid ON workers;
CREATE TRIGGER tablao_workers_delete BEFORE DELETE ON workers;
CREATE TRIGGER tablao_workers_delete_history AFTER DELETE ON workers;
CREATE TRIGGER tablao_workers_insert AFTER INSERT ON workers;
CREATE TRIGGER tablao_workers_insert_deleted BEFORE INSERT ON workers;
CREATE TRIGGER tablao_workers_update AFTER UPDATE OF id, rowid, oid, _rowid_, created_at, updated_at, uuid, secret, name, address, platform, software, status, last_seen_at, status_requested, lazy_status_request, supported_task_types, can_restart ON workers;
CREATE TRIGGER tablao_workers_update_deleted AFTER UPDATE OF deleted_at ON workers;
CREATE TRIGGER tablao_workers_update_request AFTER UPDATE OF status, status_requested, lazy_status_request, can_restart ON workers;
CREATE TRIGGER tablao_workers_update_status AFTER UPDATE OF status, deleted_at ON workers;
CREATE TRIGGER tablao_workers_update_times AFTER UPDATE OF created_at, last_seen_at ON workers;
CREATE TRIGGER tablao_workers_update_types AFTER UPDATE OF id, rowid, oid, _rowid_, uuid, name, supported_task_types ON workers;
CREATE TRIGGER tablao_workers_write_insert_event AFTER INSERT ON workers;
CREATE TRIGGER tablao_workers_write_status_event AFTER UPDATE OF status, deleted_at ON workers;
