-- Fills the new tables of an adopted database from Flamenco's, which are named
-- tablao_old_* by now. The views are there, the triggers are not yet: rows
-- stay as they are, and what is derived is computed for all at once. Values
-- that Flamenco might have left out become those that say the same.

INSERT INTO main.worker_tags (
  id, created_at, updated_at, uuid, name, description
)
SELECT id, created_at, updated_at, uuid, name, coalesce(description, '')
FROM main.tablao_old_worker_tags;

INSERT INTO main.jobs (
  id, created_at, updated_at, uuid, name, job_type, priority, status, activity,
  settings, metadata, delete_requested_at, storage_shaman_checkout_id,
  worker_tag_id, steps_completed, steps_total
)
SELECT
  id, created_at, updated_at, uuid, name, job_type, priority, status,
  coalesce(activity, ''), settings, metadata, delete_requested_at,
  coalesce(storage_shaman_checkout_id, ''), worker_tag_id, 0, 0
FROM main.tablao_old_jobs;

INSERT INTO main.workers (
  id, created_at, updated_at, uuid, secret, name, address, platform, software,
  status, last_seen_at, status_requested, lazy_status_request,
  supported_task_types, deleted_at, can_restart
)
SELECT
  id, created_at, updated_at, uuid, coalesce(secret, ''), name,
  coalesce(address, ''), coalesce(platform, ''), coalesce(software, ''),
  status, last_seen_at, coalesce(status_requested, ''),
  coalesce(lazy_status_request, 0), coalesce(supported_task_types, ''),
  deleted_at, coalesce(can_restart, 0)
FROM main.tablao_old_workers;

-- In the order of the jobs, so that the lanes of a job lie side by side.
INSERT INTO main.tablao_lanes (
  job_id, task_type, task_priority, worker_tag_id, job_priority, is_open
)
SELECT
  t.job_id, t.task_type, t.priority, j.worker_tag_id, j.job_priority, j.is_open
FROM (
  SELECT DISTINCT job_id, lower(trim(type)) AS task_type, priority
  FROM main.tablao_old_tasks
) t
JOIN main.tablao_job_lanes j ON j.job_id = t.job_id
ORDER BY t.job_id, t.task_type, t.priority;

INSERT INTO main.tasks (
  id, created_at, updated_at, uuid, name, type, job_id, index_in_job, priority,
  status, worker_id, last_touched_at, commands, activity, steps_completed,
  steps_total, tablao_lane
)
SELECT
  t.id, t.created_at, t.updated_at, t.uuid, t.name, t.type, t.job_id,
  t.index_in_job, t.priority, t.status, t.worker_id, t.last_touched_at,
  t.commands, coalesce(t.activity, ''),
  max(0, min(coalesce(t.steps_completed, 0), coalesce(t.steps_total, 0))),
  coalesce(t.steps_total, 0),
  (
    SELECT l.id FROM main.tablao_lanes l
    WHERE l.job_id = t.job_id
      AND l.task_type = lower(trim(t.type))
      AND l.task_priority = t.priority
      AND l.failed_by = ''
  )
FROM main.tablao_old_tasks t;

-- NOT INDEXED: in the order of the rows, which is that of the dependencies in
-- the job's document, and not in that of the key.
INSERT INTO main.task_dependencies (task_id, dependency_id)
SELECT task_id, dependency_id FROM main.tablao_old_task_dependencies NOT INDEXED;

INSERT INTO main.task_failures (created_at, task_id, worker_id)
SELECT created_at, task_id, worker_id FROM main.tablao_old_task_failures;

INSERT INTO main.job_blocks (id, created_at, job_id, worker_id, task_type)
SELECT id, created_at, job_id, worker_id, task_type
FROM main.tablao_old_job_blocks;

INSERT INTO main.last_rendereds (id, created_at, updated_at, job_id)
SELECT id, created_at, updated_at, job_id FROM main.tablao_old_last_rendereds;

INSERT INTO main.worker_tag_membership (worker_tag_id, worker_id)
SELECT worker_tag_id, worker_id FROM main.tablao_old_worker_tag_membership;

INSERT INTO main.sleep_schedules (
  id, created_at, updated_at, worker_id, is_active, days_of_week, start_time,
  end_time, next_check
)
SELECT
  id, created_at, updated_at, worker_id, coalesce(is_active, 0),
  coalesce(days_of_week, ''), coalesce(start_time, ''),
  coalesce(end_time, ''), next_check
FROM main.tablao_old_sleep_schedules;

-- What is derived -----------------------------------------------------------

UPDATE main.tasks SET
  tablao_open_deps = (
    SELECT n.open_deps FROM main.tablao_true_open_deps n
    WHERE n.task_id = tasks.id
  )
WHERE id IN (SELECT task_id FROM main.task_dependencies);

-- Tasks that somebody has failed queue in lanes of their own.
INSERT INTO main.tablao_lanes (
  job_id, task_type, task_priority, failed_by, worker_tag_id, job_priority,
  is_open
)
SELECT DISTINCT
  n.job_id, n.task_type, n.task_priority, n.failed_by, j.worker_tag_id,
  j.job_priority, j.is_open
FROM main.tablao_task_lanes n
JOIN main.tablao_job_lanes j ON j.job_id = n.job_id
WHERE n.task_id IN (SELECT task_id FROM main.task_failures);

UPDATE main.tasks SET
  tablao_lane = (
    SELECT l.id
    FROM main.tablao_task_lanes n
    JOIN main.tablao_lanes l
      ON l.job_id = n.job_id
      AND l.task_type = n.task_type
      AND l.task_priority = n.task_priority
      AND l.failed_by = n.failed_by
    WHERE n.task_id = tasks.id
  )
WHERE id IN (SELECT task_id FROM main.task_failures);

UPDATE main.tablao_lanes SET
  has_ready = EXISTS (
    SELECT 1 FROM main.tablao_ready_tasks r WHERE r.lane_id = tablao_lanes.id
  );

INSERT INTO main.tablao_job_counts (
  job_id, num_tasks, num_queued, num_active, num_completed, num_failed,
  num_canceled, num_soft_failed, num_paused
)
SELECT
  job_id, num_tasks, num_queued, num_active, num_completed, num_failed,
  num_canceled, num_soft_failed, num_paused
FROM main.tablao_true_counts;

UPDATE main.jobs SET
  (steps_completed, steps_total) = (
    SELECT n.steps_completed, n.steps_total
    FROM main.tablao_true_counts n WHERE n.job_id = jobs.id
  );

INSERT INTO main.tablao_worker_types (worker_id, task_type, worker_tag_id)
SELECT DISTINCT worker_id, task_type, worker_tag_id
FROM main.tablao_worker_type_pairs;

-- The Manager does what the state machine would do, and reads JSON only where
-- it is a BLOB.
UPDATE main.farm_settings SET value = 'off' WHERE name = 'state_machine';
UPDATE main.farm_settings SET value = 'blob' WHERE name = 'json_storage';
