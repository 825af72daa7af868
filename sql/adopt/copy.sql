-- Taking over: copies rows from Flamenco's tables, which are named tablao_old_* by
-- now, into those of an own farm. Its triggers are there, except those that keep the
-- history. So the rules bring times and JSON to their stored form, count, place and
-- refuse. In each statement the columns that name a row come first. Values that
-- Flamenco may have left out become those that mean the same.
--
-- ext/adopt_vtab.c takes these statements apart, to try each row on the rules of the
-- model.

INSERT INTO main.worker_tags (
  id, created_at, updated_at, uuid, name, description
)
SELECT
  id, created_at, coalesce(nullif(updated_at, ''), created_at), uuid, name,
  coalesce(description, '')
FROM main.tablao_old_worker_tags;

INSERT INTO main.workers (
  id, created_at, updated_at, uuid, secret, name, address, platform, software,
  status, last_seen_at, status_requested, lazy_status_request,
  supported_task_types, deleted_at, can_restart
)
SELECT
  id, created_at, coalesce(nullif(updated_at, ''), created_at), uuid,
  coalesce(secret, ''), name, coalesce(address, ''), coalesce(platform, ''),
  coalesce(software, ''), status, nullif(last_seen_at, ''),
  coalesce(status_requested, ''), coalesce(lazy_status_request, 0),
  coalesce(supported_task_types, ''), nullif(deleted_at, ''),
  coalesce(can_restart, 0)
FROM main.tablao_old_workers;

INSERT INTO main.worker_tag_membership (
  worker_tag_id, worker_id
)
SELECT worker_tag_id, worker_id
FROM main.tablao_old_worker_tag_membership;

INSERT INTO main.jobs (
  id, created_at, updated_at, uuid, name, job_type, priority, status, activity,
  settings, metadata, delete_requested_at, storage_shaman_checkout_id,
  worker_tag_id
)
SELECT
  id, created_at, coalesce(nullif(updated_at, ''), created_at), uuid, name,
  job_type, priority, status, coalesce(activity, ''), settings, metadata,
  nullif(delete_requested_at, ''), coalesce(storage_shaman_checkout_id, ''),
  worker_tag_id
FROM main.tablao_old_jobs;

INSERT INTO main.tasks (
  id, created_at, updated_at, uuid, name, type, job_id, index_in_job, priority,
  status, worker_id, last_touched_at, commands, activity, steps_completed,
  steps_total
)
SELECT
  id, created_at, coalesce(nullif(updated_at, ''), created_at), uuid, name,
  type, job_id, index_in_job, priority, status, worker_id,
  nullif(last_touched_at, ''), commands, coalesce(activity, ''),
  coalesce(steps_completed, 0), coalesce(steps_total, 0)
FROM main.tablao_old_tasks;

-- NOT INDEXED: in the order of the rows, which is that of the dependencies in
-- the job's document, and not in that of the key.
INSERT INTO main.task_dependencies (
  task_id, dependency_id
)
SELECT task_id, dependency_id
FROM main.tablao_old_task_dependencies NOT INDEXED;

INSERT INTO main.task_failures (
  task_id, worker_id, created_at
)
SELECT task_id, worker_id, created_at
FROM main.tablao_old_task_failures;

INSERT INTO main.job_blocks (
  id, created_at, job_id, worker_id, task_type
)
SELECT id, created_at, job_id, worker_id, task_type
FROM main.tablao_old_job_blocks;

INSERT INTO main.last_rendereds (
  id, created_at, updated_at, job_id
)
SELECT
  id, created_at, coalesce(nullif(updated_at, ''), created_at), job_id
FROM main.tablao_old_last_rendereds;

INSERT INTO main.sleep_schedules (
  id, created_at, updated_at, worker_id, is_active, days_of_week, start_time,
  end_time, next_check
)
SELECT
  id, created_at, coalesce(nullif(updated_at, ''), created_at), worker_id,
  coalesce(is_active, 0), coalesce(days_of_week, ''), coalesce(start_time, ''),
  coalesce(end_time, ''), nullif(next_check, '')
FROM main.tablao_old_sleep_schedules;
