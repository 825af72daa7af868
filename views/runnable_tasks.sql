-- Which worker may run which task: one row per pair that docs/rules.md allows,
-- "Who gets what", whatever the worker is doing just now. A worker gets
-- its tasks ORDER BY job_priority DESC, task_priority DESC, job_id,
-- index_in_job.
-- @own
CREATE VIEW runnable_tasks (
  worker_id, worker_uuid, task_id, task_uuid, job_id, job_uuid, job_priority,
  task_priority, task_type, index_in_job, task_name, worker_name
) AS
SELECT
  w.id, w.uuid, t.id, t.uuid, j.id, j.uuid, j.priority, t.priority, t.type,
  t.index_in_job, t.name, w.name
FROM workers w
CROSS JOIN tablao_offers o ON o.worker_id = w.id
CROSS JOIN tasks t ON t.id = o.task_id
CROSS JOIN jobs j ON j.id = t.job_id
WHERE w.deleted_at IS NULL;
