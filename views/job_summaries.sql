-- One row per job, with the number of its tasks in all and in each status.
CREATE VIEW job_summaries (
  job_uuid, name, job_type, priority, status, activity, num_tasks, num_queued,
  num_active, num_completed, num_failed, num_canceled, num_soft_failed,
  num_paused, steps_completed, steps_total, job_id, created_at, updated_at,
  delete_requested_at
) AS
SELECT
  j.uuid, j.name, j.job_type, j.priority, j.status, j.activity, c.num_tasks,
  c.num_queued, c.num_active, c.num_completed, c.num_failed, c.num_canceled,
  c.num_soft_failed, c.num_paused, j.steps_completed, j.steps_total, j.id,
  j.created_at, j.updated_at, j.delete_requested_at
FROM jobs j
JOIN tablao_job_counts c ON c.job_id = j.id;

-- How many tasks each job has in each status: one row per job and task status, also
-- if no task has it. It reads counters, not tasks. In two halves, since some hosts of
-- SQLite allow no more than five terms.
CREATE VIEW job_task_counts (job_id, status, num_tasks) AS
SELECT job_id, status, num_tasks FROM (
  SELECT job_id, 'active' AS status, num_active AS num_tasks FROM tablao_job_counts
  UNION ALL
  SELECT job_id, 'canceled', num_canceled FROM tablao_job_counts
  UNION ALL
  SELECT job_id, 'completed', num_completed FROM tablao_job_counts
  UNION ALL
  SELECT job_id, 'failed', num_failed FROM tablao_job_counts
)
UNION ALL
SELECT job_id, status, num_tasks FROM (
  SELECT job_id, 'paused' AS status, num_paused AS num_tasks FROM tablao_job_counts
  UNION ALL
  SELECT job_id, 'queued', num_queued FROM tablao_job_counts
  UNION ALL
  SELECT job_id, 'soft-failed', num_soft_failed FROM tablao_job_counts
);

-- How many jobs there are in each status that one of them has: one row per
-- status.
CREATE VIEW job_status_counts (status, num_jobs) AS
SELECT status, count(*) FROM jobs GROUP BY status;

-- Jobs whose deletion was requested, the oldest request first: one row per job.
CREATE VIEW jobs_to_delete (job_uuid, delete_requested_at, job_id) AS
SELECT uuid, delete_requested_at, id
FROM jobs
WHERE delete_requested_at IS NOT NULL
ORDER BY
  delete_requested_at, -- @own
  substr(delete_requested_at, 1, 23), delete_requested_at, -- @observed
  id;

-- Flamenco's JobStorageInfo, which is embedded in jobs: one row per job.
CREATE VIEW job_storage_infos (job_uuid, shaman_checkout_id) AS
SELECT uuid, storage_shaman_checkout_id FROM jobs;

-- The job that rendered last: one row, or none.
CREATE VIEW last_rendered (job_uuid, updated_at) AS
SELECT j.uuid, l.updated_at
FROM last_rendereds l JOIN jobs j ON j.id = l.job_id;

-- Which worker gets no more tasks of which type of which job: one row per row of
-- job_blocks.
CREATE VIEW job_blocklist (job_uuid, worker_uuid, worker_name, task_type) AS
SELECT j.uuid, w.uuid, w.name, b.task_type
FROM job_blocks b
-- OR 1: docs/design.md, "Doors".
JOIN jobs j ON j.id = b.job_id AND (j.name OR b.id OR 1)
JOIN workers w ON w.id = b.worker_id;
